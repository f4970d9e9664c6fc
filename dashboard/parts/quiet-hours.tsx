/** When whom of the site no message disturbs. */
import { Button, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { fullName, personName } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { ruleWords } from '../words/rules.ts';
import { ErrorNote } from './error-note.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { ListView } from './list.tsx';
import { Empty } from './page.tsx';
import { Section } from './section.tsx';

const path = '/ext/v1/sites/{site_id}/message_recipients';
type Recipient = ItemOf<typeof path>;

export function QuietHours() {
  const say = useWords(ruleWords);
  const siteId = useSiteId();
  const recipients = useRead(path, { query: { $top: 200 } });
  const [edited, setEdited] = useState<Recipient | 'new' | null>(null);
  const forgetting = useAct(
    (userId: string) =>
      api.delete(`${path}/{user_id}`, { path: { site_id: siteId, user_id: userId } }),
    { touches: ['message_recipients'], done: say('forgotten') },
  );
  const nameOf = (one: Recipient) => fullName(one) || (one.email ?? one.user_id);
  return (
    <Section
      title={say('quiet')}
      help={say('quietHelp')}
      acts={
        <Button variant="default" onClick={() => setEdited('new')}>
          {say('setQuiet')}
        </Button>
      }
    >
      <ErrorNote error={forgetting.error} />
      <ListView
        label={say('quiet')}
        of={recipients}
        rowId={(one) => one.user_id}
        columns={[
          { label: say('person'), cell: nameOf },
          {
            label: say('quiet'),
            cell: ({ quiet_from: from, quiet_until: until }) =>
              from === null || until === null
                ? say('noQuiet')
                : say('quietRange', { from: from.slice(0, 5), until: until.slice(0, 5) }),
          },
          { label: say('phone'), cell: ({ phone }) => phone ?? '–' },
          {
            label: say('edit'),
            cell: (one) => (
              <Group gap="xs">
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={say('editName', { name: nameOf(one) })}
                  onClick={() => setEdited(one)}
                >
                  {say('edit')}
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={say('takeAway', { name: nameOf(one) })}
                  onClick={() => forgetting.mutate(one.user_id)}
                >
                  {say('forget')}
                </Button>
              </Group>
            ),
          },
        ]}
        empty={<Empty title={say('quietEmpty')}>{say('quietEmptyHelp')}</Empty>}
      />
      {edited === null ? null : (
        <Edit
          recipient={edited === 'new' ? undefined : edited}
          name={edited === 'new' ? '' : nameOf(edited)}
          onClose={() => setEdited(null)}
        />
      )}
    </Section>
  );
}

type EditProps = {
  readonly recipient: Recipient | undefined;
  readonly name: string;
  readonly onClose: () => void;
};

function Edit({ recipient, name, onClose }: EditProps) {
  const say = useWords(ruleWords);
  const siteId = useSiteId();
  const people = useRead('/v1.2/sites/{site_id}/users', {
    query: { $top: 500 },
    isOn: recipient === undefined,
  });
  const [userId, setUserId] = useState(recipient?.user_id ?? '');
  const [from, setFrom] = useState(recipient?.quiet_from?.slice(0, 5) ?? '22:00');
  const [until, setUntil] = useState(recipient?.quiet_until?.slice(0, 5) ?? '06:59');
  const [phone, setPhone] = useState(recipient?.phone ?? '');
  const saving = useAct(
    () =>
      api.put(`${path}/{user_id}`, {
        path: { site_id: siteId, user_id: userId },
        body: {
          phone: phone.trim() === '' ? null : phone.trim(),
          quiet_from: from === '' ? null : from,
          quiet_until: until === '' ? null : until,
        },
      }),
    { touches: ['message_recipients'], done: say('saved') },
  );
  return (
    <FormDialog
      title={recipient === undefined ? say('setQuiet') : say('quietOf', { name })}
      act={say('setQuiet')}
      onClose={onClose}
      isPending={saving.isPending}
      error={saving.error}
      onAct={() => saving.mutate(undefined, { onSuccess: onClose })}
    >
      {recipient === undefined ? (
        <>
          <ErrorNote error={people.error} />
          <NativeSelect
            required
            label={say('person')}
            value={userId}
            data={[
              { value: '', label: '–' },
              ...(people.data?.items ?? []).map((person) => ({
                value: person.user.id,
                label: personName(person),
              })),
            ]}
            onChange={({ currentTarget }) => setUserId(currentTarget.value)}
          />
        </>
      ) : (
        <Text size="sm" fw={600}>
          {name}
        </Text>
      )}
      <Group grow>
        <TextInput
          type="time"
          label={say('from')}
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <TextInput
          type="time"
          label={say('until')}
          value={until}
          onChange={({ currentTarget }) => setUntil(currentTarget.value)}
        />
      </Group>
      <TextInput
        type="tel"
        label={say('phone')}
        description={say('phoneHelp')}
        value={phone}
        onChange={({ currentTarget }) => setPhone(currentTarget.value)}
      />
    </FormDialog>
  );
}
