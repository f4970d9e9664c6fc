/** Name, time zone and light of a hub. */
import { Button, Stack, Switch, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { api } from '../data/api.ts';
import type { Hub } from '../data/hubs.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { hubWords } from '../words/hubs.ts';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';

export function HubSettings({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const [name, setName] = useState(hub.customer_reference ?? '');
  const [zone, setZone] = useState(hub.time_zone ?? '');
  const [isLit, setLit] = useState(hub.led_enabled);
  const saving = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/iqs/{id}', {
        path: { site_id: siteId, id: hub.id },
        body: { customer_reference: name.trim(), time_zone: zone, led_enabled: isLit },
      }),
    { touches: ['iqs'], done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <Section title={say('settings')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            required
            label={say('name')}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <TextInput
            required
            label={say('zone')}
            description={say('zoneHelp')}
            value={zone}
            onChange={({ currentTarget }) => setZone(currentTarget.value)}
          />
          <Switch
            label={say('light')}
            checked={isLit}
            onChange={({ currentTarget }) => setLit(currentTarget.checked)}
          />
          <ErrorNote error={saving.error} />
          <Button type="submit" loading={saving.isPending} w="fit-content">
            {shell('save')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
