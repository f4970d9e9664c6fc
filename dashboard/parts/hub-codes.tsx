/** One's own one-time codes at a hub: set up with an app, and reset. */
import { Button, Code, List, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { api } from '../data/api.ts';
import type { Hub } from '../data/hubs.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { hubWords } from '../words/hubs.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { OneTimeCode } from './one-time-code.tsx';
import { Loaded } from './page.tsx';
import { Section } from './section.tsx';

const listPath = '/v1.2/me/{site_id}/activated_iqs';

export function HubCodes({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubWords);
  const codes = useRead(listPath, { query: { $top: 1000 } });
  const [isSettingUp, settingUp] = useDisclosure();
  const [isResetting, resetting] = useDisclosure();
  return (
    <Section title={say('codes')} help={say('codesHelp')}>
      <Loaded of={codes} lines={2}>
        {({ items }) =>
          items.some((one) => one.iq_id === hub.id && one.activated) ? (
            <Stack gap="sm" align="flex-start">
              <Text size="sm">{say('codesReady')}</Text>
              <Button variant="default" onClick={resetting.open}>
                {say('resetCodes')}
              </Button>
            </Stack>
          ) : (
            <Stack gap="sm" align="flex-start">
              <Text size="sm">{say('codesNone')}</Text>
              <Button onClick={settingUp.open}>{say('setUp')}</Button>
            </Stack>
          )
        }
      </Loaded>
      {isSettingUp ? (
        <SetUp
          hub={hub}
          onClose={() => {
            settingUp.close();
            void codes.refetch();
          }}
        />
      ) : null}
      {isResetting ? (
        <Reset
          hub={hub}
          onClose={() => {
            resetting.close();
            void codes.refetch();
          }}
        />
      ) : null}
    </Section>
  );
}

type AtHub = { readonly hub: Hub; readonly onClose: () => void };

function SetUp({ hub, onClose }: AtHub) {
  const say = useWords(hubWords);
  const path = { site_id: useSiteId(), id: hub.id };
  const [otp, setOtp] = useState('');
  const secret = useRead('/v1.2/sites/{site_id}/iqs/{id}/secret', { path: { id: hub.id } });
  const sending = useAct(
    () => api.get('/v1.2/sites/{site_id}/iqs/{id}/pin', { path, query: { send_email: true } }),
    { touches: [], done: say('pinSent') },
  );
  const activating = useAct(
    // The delta 0000 keeps the PIN as it was sent.
    () => api.put('/v1.2/sites/{site_id}/iqs/{id}/pin', { path, body: { otp, delta: '0000' } }),
    { touches: [], done: say('activated') },
  );
  return (
    <FormDialog
      title={say('setUp')}
      act={say('activate')}
      onClose={onClose}
      isPending={activating.isPending}
      error={activating.error}
      onAct={() => activating.mutate(undefined, { onSuccess: onClose })}
    >
      <List type="ordered" size="sm" spacing="md">
        <List.Item>
          {say('setUpStep1')}
          <Loaded of={secret} lines={1}>
            {({ secret: text }) => <Code block>{text ?? ''}</Code>}
          </Loaded>
        </List.Item>
        <List.Item>
          <Stack gap="xs" align="flex-start">
            {say('setUpStep2')}
            <Button
              variant="default"
              loading={sending.isPending}
              onClick={() => sending.mutate(undefined)}
            >
              {say('sendPin')}
            </Button>
            <ErrorNote error={sending.error} />
          </Stack>
        </List.Item>
        <List.Item>{say('setUpStep3')}</List.Item>
      </List>
      <TextInput
        required
        label={say('oneTimeCode')}
        autoComplete="one-time-code"
        maxLength={5}
        value={otp}
        onChange={({ currentTarget }) => setOtp(currentTarget.value.trim())}
      />
    </FormDialog>
  );
}

function Reset({ hub, onClose }: AtHub) {
  const say = useWords(hubWords);
  const siteId = useSiteId();
  const [otp, setOtp] = useState('');
  const resetting = useAct(
    async () => {
      const me = await api.get('/v1.2/me');
      await api.delete('/v1.2/sites/{site_id}/iqs/{id}/pin/{user_id}', {
        path: { site_id: siteId, id: hub.id, user_id: me.id },
        query: { otp },
      });
    },
    { touches: [], done: say('codesReset') },
  );
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title={say('resetCodes')}
      effect={say('resetCodesEffect')}
      act={say('resetCodes')}
      isPending={resetting.isPending}
      error={resetting.error}
      isDestructive
      onAct={() => resetting.mutate(undefined, { onSuccess: onClose })}
    >
      <OneTimeCode value={otp} onChange={setOtp} />
    </Confirm>
  );
}
