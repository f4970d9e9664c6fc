/** The one-time code that a hub asks for: made here of a PIN, or written off an app. */
import { Button, Group, PinInput, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { api } from '../data/api.ts';
import { codeOf, isPin, keepSecret, keptSecret } from '../data/hub-codes.ts';
import { useAct, useRead } from '../data/queries.ts';
import { serverClock } from '../data/server-clock.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { hubCodeWords } from '../words/hub-codes.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { SiteLink } from './site-link.tsx';

const codeLength = 5;

/** Who is signed in, and whether own codes are set up at a hub. */
export function useHubCodes(hubId: string) {
  const me = useRead('/v1.2/me');
  const hubs = useRead('/v1.2/me/{site_id}/activated_iqs', { query: { $top: 1000 } });
  const data =
    me.data === undefined || hubs.data === undefined
      ? undefined
      : {
          userId: me.data.id,
          isActivated: hubs.data.items.some((one) => one.iq_id === hubId && one.activated),
        };
  return {
    data,
    error: me.error ?? hubs.error,
    refetch: () => Promise.all([me.refetch(), hubs.refetch()]),
  };
}

/** Makes the code at the moment it is sent: it counts for three minutes by the clock of the server. */
type CodeSource = { readonly code: () => string };
type AtHub = { readonly hubId: string };
type Asking = { readonly onChange: (source: CodeSource | undefined) => void };

/**
 * The field for the code of a hub, and the member of a request that carries it; without a hub neither. `isMissing` until the field is
 * filled in.
 */
export function useOneTimeCode(hubId: string | undefined): {
  readonly field: ReactNode;
  readonly isMissing: boolean;
  member(): { otp?: string };
} {
  const [source, setSource] = useState<CodeSource>();
  return {
    field: hubId === undefined ? null : <OneTimeCode hubId={hubId} onChange={setSource} />,
    isMissing: hubId !== undefined && source === undefined,
    member: () => (source === undefined ? {} : { otp: source.code() }),
  };
}

function OneTimeCode({ hubId, onChange }: AtHub & Asking) {
  const codes = useHubCodes(hubId);
  const [taken, setTaken] = useState<string>();
  return (
    <Loaded of={codes} lines={2}>
      {({ userId, isActivated }) => {
        if (!isActivated) return <SetUpPin hubId={hubId} onReady={() => void codes.refetch()} />;
        const secret = taken ?? keptSecret(userId, hubId);
        if (secret !== undefined) return <OwnPin secret={secret} onChange={onChange} />;
        return (
          <AppCode
            hubId={hubId}
            onChange={onChange}
            onTaken={(text) => {
              keepSecret(userId, hubId, text);
              setTaken(text);
              onChange(undefined);
            }}
          />
        );
      }}
    </Loaded>
  );
}

function OwnPin({ secret, onChange }: Asking & { readonly secret: string }) {
  const say = useWords(hubCodeWords);
  const [pin, setPin] = useState('');
  return (
    <PinField
      label={say('pin')}
      help={say('pinHelp')}
      value={pin}
      onChange={(text) => {
        setPin(text);
        onChange(
          isPin(text)
            ? { code: () => codeOf(serverClock.now(), { secret, pin: text }) }
            : undefined,
        );
      }}
    />
  );
}

function PinField({
  label,
  help,
  value,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly value: string;
  readonly onChange: (pin: string) => void;
}) {
  return (
    <Stack gap={4} role="group" aria-label={label}>
      <Text size="sm" fw={500}>
        {label}
      </Text>
      <Text size="xs" c="dimmed">
        {help}
      </Text>
      <PinInput
        type="number"
        mask
        oneTimeCode={false}
        aria-label={label}
        value={value}
        onChange={onChange}
      />
    </Stack>
  );
}

/** Has a PIN sent, and makes this browser the app of it. */
export function SetUpPin({ hubId, onReady }: AtHub & { readonly onReady: () => void }) {
  const say = useWords(hubCodeWords);
  const path = { site_id: useSiteId(), id: hubId };
  const mayReadMessages = useMay()('manage_site');
  const [pin, setPin] = useState('');
  const [hasPin, setHasPin] = useState(false);
  const sending = useAct(
    async () => {
      await api.get('/v1.2/sites/{site_id}/iqs/{id}/pin', { path, query: { send_email: true } });
    },
    { touches: ['outbox'] },
  );
  const activating = useAct(
    async () => {
      const { id: userId } = await api.get('/v1.2/me');
      const { secret } = await api.get('/v1.2/sites/{site_id}/iqs/{id}/secret', { path });
      if (secret === null) return;
      const otp = codeOf(serverClock.now(), { secret, pin });
      // The delta 0000 keeps the PIN as it was sent.
      await api.put('/v1.2/sites/{site_id}/iqs/{id}/pin', { path, body: { otp, delta: '0000' } });
      keepSecret(userId, hubId, secret);
    },
    { touches: [], done: () => say('ready') },
  );
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm">{say('none')}</Text>
      {hasPin ? (
        <>
          {sending.isSuccess ? (
            <Text size="sm" role="status">
              {say('sent')} {mayReadMessages ? say('kept') : null}{' '}
              {mayReadMessages ? <SiteLink to="messages">{say('messages')}</SiteLink> : null}
            </Text>
          ) : null}
          <PinField
            label={say('sentPin')}
            help={say('sentPinHelp')}
            value={pin}
            onChange={setPin}
          />
          <ErrorNote error={activating.error} />
          <Button
            disabled={!isPin(pin)}
            loading={activating.isPending}
            onClick={() => activating.mutate(undefined, { onSuccess: onReady })}
          >
            {say('use')}
          </Button>
        </>
      ) : (
        <>
          <ErrorNote error={sending.error} />
          <Group gap="xs">
            <Button
              loading={sending.isPending}
              onClick={() => sending.mutate(undefined, { onSuccess: () => setHasPin(true) })}
            >
              {say('send')}
            </Button>
            <Button variant="default" onClick={() => setHasPin(true)}>
              {say('have')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}

/** Set up in an app or in another browser: a code of there counts, and brings the secret here. */
function AppCode({
  hubId,
  onChange,
  onTaken,
}: AtHub & Asking & { readonly onTaken: (secret: string) => void }) {
  const say = useWords(hubCodeWords);
  const path = { site_id: useSiteId(), id: hubId };
  const [code, setCode] = useState('');
  const taking = useAct(
    () => api.get('/v1.2/sites/{site_id}/iqs/{id}/secret', { path, query: { otp: code } }),
    { touches: [] },
  );
  return (
    <Stack gap="xs" align="flex-start">
      <TextInput
        w="100%"
        label={say('code')}
        description={say('codeHelp')}
        autoComplete="one-time-code"
        maxLength={codeLength}
        value={code}
        onChange={({ currentTarget }) => {
          const text = currentTarget.value.trim();
          setCode(text);
          onChange(text === '' ? undefined : { code: () => text });
        }}
      />
      <ErrorNote error={taking.error} />
      <Button
        size="compact-sm"
        variant="subtle"
        disabled={code.length !== codeLength}
        loading={taking.isPending}
        onClick={() =>
          taking.mutate(undefined, {
            onSuccess: ({ secret }) => secret !== null && onTaken(secret),
          })
        }
      >
        {say('take')}
      </Button>
    </Stack>
  );
}
