import { Button, NativeSelect, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { noGuestFilter, personFields, personName } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { InvitePerson } from '../parts/invite-person.tsx';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { PersonState, useInvitations } from '../parts/person-state.tsx';
import { useRoleName } from '../parts/role-fields.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { pageWords } from '../words/pages.ts';
import { peopleWords } from '../words/people.ts';

const conditions = {
  all: '',
  blocked: 'blocked eq true',
  suspended: "subscription_state eq 'suspended'",
} as const;

/** Everybody who has a place in the site; guests have a page of their own. */
export function Page() {
  const say = useWords(peopleWords);
  const name = useWords(pageWords);
  const roleName = useRoleName();
  const [shown, setShown] = useState<keyof typeof conditions>('all');
  const [isInviting, inviting] = useDisclosure();
  const state = useListState({
    searchIn: [...personFields, 'user/tag_number'],
    order: 'user/last_name asc',
    kind: noGuestFilter,
    filter: conditions[shown],
  });
  const people = useRead('/v1.2/sites/{site_id}/users', { query: state.query });
  const invitations = useInvitations();
  return (
    <PageFrame
      title={name('people')}
      lead={say('lead')}
      acts={
        <IfMay need="manage_users">
          <Button onClick={inviting.open}>{say('invite')}</Button>
        </IfMay>
      }
    >
      <Seats />
      <ListView
        label={name('people')}
        of={people}
        state={state}
        rowId={({ id }) => id}
        filters={
          <NativeSelect
            aria-label={say('show')}
            value={shown}
            onChange={({ currentTarget: { value } }) => {
              state.setPage(0);
              setShown(value === 'blocked' || value === 'suspended' ? value : 'all');
            }}
            data={[
              { value: 'all', label: say('showAll') },
              { value: 'blocked', label: say('showBlocked') },
              { value: 'suspended', label: say('showSuspended') },
            ]}
          />
        }
        columns={[
          {
            label: say('name'),
            sort: 'user/last_name',
            cell: (person) => <SiteLink to={`people/${person.id}`}>{personName(person)}</SiteLink>,
          },
          { label: say('mail'), sort: 'user/email', cell: ({ user }) => user.email ?? '–' },
          {
            label: say('roles'),
            cell: ({ roles }) =>
              roles.map((role) => roleName(role).replace(/:.*/, '')).join(', ') || '–',
          },
          {
            label: say('state'),
            cell: (person) => (
              <PersonState person={person} invitation={invitations.get(person.user.id)} />
            ),
          },
          { label: say('tag'), cell: ({ user }) => user.tag_number ?? '–' },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
      {isInviting ? <InvitePerson kind="person" onClose={inviting.close} /> : null}
    </PageFrame>
  );
}

/** How many people of the plan have a seat. */
function Seats() {
  const say = useWords(peopleWords);
  const { data: site } = useRead('/v1.2/sites/{id}', { path: { id: useSiteId() } });
  if (site === undefined) return <Text size="sm">&nbsp;</Text>;
  const { active_user_amount: count, subscribed_user_amount: limit } = site;
  return (
    <Text size="sm">
      {limit === null ? say('seats', { count }) : say('seatsOf', { count, limit })}
    </Text>
  );
}
