/** Adds a person to the site; with an address the person is invited. */
import { Group, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { personName } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { RoleFields } from './role-fields.tsx';

export function InvitePerson({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [firstName, setFirstName] = useState('');
  const [lastName, setLastName] = useState('');
  const [email, setEmail] = useState('');
  const [asked, setRoles] = useState<readonly string[] | null>(null);
  const known = useRead('/v1.2/sites/{site_id}/roles', { query: { $top: 200 } });
  const usual = known.data?.items.find(({ code }) => code === 'site_user');
  const roles = asked ?? (usual === undefined ? [] : [usual.id]);
  const adding = useAct(
    () =>
      api.post('/v1.2/sites/{site_id}/users', {
        path: { site_id: siteId },
        body: {
          first_name: firstName.trim(),
          last_name: lastName.trim(),
          ...(email.trim() === '' ? {} : { email: email.trim() }),
          role_ids: [...roles],
        },
      }),
    {
      touches: ['users', 'invitations', 'v1.2'],
      done: (made) => say('added', { name: personName(made) }),
    },
  );
  return (
    <FormDialog
      title={say('invite')}
      lead={say('inviteHelp')}
      act={say('doInvite')}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
      onAct={() =>
        adding.mutate(undefined, {
          onSuccess: ({ id }) => void navigate({ to: `/sites/${siteId}/people/${id}` }),
        })
      }
    >
      <Group grow align="flex-start">
        <TextInput
          data-autofocus
          required
          label={say('firstName')}
          value={firstName}
          onChange={({ currentTarget }) => setFirstName(currentTarget.value)}
        />
        <TextInput
          required
          label={say('lastName')}
          value={lastName}
          onChange={({ currentTarget }) => setLastName(currentTarget.value)}
        />
      </Group>
      <TextInput
        type="email"
        label={say('mail')}
        description={say('mailHelp')}
        value={email}
        onChange={({ currentTarget }) => setEmail(currentTarget.value)}
      />
      <RoleFields chosen={roles} onChoose={setRoles} />
    </FormDialog>
  );
}
