/** Whether a person comes in at all, and what the keys may do beside opening; and the ways out: blocked, without a seat, removed. */
import { Button, Group, Stack, Switch, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../data/api.ts';
import { isGuest, personName, type Person } from '../data/people.ts';
import { useAct } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
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
  const removing = useAct(() => api.delete(path, { path: { site_id: siteId, id: person.id } }), {
    touches: ['users', 'tags', 'access_groups', 'v1.2'],
    done: say('removed', { name }),
  });
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
      />
    </>
  );
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
