/** What is done to a hub as a whole: restored, replaced, deleted. */
import { Button, Group, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import type { Hub } from '../data/hubs.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { hubWords } from '../words/hubs.ts';
import { IfMay } from './allowed.tsx';
import { Confirm } from './confirm.tsx';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';

type Act = 'restore' | 'replace' | 'remove';
const effects = {
  restore: 'restoreEffect',
  replace: 'replaceEffect',
  remove: 'removeEffect',
} as const;
const dones = { restore: 'restored', replace: 'replaced', remove: 'removed' } as const;

export function HubActs({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubWords);
  const [asked, setAsked] = useState<Act | null>(null);
  return (
    <Section title={say('service')}>
      <Group gap="xs">
        <Button variant="default" onClick={() => setAsked('restore')}>
          {say('restore')}
        </Button>
        <Button variant="default" onClick={() => setAsked('replace')}>
          {say('replace')}
        </Button>
        <IfMay need="manage_hardware">
          <Button variant="default" onClick={() => setAsked('remove')}>
            {say('remove')}
          </Button>
        </IfMay>
      </Group>
      {asked === null ? null : <Asked act={asked} hub={hub} onClose={() => setAsked(null)} />}
    </Section>
  );
}

function Asked({
  act,
  hub,
  onClose,
}: {
  readonly act: Act;
  readonly hub: Hub;
  readonly onClose: () => void;
}) {
  const say = useWords(hubWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [code, setCode] = useState('');
  const path = { site_id: siteId, id: hub.id };
  const doing = useAct(
    async () => {
      if (act === 'restore') await api.post('/v1.2/sites/{site_id}/iqs/{id}/restore', { path });
      else if (act === 'remove') await api.delete('/ext/v1/sites/{site_id}/iqs/{id}', { path });
      else
        return api.post('/v1.2/sites/{site_id}/iqs/{id}/replace', {
          path,
          body: { activation_code: code.trim() },
        });
      return null;
    },
    { touches: act === 'remove' ? [] : ['iqs', 'locks'], done: say(dones[act]) },
  );
  function then(successor: { readonly id: string } | null): void {
    onClose();
    if (act === 'remove') void navigate({ to: `/sites/${siteId}/hubs` });
    else if (successor !== null) void navigate({ to: `/sites/${siteId}/hubs/${successor.id}` });
  }
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title={say(act)}
      effect={say(effects[act])}
      act={say(act)}
      isPending={doing.isPending}
      error={doing.error}
      isDestructive={act !== 'restore'}
      onAct={() => doing.mutate(undefined, { onSuccess: then })}
    >
      {act === 'replace' ? (
        <TextInput
          required
          label={say('code')}
          autoComplete="off"
          value={code}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
        />
      ) : null}
    </Confirm>
  );
}
