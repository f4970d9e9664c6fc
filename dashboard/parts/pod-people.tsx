/** Who lives in a pod and who visits it: lists, and the forms that add and change them. */
import {
  Button,
  Card,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { api } from '../data/api.ts';
import { personName } from '../data/people.ts';
import {
  alwaysDraft,
  draftOf,
  guestRuleBody,
  type Pod,
  type PodGuest,
  type PodLock,
  type PodPerson,
} from '../data/pods.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { podWords } from '../words/pods.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { RuleFields, useRuleText } from './pod-rule.tsx';

/** People of a pod change without an event: how often they are asked for. */
export const podPollMs = 15_000;
const touches = ['pods', 'users'];

export function usePodPeople(podId: string) {
  return useRead('/v1.2/sites/{site_id}/pods/{pod_id}/users', {
    path: { pod_id: podId },
    query: { $top: 200 },
    everyMs: podPollMs,
  });
}

/** The hours of one guest, in words. */
export function GuestHours({
  podId,
  guestId,
}: {
  readonly podId: string;
  readonly guestId: string;
}) {
  const say = useWords(podWords);
  const ruleText = useRuleText();
  const { data } = useGuest(podId, guestId);
  if (data === undefined) return <>…</>;
  const { access_rule: rule } = data;
  const doors = rule.locks ?? [];
  const where =
    doors.length === 0
      ? rule.access_rule_type === 'custom'
        ? say('noDoorLeft')
        : say('allDoors')
      : doors.length === 1
        ? say('oneDoor')
        : say('doorCount', { count: doors.length });
  return (
    <>
      {ruleText(draftOf(rule)).join('; ')} · {where}
    </>
  );
}

function useGuest(podId: string, guestId: string) {
  return useRead('/v1.2/sites/{site_id}/pods/{pod_id}/guests/{id}', {
    path: { pod_id: podId, id: guestId },
    everyMs: podPollMs,
  });
}

type Props = { readonly pod: Pod; readonly doors: readonly PodLock[] };

export function PodMembers({ pod }: Pick<Props, 'pod'>) {
  const say = useWords(podWords);
  const [isAdding, setAdding] = useState(false);
  const people = usePodPeople(pod.id);
  return (
    <PeopleCard title={say('members')} act={say('addMember')} onAct={() => setAdding(true)}>
      <Loaded of={people} lines={2}>
        {({ items }) => {
          const members = items.filter((person) => person.pod_user_type === 'member');
          if (members.length === 0) return <Text size="sm">{say('noMembers')}</Text>;
          return members.map((person) => (
            <PersonRow
              key={person.id}
              person={person}
              acts={<RemoveButton pod={pod} person={person} />}
            >
              {person.user.email}
            </PersonRow>
          ));
        }}
      </Loaded>
      {isAdding ? <MemberForm pod={pod} onClose={() => setAdding(false)} /> : null}
    </PeopleCard>
  );
}

export function PodGuests({ pod, doors }: Props) {
  const say = useWords(podWords);
  const [isAdding, setAdding] = useState(false);
  const people = usePodPeople(pod.id);
  const free = pod.max_guest_amount - pod.guest_amount;
  return (
    <PeopleCard
      title={`${say('guests')} · ${placesText(pod, say)}`}
      {...(free > 0 ? { act: say('addGuest') } : {})}
      onAct={() => setAdding(true)}
    >
      <Loaded of={people} lines={2}>
        {({ items }) => {
          const guests = items.filter((person) => person.pod_user_type === 'guest');
          if (guests.length === 0) return <Text size="sm">{say('noGuests')}</Text>;
          return guests.map((person) => (
            <PersonRow
              key={person.id}
              person={person}
              acts={
                <>
                  <ChangeButton pod={pod} doors={doors} person={person} />
                  <RemoveButton pod={pod} person={person} />
                </>
              }
            >
              <GuestHours podId={pod.id} guestId={person.id} />
            </PersonRow>
          ));
        }}
      </Loaded>
      {isAdding ? <GuestForm pod={pod} doors={doors} onClose={() => setAdding(false)} /> : null}
    </PeopleCard>
  );
}

/** `2 of 4 places free`. */
export function placesText(
  { max_guest_amount: count, guest_amount: taken }: Pod,
  say: (key: 'free' | 'full', blanks: Readonly<Record<string, number>>) => string,
): string {
  return taken >= count ? say('full', { count }) : say('free', { free: count - taken, count });
}

function PeopleCard({
  title,
  act,
  onAct,
  children,
}: {
  readonly title: string;
  readonly act?: string;
  readonly onAct: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Card withBorder component="section">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {title}
        </Title>
        {act === undefined ? null : (
          <Button size="xs" variant="default" onClick={onAct}>
            {act}
          </Button>
        )}
      </Group>
      <Stack gap="sm">{children}</Stack>
    </Card>
  );
}

function PersonRow({
  person,
  acts,
  children,
}: {
  readonly person: PodPerson;
  readonly acts: ReactNode;
  readonly children: ReactNode;
}) {
  const say = useWords(podWords);
  const { tag_number: tag } = person.user;
  return (
    <Group justify="space-between" gap="xs" align="flex-start">
      <div style={{ overflowWrap: 'anywhere', flex: '1 1 200px' }}>
        <Text size="sm" fw={500}>
          {personName(person)}
        </Text>
        <Text size="sm" c="dimmed">
          {children}
        </Text>
        {tag === null ? null : (
          <Text size="sm" c="dimmed">
            {say('tagIs', { number: tag })}
          </Text>
        )}
      </div>
      <Group gap="xs">{acts}</Group>
    </Group>
  );
}

type OfPerson = { readonly pod: Pod; readonly person: PodPerson };

function RemoveButton({ pod, person }: OfPerson) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const name = personName(person);
  const path = { site_id: siteId, pod_id: pod.id };
  const removing = useAct(
    () =>
      person.pod_user_type === 'member'
        ? api.patch('/v1.2/sites/{site_id}/pods/{pod_id}/members', {
            path,
            body: { remove_member_ids: [person.id] },
          })
        : api.patch('/v1.2/sites/{site_id}/pods/{pod_id}/guests', {
            path,
            body: { remove_guests_ids: [person.id] },
          }),
    { touches, done: say('removed', { name }) },
  );
  return (
    <ConfirmButton
      size="compact-sm"
      act={say('remove')}
      name={say('removePerson', { name })}
      effect={say('removePersonEffect', { name })}
      isDestructive
      doing={removing}
    />
  );
}

function ChangeButton({ pod, doors, person }: OfPerson & Props) {
  const say = useWords(podWords);
  const [isOpen, setOpen] = useState(false);
  const { data } = useGuest(pod.id, person.id);
  const name = personName(person);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        disabled={data === undefined}
        aria-label={say('changePerson', { name })}
        onClick={() => setOpen(true)}
      >
        {say('change')}
      </Button>
      {isOpen && data !== undefined ? (
        <GuestRuleForm
          pod={pod}
          doors={doors}
          guestId={person.id}
          guest={data}
          name={name}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}

type FormProps = { readonly onClose: () => void };

function GuestRuleForm({
  pod,
  doors,
  guestId,
  guest,
  name,
  onClose,
}: Props &
  FormProps & { readonly guestId: string; readonly guest: PodGuest; readonly name: string }) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const [draft, setDraft] = useState(() => draftOf(guest.access_rule));
  const saving = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/pods/{pod_id}/guests/{id}', {
        path: { site_id: siteId, pod_id: pod.id, id: guestId },
        body: { access_rule: guestRuleBody(draft) },
      }),
    { touches, done: say('guestSaved') },
  );
  return (
    <FormDialog
      title={say('changeGuest', { name })}
      size="lg"
      act={say('changeTimes')}
      onAct={() => saving.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={saving.isPending}
      error={saving.error}
    >
      <RuleFields draft={draft} onChange={setDraft} doors={doors} />
    </FormDialog>
  );
}

const nobody = { first_name: '', last_name: '', email: '' };

function NameFields({
  who,
  onChange,
}: {
  readonly who: typeof nobody;
  readonly onChange: (who: typeof nobody) => void;
}) {
  const say = useWords(podWords);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        <TextInput
          label={say('firstName')}
          required
          withAsterisk={false}
          data-autofocus
          value={who.first_name}
          onChange={({ currentTarget }) => onChange({ ...who, first_name: currentTarget.value })}
        />
        <TextInput
          label={say('lastName')}
          required
          withAsterisk={false}
          value={who.last_name}
          onChange={({ currentTarget }) => onChange({ ...who, last_name: currentTarget.value })}
        />
      </SimpleGrid>
      <TextInput
        type="email"
        label={say('email')}
        value={who.email}
        onChange={({ currentTarget }) => onChange({ ...who, email: currentTarget.value })}
      />
    </>
  );
}

function written({ email, ...names }: typeof nobody) {
  return { ...names, ...(email.trim() === '' ? {} : { email: email.trim() }) };
}

function MemberForm({ pod, onClose }: { readonly pod: Pod } & FormProps) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const [who, setWho] = useState(nobody);
  const [tagId, setTagId] = useState('');
  const tags = useRead('/v1.2/sites/{site_id}/tags', { query: { $top: 200 } });
  const free = tags.data?.items.filter((tag) => tag.site_user === null && !tag.blocked) ?? [];
  const name = `${who.first_name} ${who.last_name}`.trim();
  const adding = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/pods/{pod_id}/members', {
        path: { site_id: siteId, pod_id: pod.id },
        body: { add_members: [{ ...written(who), ...(tagId === '' ? {} : { tag_id: tagId }) }] },
      }),
    { touches: [...touches, 'tags'], done: say('memberAdded', { name }) },
  );
  return (
    <FormDialog
      title={say('addMember')}
      lead={say('memberLead')}
      act={say('addMember')}
      onAct={() => adding.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    >
      <NameFields who={who} onChange={setWho} />
      <NativeSelect
        label={say('tag')}
        value={tagId}
        onChange={({ currentTarget }) => setTagId(currentTarget.value)}
        data={[
          { value: '', label: say('noTag') },
          ...free.map(({ id, tag_number: number }) => ({ value: id, label: number ?? id })),
        ]}
      />
    </FormDialog>
  );
}

function GuestForm({ pod, doors, onClose }: Props & FormProps) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const [who, setWho] = useState(nobody);
  const [draft, setDraft] = useState(alwaysDraft);
  const name = `${who.first_name} ${who.last_name}`.trim();
  const adding = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/pods/{pod_id}/guests', {
        path: { site_id: siteId, pod_id: pod.id },
        body: { add_guests: [{ ...written(who), access_rule: guestRuleBody(draft) }] },
      }),
    { touches, done: say('guestAdded', { name }) },
  );
  return (
    <FormDialog
      title={say('addGuest')}
      size="lg"
      lead={say('guestLead')}
      act={say('addGuest')}
      onAct={() => adding.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    >
      <NameFields who={who} onChange={setWho} />
      <RuleFields draft={draft} onChange={setDraft} doors={doors} />
    </FormDialog>
  );
}
