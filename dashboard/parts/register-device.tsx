/** Registers a hub, lock or repeater by the code on its package. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { useAct } from '../data/queries.ts';
import { useSite, useSiteId } from '../data/site.tsx';
import { hubWords } from '../words/hubs.ts';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';

export type DeviceKind = 'iqs' | 'locks' | 'repeaters';
const titles = { iqs: 'addHub', locks: 'addLock', repeaters: 'addRepeater' } as const;

export function RegisterDevice({
  kind,
  onClose,
}: {
  readonly kind: DeviceKind;
  readonly onClose: () => void;
}) {
  const say = useWords(hubWords);
  const path = { site_id: useSiteId() };
  const site = useSite();
  const [name, setName] = useState('');
  const [code, setCode] = useState('');
  const [zone, setZone] = useState(site?.time_zone ?? '');
  const adding = useAct(
    async () => {
      const body = { customer_reference: name.trim(), activation_code: code.trim() };
      if (kind === 'iqs')
        await api.post('/v1.2/sites/{site_id}/iqs', { path, body: { ...body, time_zone: zone } });
      else if (kind === 'locks') await api.post('/v1.2/sites/{site_id}/locks', { path, body });
      else await api.post('/v1.2/sites/{site_id}/repeaters', { path, body });
    },
    { touches: [kind], done: say('added') },
  );
  return (
    <FormDialog
      title={say(titles[kind])}
      lead={say(kind === 'iqs' ? 'addHubHelp' : 'addDeviceHelp')}
      act={say('doAdd')}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
      onAct={() => adding.mutate(undefined, { onSuccess: onClose })}
    >
      <TextInput
        data-autofocus
        required
        label={say('name')}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <TextInput
        required
        autoComplete="off"
        label={say('code')}
        value={code}
        onChange={({ currentTarget }) => setCode(currentTarget.value)}
      />
      {kind === 'iqs' ? (
        <TextInput
          required
          label={say('zone')}
          description={say('zoneHelp')}
          value={zone}
          onChange={({ currentTarget }) => setZone(currentTarget.value)}
        />
      ) : null}
    </FormDialog>
  );
}
