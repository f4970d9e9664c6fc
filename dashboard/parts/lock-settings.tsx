/** Name and opening time of a lock. */
import { Button, Card, NumberInput, Stack, TextInput, Title } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import type { AnswerOf } from '#client/operations';
import { api } from '../data/api.ts';
import type { Lock } from '../data/locks.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { lockWords } from '../words/locks.ts';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';

const path = '/v1.2/sites/{site_id}/locks/{id}/settings';
type Settings = AnswerOf<'GET', typeof path>;

export function LockSettings({ lock }: { readonly lock: Lock }) {
  const say = useWords(lockWords);
  const settings = useRead(path, { path: { id: lock.id } });
  return (
    <Card withBorder>
      <Title order={2} size="h4" mb="xs">
        {say('settings')}
      </Title>
      <Loaded of={settings} lines={2}>
        {(data) => <Form key={lock.id} lock={lock} settings={data} />}
      </Loaded>
    </Card>
  );
}

function Form({ lock, settings }: { readonly lock: Lock; readonly settings: Settings }) {
  const say = useWords(lockWords);
  const shell = useWords(shellWords);
  const mayChange = useMay()('touch_hardware');
  const siteId = useSiteId();
  const at = { site_id: siteId, id: lock.id };
  const [name, setName] = useState(lock.customer_reference ?? '');
  const [openTime, setOpenTime] = useState<number | string>(settings.open_time);
  const saving = useAct(
    async () => {
      if (name !== lock.customer_reference)
        await api.patch('/v1.2/sites/{site_id}/locks/{id}', {
          path: at,
          body: { customer_reference: name },
        });
      if (openTime !== settings.open_time)
        await api.put(path, { path: at, body: { ...settings, open_time: Number(openTime) } });
    },
    { touches: ['locks'], done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={say('rename')}
          value={name}
          disabled={!mayChange}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <NumberInput
          label={say('openTime')}
          description={say('openTimeHelp')}
          value={openTime}
          disabled={!mayChange}
          hideControls
          onChange={setOpenTime}
        />
        <ErrorNote error={saving.error} />
        {mayChange ? (
          <Button type="submit" loading={saving.isPending} w="fit-content">
            {shell('save')}
          </Button>
        ) : null}
      </Stack>
    </form>
  );
}
