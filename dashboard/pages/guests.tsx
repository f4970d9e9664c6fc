import { Button, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { guestFilter, personName } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSite, useSiteId } from '../data/site.tsx';
import { instantAt } from '../data/wall-clock.ts';
import { IfMay } from '../parts/allowed.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { PersonState } from '../parts/person-state.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { When } from '../parts/time.tsx';
import { pageWords } from '../words/pages.ts';
import { peopleWords } from '../words/people.ts';

/** Guests of the site; those of pods are at their pods. */
export function Page() {
  const say = useWords(peopleWords);
  const name = useWords(pageWords);
  const [isAdding, adding] = useDisclosure();
  const state = useListState({
    searchIn: ['alias', 'user/first_name', 'user/last_name', 'user/tag_number'],
    order: 'alias asc',
    kind: guestFilter,
  });
  const guests = useRead('/v1.2/sites/{site_id}/users', { query: state.query });
  const add = (
    <IfMay need="manage_users">
      <Button onClick={adding.open}>{say('addGuest')}</Button>
    </IfMay>
  );
  return (
    <PageFrame title={name('guests')} lead={say('guestsLead')} acts={add}>
      <ListView
        label={name('guests')}
        of={guests}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'alias',
            cell: (guest) => <SiteLink to={`people/${guest.id}`}>{personName(guest)}</SiteLink>,
          },
          {
            label: say('until'),
            sort: 'expires_at',
            cell: ({ expires_at: at }) => (at === null ? say('noEnd') : <When at={at} />),
          },
          {
            label: say('state'),
            cell: (guest) => <PersonState person={guest} invitation={undefined} />,
          },
          { label: say('tag'), cell: ({ user }) => user.tag_number ?? '–' },
        ]}
        empty={<Empty title={say('guestsEmpty')}>{say('guestsEmptyHelp')}</Empty>}
      />
      {isAdding ? <AddGuest onClose={adding.close} /> : null}
    </PageFrame>
  );
}

function AddGuest({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const zone = useSite()?.time_zone ?? null;
  const navigate = useNavigate();
  const [alias, setAlias] = useState('');
  const [until, setUntil] = useState('');
  const adding = useAct(
    () =>
      api.post('/v1.2/sites/{site_id}/guests', {
        path: { site_id: siteId },
        body: { alias: alias.trim(), expires_at: until === '' ? null : instantAt(until, zone) },
      }),
    { touches: ['users', 'v1.2'], done: say('added', { name: alias.trim() }) },
  );
  return (
    <FormDialog
      title={say('addGuest')}
      lead={say('guestHelp')}
      act={say('addGuest')}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
      onAct={() =>
        adding.mutate(undefined, {
          onSuccess: ({ id }) => void navigate({ to: `/sites/${siteId}/people/${id}` }),
        })
      }
    >
      <TextInput
        data-autofocus
        required
        label={say('guestName')}
        value={alias}
        onChange={({ currentTarget }) => setAlias(currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label={say('guestUntil')}
        description={say('guestUntilHelp')}
        value={until}
        onChange={({ currentTarget }) => setUntil(currentTarget.value)}
      />
    </FormDialog>
  );
}
