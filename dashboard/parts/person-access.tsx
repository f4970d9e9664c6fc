/** Whether a person comes in at all, and what the keys may do beside opening; and the ways out: blocked, without a seat, removed. */
import { Button, Checkbox, Group, Stack, Switch, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { isGuest, personName, type Person } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { useGroupsOf } from './person-groups.tsx';
import { Section } from './section.tsx';

const path = '/v1.2/sites/{site_id}/users/{id}';

const flags = [
  ['use_pin', 'usePin'],
  ['toggle_easy_office_mode', 'toggleEasy'],
  ['toggle_manual_office_mode', 'toggleManual'],
  ['override_privacy_mode', 'overridePrivacy'],
] as const;
type Flag = (typeof flags)[number][0];

type Props = { readonly person: Person };

export function PersonAccess({ person }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const mayChange = useMay()('manage_users');
  const saving = useAct(
    (change: Partial<Record<Flag, boolean>>) =>
      api.patch(path, { path: { site_id: siteId, id: person.id }, body: change }),
    { touches: ['users'], done: say('saved') },
  );
  return (
    <Section title={say('access')} help={say('seatHelp')}>
      <Stack gap="sm">
        <Seat person={person} />
        {flags.map(([flag, word]) => (
          <Switch
            key={flag}
            label={say(word)}
            checked={saving.isPending ? (saving.variables[flag] ?? person[flag]) : person[flag]}
            disabled={!mayChange}
            onChange={({ currentTarget }) => saving.mutate({ [flag]: currentTarget.checked })}
          />
        ))}
        <ErrorNote error={saving.error} />
      </Stack>
    </Section>
  );
}

function Seat({ person }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const mayChange = useMay()('manage_users');
  const [isAsked, ask] = useDisclosure();
  const name = personName(person);
  const hasSeat = person.subscription_state === 'subscribed';
  const setting = useAct(
    (state: 'subscribed' | 'suspended') =>
      api
        .patch('/v1.2/sites/{site_id}/users/{id}/subscription', {
          path: { site_id: siteId, id: person.id },
          body: { state },
        })
        .then(() => state),
    {
      touches: ['users', 'v1.2'],
      done: (state) => say(state === 'subscribed' ? 'seatGiven' : 'seatTaken', { name }),
    },
  );
  return (
    <>
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {say(hasSeat ? 'hasSeat' : 'suspended')}
        </Text>
        {mayChange ? (
          <Button
            size="xs"
            variant="default"
            loading={setting.isPending}
            onClick={() => {
              setting.reset();
              if (hasSeat) ask.open();
              else setting.mutate('subscribed');
            }}
          >
            {say(hasSeat ? 'suspend' : 'subscribe')}
          </Button>
        ) : null}
      </Group>
      {isAsked ? null : <ErrorNote error={setting.error} />}
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('suspend')}
        effect={say('suspendEffect', { name })}
        act={say('suspend')}
        isDestructive
        isPending={setting.isPending}
        error={setting.error}
        onAct={() => setting.mutate('suspended', { onSuccess: ask.close })}
      />
    </>
  );
}

export function BlockButton({ person }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const [isAsked, ask] = useDisclosure();
  const name = personName(person);
  const setting = useAct(
    (blocked: boolean) =>
      api.patch(path, { path: { site_id: siteId, id: person.id }, body: { blocked } }),
    {
      touches: ['users', 'tags'],
      done: ({ blocked }) => say(blocked ? 'blockDone' : 'unblockDone', { name }),
    },
  );
  return (
    <>
      <Button
        variant="default"
        loading={setting.isPending}
        onClick={() => {
          setting.reset();
          if (person.blocked) setting.mutate(false);
          else ask.open();
        }}
      >
        {say(person.blocked ? 'unblock' : 'block')}
      </Button>
      {isAsked ? null : <ErrorNote error={setting.error} />}
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={`${say('block')}: ${name}`}
        effect={say('blockEffect', { name })}
        act={say('block')}
        isDestructive
        isPending={setting.isPending}
        error={setting.error}
        onAct={() => setting.mutate(true, { onSuccess: ask.close })}
      />
    </>
  );
}

export function RemoveButton({ person }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [isAsked, ask] = useDisclosure();
  const name = personName(person);
  const groups = useOwnGroups(person.id, { isOn: isAsked });
  const [withGroups, setWithGroups] = useState(false);
  // Groups that are still to be removed once the person is gone.
  const [left, setLeft] = useState<readonly string[]>();
  const removing = useAct(
    async () => {
      let rest = left ?? (withGroups ? groups.map(({ id }) => id) : []);
      if (left === undefined) await api.delete(path, { path: { site_id: siteId, id: person.id } });
      setLeft(rest);
      for (const id of rest) {
        await api.delete('/v1.2/sites/{site_id}/access_groups/{access_group_id}', {
          path: { site_id: siteId, access_group_id: id },
        });
        rest = rest.filter((other) => other !== id);
        setLeft(rest);
      }
    },
    {
      touches: ['users', 'tags', 'access_groups', 'v1.2'],
      done: say('removed', { name }),
    },
  );
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        {say('remove')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('removePerson', { name })}
        effect={say('removeEffect', { name })}
        act={say('remove')}
        isDestructive
        isPending={removing.isPending}
        error={removing.error}
        onAct={() =>
          removing.mutate(undefined, {
            onSuccess: () =>
              void navigate({ to: `/sites/${siteId}/${isGuest(person) ? 'guests' : 'people'}` }),
          })
        }
      >
        {groups.length === 0 ? null : (
          <Checkbox
            label={say('removeGroups', {
              groups: groups.map(({ name: group }) => group).join(', '),
            })}
            checked={withGroups}
            disabled={left !== undefined}
            onChange={({ currentTarget }) => setWithGroups(currentTarget.checked)}
          />
        )}
      </Confirm>
    </>
  );
}

/** Groups in which nobody else is. */
function useOwnGroups(personId: string, { isOn }: { readonly isOn: boolean }) {
  const all = useGroupsOf(personId).data?.items ?? [];
  const isOne = all.map(({ id }) => `id eq ${id}`).join(' or ');
  const { data } = useRead('/v1.2/sites/{site_id}/access_groups', {
    query: { $top: 200, $filter: `user_count eq 1 and (${isOne})` },
    isOn: isOn && isOne !== '',
  });
  // The answer for another person stays until the one asked for comes.
  return (data?.items ?? [])
    .filter(({ id }) => all.some((group) => group.id === id))
    .map(({ id, customer_reference: name }) => ({ id, name: name ?? id }));
}

/** Sends the mail of an invitation once more, to those who have not come yet. */
export function InviteAgainButton({ person }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const sending = useAct(
    () => api.patch(`${path}/resend_invite`, { path: { site_id: siteId, id: person.id } }),
    { touches: ['invitations'], done: say('inviteAgainDone') },
  );
  if (person.user.has_profile || person.user.email === null) return null;
  return (
    <>
      <Button variant="default" loading={sending.isPending} onClick={() => sending.mutate()}>
        {say('inviteAgain')}
      </Button>
      <ErrorNote error={sending.error} />
    </>
  );
}
