/** Names and address of a person, and the roles. */
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { api } from '../data/api.ts';
import { isGuest, type Person } from '../data/people.ts';
import { useAct } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { RoleFields, useRoleName } from './role-fields.tsx';
import { Section } from './section.tsx';

const path = '/v1.2/sites/{site_id}/users/{id}';
const touches = ['users', 'tags', 'access_groups', 'invitations'];

export function PersonProfile({ person }: { readonly person: Person }) {
  const say = useWords(peopleWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const mayChange = useMay()('manage_users');
  const { user } = person;
  const isOurs = mayChange && user.is_managed_by_current_site && !isGuest(person);
  const [firstName, setFirstName] = useState(user.first_name ?? '');
  const [lastName, setLastName] = useState(user.last_name ?? '');
  const [email, setEmail] = useState(user.email ?? '');
  const [alias, setAlias] = useState(person.alias ?? '');
  const saving = useAct(
    () =>
      api.patch(path, {
        path: { site_id: siteId, id: person.id },
        body: {
          ...(alias === (person.alias ?? '') ? {} : { alias }),
          ...(firstName === (user.first_name ?? '') ? {} : { first_name: firstName }),
          ...(lastName === (user.last_name ?? '') ? {} : { last_name: lastName }),
          ...(email === (user.email ?? '') ? {} : { email }),
        },
      }),
    { touches, done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <Section title={say('profile')} {...(user.has_profile ? { help: say('ownProfile') } : {})}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {isGuest(person) ? null : (
            <>
              <Group grow>
                <TextInput
                  label={say('firstName')}
                  value={firstName}
                  readOnly={!isOurs}
                  onChange={({ currentTarget }) => setFirstName(currentTarget.value)}
                />
                <TextInput
                  label={say('lastName')}
                  value={lastName}
                  readOnly={!isOurs}
                  onChange={({ currentTarget }) => setLastName(currentTarget.value)}
                />
              </Group>
              <TextInput
                type="email"
                label={say('mail')}
                value={email}
                readOnly={!isOurs}
                onChange={({ currentTarget }) => setEmail(currentTarget.value)}
              />
            </>
          )}
          <TextInput
            label={say('alias')}
            description={say('aliasHelp')}
            value={alias}
            readOnly={!mayChange}
            onChange={({ currentTarget }) => setAlias(currentTarget.value)}
          />
          <ErrorNote error={saving.error} />
          {mayChange ? (
            <Button type="submit" w="fit-content" loading={saving.isPending}>
              {shell('save')}
            </Button>
          ) : null}
        </Stack>
      </form>
    </Section>
  );
}

export function PersonRoles({ person }: { readonly person: Person }) {
  const say = useWords(peopleWords);
  const name = useRoleName();
  const siteId = useSiteId();
  const mayChange = useMay()('manage_users');
  const [roles, setRoles] = useState<readonly string[]>(person.roles.map(({ id }) => id));
  const saving = useAct(
    () =>
      api.patch(path, {
        path: { site_id: siteId, id: person.id },
        body: { role_ids: [...roles] },
      }),
    { touches: [...touches, 'rights'], done: say('saved') },
  );
  return (
    <Section title={say('roles')}>
      {mayChange && !isGuest(person) ? (
        <Stack gap="sm">
          <RoleFields chosen={roles} onChoose={setRoles} />
          <ErrorNote error={saving.error} />
          <Button w="fit-content" loading={saving.isPending} onClick={() => saving.mutate()}>
            {say('saveRoles')}
          </Button>
        </Stack>
      ) : (
        <Text size="sm">{person.roles.map((role) => name(role)).join(', ') || '–'}</Text>
      )}
    </Section>
  );
}
