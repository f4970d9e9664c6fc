/** Lets somebody in by one form: who, what opens, with what key. A guest, or a person with a role; what follows is told step by step. */
import { Group, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import {
  makePerson,
  stepsOf,
  type Made,
  type Who,
  type Wish,
  type WishedKey,
} from '../data/invitation.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSite, useSiteId } from '../data/site.tsx';
import { inviteWords } from '../words/invite.ts';
import { peopleWords } from '../words/people.ts';
import { FormDialog } from './form-dialog.tsx';
import { InviteAccess, type WishedAccess } from './invite-access.tsx';
import { InviteKey } from './invite-key.tsx';
import { InviteProgress, type Progress } from './invite-progress.tsx';
import { useWords } from './language.tsx';
import { RoleFields } from './role-fields.tsx';

type Guest = Extract<Who, { kind: 'guest' }>;
type Person = Extract<Who, { kind: 'person' }>;
const blanks = {
  guest: { kind: 'guest', alias: '', until: '' },
  person: { kind: 'person', firstName: '', lastName: '', email: '', roleIds: [] },
} as const;
const touches = ['users', 'tags', 'access_groups', 'locks', 'invitations', 'v1.2'];

export function InvitePerson({
  kind,
  onClose,
}: {
  readonly kind: Who['kind'];
  readonly onClose: () => void;
}) {
  const say = useWords(peopleWords);
  const inviting = useWords(inviteWords);
  const siteId = useSiteId();
  const zone = useSite()?.time_zone ?? null;
  const navigate = useNavigate();
  const { data: site } = useRead('/v1.2/sites/{id}', { path: { id: siteId } });
  const [typed, setWho] = useState<Who>(blanks[kind]);
  const [access, setAccess] = useState<WishedAccess>({ groups: [], doors: [], from: '' });
  const [askedKey, setKey] = useState<WishedKey>();
  const who = useUsualRole(typed);
  const key = askedKey ?? usualKey(kind, site?.pin_enabled);
  const wish: Wish = {
    ...access,
    who,
    key: key.kind === 'phone' && who.kind === 'person' ? { ...key, email: who.email } : key,
  };
  const steps = stepsOf(wish, {
    siteId,
    ownGroupName: (name) => inviting('ownGroup', { name }),
  });
  const [progress, setProgress] = useState<Progress>({ done: 0, skipped: [] });
  const waiting = useRef<AbortController>(undefined);
  useEffect(() => () => waiting.current?.abort(), []);
  const going = useAct(
    async ({ skipped, ...from }: Progress) => {
      const { signal } = (waiting.current = new AbortController());
      let made: Made = from.made ?? { person: await makePerson(who, { siteId, zone }) };
      let { done } = from;
      setProgress({ skipped, done, made });
      for (const step of steps.slice(done)) {
        made = await step.act(made, signal);
        done += 1;
        setProgress({ skipped, done, made });
      }
    },
    { touches },
  );
  const { made } = progress;
  if (made !== undefined)
    return (
      <InviteProgress
        wish={wish}
        steps={steps}
        progress={{ ...progress, made }}
        isPending={going.isPending}
        error={going.error}
        onStop={() => waiting.current?.abort()}
        onGoOn={(from) => {
          setProgress(from);
          going.mutate(from);
        }}
        onEnd={() => void navigate({ to: `/sites/${siteId}/people/${made.person.id}` })}
      />
    );
  return (
    <FormDialog
      title={say(kind === 'guest' ? 'addGuest' : 'invite')}
      lead={say(kind === 'guest' ? 'guestHelp' : 'inviteHelp')}
      act={say(kind === 'guest' ? 'addGuest' : 'doInvite')}
      size="lg"
      onClose={onClose}
      isPending={going.isPending}
      error={going.error}
      onAct={() => going.mutate(progress)}
    >
      {who.kind === 'guest' ? (
        <GuestFields who={who} from={access.from} onChange={setWho} />
      ) : (
        <PersonFields who={who} isMailNeeded={key.kind === 'phone'} onChange={setWho} />
      )}
      <InviteAccess
        access={access}
        onChange={(change) => setAccess((before) => ({ ...before, ...change }))}
      />
      <InviteKey
        wished={key}
        onChange={setKey}
        hasKeypads={site?.pin_enabled}
        hasAddress={who.kind === 'person'}
      />
    </FormDialog>
  );
}

/** What a desk gives most often: a guest gets a PIN where there are keypads. */
function usualKey(kind: Who['kind'], hasKeypads: boolean | undefined): WishedKey {
  return { kind: kind === 'guest' && hasKeypads === true ? 'pin' : 'none' };
}

/** Somebody of whom no role was chosen is an ordinary user. */
function useUsualRole(who: Who): Who {
  const isOn = who.kind === 'person';
  const known = useRead('/v1.2/sites/{site_id}/roles', { query: { $top: 200 }, isOn });
  const usual = known.data?.items.find(({ code }) => code === 'site_user');
  if (who.kind === 'guest' || who.roleIds.length > 0 || usual === undefined) return who;
  return { ...who, roleIds: [usual.id] };
}

function GuestFields({
  who,
  from,
  onChange,
}: {
  readonly who: Guest;
  readonly from: string;
  readonly onChange: (who: Guest) => void;
}) {
  const say = useWords(peopleWords);
  return (
    <>
      <TextInput
        data-autofocus
        required
        label={say('guestName')}
        value={who.alias}
        onChange={({ currentTarget }) => onChange({ ...who, alias: currentTarget.value })}
      />
      <TextInput
        type="datetime-local"
        label={say('guestUntil')}
        description={say('guestUntilHelp')}
        {...(from === '' ? {} : { min: from })}
        value={who.until}
        onChange={({ currentTarget }) => onChange({ ...who, until: currentTarget.value })}
      />
    </>
  );
}

function PersonFields({
  who,
  isMailNeeded,
  onChange,
}: {
  readonly who: Person;
  readonly isMailNeeded: boolean;
  readonly onChange: (who: Person) => void;
}) {
  const say = useWords(peopleWords);
  const invite = useWords(inviteWords);
  return (
    <>
      <Group grow align="flex-start">
        <TextInput
          data-autofocus
          required
          label={say('firstName')}
          value={who.firstName}
          onChange={({ currentTarget }) => onChange({ ...who, firstName: currentTarget.value })}
        />
        <TextInput
          required
          label={say('lastName')}
          value={who.lastName}
          onChange={({ currentTarget }) => onChange({ ...who, lastName: currentTarget.value })}
        />
      </Group>
      <TextInput
        type="email"
        required={isMailNeeded}
        label={say('mail')}
        description={isMailNeeded ? invite('phoneHelp') : say('mailHelp')}
        value={who.email}
        onChange={({ currentTarget }) => onChange({ ...who, email: currentTarget.value })}
      />
      <RoleFields chosen={who.roleIds} onChoose={(roleIds) => onChange({ ...who, roleIds })} />
    </>
  );
}
