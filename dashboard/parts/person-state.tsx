/** How somebody stands at the site, in words: blocked, without a seat, invited. */
import { Group } from '@mantine/core';
import type { ItemOf } from '#client/operations';
import type { Person } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import { useMay } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { useWords } from './language.tsx';
import { Tag } from './lock-state.tsx';
import { useNow } from './time.tsx';

type Invitation = ItemOf<'/ext/v1/sites/{site_id}/invitations'>;

/** The latest invitations, by person across sites. */
export function useInvitations(): ReadonlyMap<string, Invitation> {
  const isOn = useMay()('manage_users');
  const { data } = useRead('/ext/v1/sites/{site_id}/invitations', {
    query: { $top: 1000, $orderby: 'created_at desc' },
    isOn,
  });
  return new Map(data?.items.map((invitation) => [invitation.user_id, invitation]));
}

export function PersonState({
  person,
  invitation,
}: {
  readonly person: Person;
  readonly invitation: Invitation | undefined;
}) {
  const say = useWords(peopleWords);
  const now = useNow();
  const isOver = person.expires_at !== null && Date.parse(person.expires_at) <= now.getTime();
  const isActive = !person.blocked && person.subscription_state === 'subscribed' && !isOver;
  return (
    <Group gap={4}>
      {person.blocked ? <Tag color="red">{say('blocked')}</Tag> : null}
      {isOver ? <Tag color="orange">{say('ended')}</Tag> : null}
      {person.subscription_state === 'suspended' && !isOver ? (
        <Tag color="orange">{say('suspended')}</Tag>
      ) : null}
      {isActive ? <Tag color="teal">{say('active')}</Tag> : null}
      {invitation?.state === 'open' ? <Tag color="gray">{say('invited')}</Tag> : null}
      {invitation?.state === 'expired' ? <Tag color="orange">{say('expired')}</Tag> : null}
      {invitation?.state === 'declined' ? <Tag color="orange">{say('declined')}</Tag> : null}
      {person.data_removal_expires_at === null ? null : <Tag color="orange">{say('leaving')}</Tag>}
    </Group>
  );
}
