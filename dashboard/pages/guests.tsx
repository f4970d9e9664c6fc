import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { guestFilter, personName } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import { IfMay } from '../parts/allowed.tsx';
import { InvitePerson } from '../parts/invite-person.tsx';
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
      {isAdding ? <InvitePerson kind="guest" onClose={adding.close} /> : null}
    </PageFrame>
  );
}
