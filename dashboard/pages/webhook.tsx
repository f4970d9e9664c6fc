import { Alert, Button, Group, NativeSelect, Text, TextInput, Title } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { api, quoted } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId, useSite } from '../data/site.tsx';
import { instantAt } from '../data/wall-clock.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useFormats, When } from '../parts/time.tsx';
import {
  WebhookForm,
  WebhookState,
  type Webhook,
  type WrittenWebhook,
} from '../parts/webhook-form.tsx';
import { pageWords } from '../words/pages.ts';
import { webhookApiWords, webhookWords } from '../words/webhooks.ts';

const pollMs = 5_000;
const one = '/ext/v1/sites/{site_id}/webhooks/{id}';
type Delivery = ItemOf<'/ext/v1/sites/{site_id}/webhooks/{id}/deliveries'>;

/** One webhook: how it does, what was delivered, and what can be sent again. */
export function Page() {
  const name = useWords(pageWords);
  const { webhookId = '' } = useParams({ strict: false });
  const webhook = useRead(one, { path: { id: webhookId }, everyMs: pollMs });
  return (
    <PageFrame
      title={name('webhook')}
      lead={<span style={{ overflowWrap: 'anywhere' }}>{webhook.data?.url ?? '…'}</span>}
    >
      <Loaded of={webhook}>
        {(data) => (
          <>
            <Standing webhook={data} />
            <Deliveries webhook={data} />
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

type OfWebhook = { readonly webhook: Webhook };

function Standing({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const word = useApiWords(webhookApiWords);
  const { dateTime } = useFormats();
  const siteId = useSiteId();
  const path = { site_id: siteId, id: webhook.id };
  const testing = useAct(() => api.post('/ext/v1/sites/{site_id}/webhooks/{id}/test', { path }), {
    touches: ['webhooks'],
  });
  const { events, lock_ids: lockIds, description, failing_since: since } = webhook;
  const facts = [
    events.map((kind) => say(kind)).join(', '),
    lockIds.length === 0 ? say('allLocks') : say('lockCount', { count: lockIds.length }),
    ...(description === null ? [] : [description]),
  ];
  const tried = testing.data;
  return (
    <>
      <Group gap="sm">
        <WebhookState webhook={webhook} />
        <Text size="sm">{facts.join(' · ')}</Text>
      </Group>
      {webhook.state === 'failing' && since !== null ? (
        <Alert color="red">{say('failingSince', { at: dateTime(since) })}</Alert>
      ) : null}
      {webhook.state === 'disabled' ? <Alert color="gray">{say('disabledHelp')}</Alert> : null}
      <Group gap="xs">
        <Button loading={testing.isPending} onClick={() => testing.mutate()}>
          {say('test')}
        </Button>
        <ReplayButton webhook={webhook} />
        <ChangeButton webhook={webhook} />
        <SwitchButton webhook={webhook} />
        <SecretButton webhook={webhook} />
        <RemoveButton webhook={webhook} />
      </Group>
      <ErrorNote error={testing.error} />
      {tried === undefined ? null : (
        <Alert color={tried.state === 'delivered' ? 'teal' : 'red'} role="status">
          {tried.state === 'delivered'
            ? say('testTaken', { status: tried.last_status ?? '' })
            : say('testFailed', {
                why: word(tried.last_error) || say('status', { status: tried.last_status ?? '–' }),
              })}
        </Alert>
      )}
    </>
  );
}

function ReplayButton({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const siteId = useSiteId();
  const site = useSite();
  const { day } = useFormats();
  const [isOpen, setOpen] = useState(false);
  const [since, setSince] = useState(() => `${day(new Date())}T00:00`);
  const replaying = useAct(
    () =>
      api.post('/ext/v1/sites/{site_id}/webhooks/{id}/replay', {
        path: { site_id: siteId, id: webhook.id },
        body: { from_date: instantAt(since.slice(0, 16), site?.time_zone ?? null) },
      }),
    {
      touches: ['webhooks'],
      done: ({ count }) => (count === 1 ? say('replayedOne') : say('replayed', { count })),
    },
  );
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {say('replay')}
      </Button>
      {isOpen ? (
        <FormDialog
          title={say('replayTitle')}
          lead={say('replayLead')}
          act={say('replay')}
          onAct={() => replaying.mutate(undefined, { onSuccess: () => setOpen(false) })}
          onClose={() => setOpen(false)}
          isPending={replaying.isPending}
          error={replaying.error}
        >
          <TextInput
            type="datetime-local"
            label={say('since')}
            required
            withAsterisk={false}
            value={since}
            onChange={({ currentTarget }) => setSince(currentTarget.value)}
          />
        </FormDialog>
      ) : null}
    </>
  );
}

function useChange(webhook: Webhook, done: string) {
  const siteId = useSiteId();
  return useAct(
    (body: Partial<WrittenWebhook & { readonly active: boolean }>) =>
      api.patch(one, { path: { site_id: siteId, id: webhook.id }, body }),
    { touches: ['webhooks'], done },
  );
}

function ChangeButton({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const [isOpen, setOpen] = useState(false);
  const saving = useChange(webhook, say('saved'));
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {say('change')}
      </Button>
      {isOpen ? (
        <WebhookForm
          title={say('change')}
          act={say('change')}
          present={webhook}
          onAct={(body) => saving.mutate(body, { onSuccess: () => setOpen(false) })}
          onClose={() => setOpen(false)}
          isPending={saving.isPending}
          error={saving.error}
        />
      ) : null}
    </>
  );
}

function SwitchButton({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const [isAsked, setAsked] = useState(false);
  const switching = useChange(webhook, say(webhook.active ? 'switchedOff' : 'switchedOn'));
  if (!webhook.active)
    return (
      <>
        <Button
          variant="default"
          loading={switching.isPending}
          onClick={() => switching.mutate({ active: true })}
        >
          {say('switchOn')}
        </Button>
        <ErrorNote error={switching.error} />
      </>
    );
  return (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        {say('switchOff')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say('switchOff')}
        effect={say('switchOffEffect')}
        act={say('switchOff')}
        isPending={switching.isPending}
        error={switching.error}
        onAct={() => switching.mutate({ active: false }, { onSuccess: () => setAsked(false) })}
      />
    </>
  );
}

function SecretButton({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const siteId = useSiteId();
  const [isAsked, setAsked] = useState(false);
  const renewing = useAct(
    () =>
      api.post('/ext/v1/sites/{site_id}/webhooks/{id}/secret', {
        path: { site_id: siteId, id: webhook.id },
      }),
    { touches: [] },
  );
  if (renewing.data !== undefined)
    return (
      <ShownOnce
        title={say('secret')}
        help={say('secretHelp')}
        value={renewing.data.secret}
        onClose={renewing.reset}
      />
    );
  return (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        {say('newSecret')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say('newSecret')}
        effect={say('newSecretEffect')}
        act={say('newSecret')}
        isPending={renewing.isPending}
        error={renewing.error}
        onAct={() => renewing.mutate(undefined, { onSuccess: () => setAsked(false) })}
      />
    </>
  );
}

function RemoveButton({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const removing = useAct(
    async () => {
      await api.delete(one, { path: { site_id: siteId, id: webhook.id } });
      await navigate({ to: `/sites/${siteId}/webhooks` });
    },
    { touches: ['webhooks'], done: say('removed') },
  );
  return (
    <ConfirmButton
      act={say('remove')}
      title={say('removeTitle')}
      effect={say('removeEffect', { url: webhook.url })}
      isDestructive
      doing={removing}
    />
  );
}

const colors = { waiting: 'orange', delivered: 'teal', failed: 'red' } as const;

function Deliveries({ webhook }: OfWebhook) {
  const say = useWords(webhookWords);
  const word = useApiWords(webhookApiWords);
  const { dateTime } = useFormats();
  const [kind, setKind] = useState('');
  const state = useListState({
    order: 'created_at desc',
    filter: kind === '' ? '' : `state eq ${quoted(kind)}`,
  });
  const deliveries = useRead('/ext/v1/sites/{site_id}/webhooks/{id}/deliveries', {
    path: { id: webhook.id },
    query: state.query,
    everyMs: pollMs,
  });
  return (
    <div>
      <Title order={2} size="h4" mb="xs">
        {say('deliveries')}
      </Title>
      <ListView
        label={say('deliveries')}
        of={deliveries}
        state={state}
        hasSearch={false}
        filters={
          <NativeSelect
            label={say('show')}
            value={kind}
            onChange={({ currentTarget }) => {
              state.setPage(0);
              setKind(currentTarget.value);
            }}
            data={[
              { value: '', label: say('all') },
              ...Object.keys(colors).map((value) => ({ value, label: word(value) })),
            ]}
          />
        }
        rowId={({ id }) => id}
        columns={[
          {
            label: say('when'),
            sort: 'created_at',
            cell: ({ created_at: at }) => <When at={at} />,
          },
          {
            label: say('what'),
            cell: ({ type, replay }) =>
              replay ? `${word(type)} (${say('repeated')})` : word(type),
          },
          {
            label: say('outcome'),
            cell: (delivery) => <Tag color={colors[delivery.state]}>{word(delivery.state)}</Tag>,
          },
          { label: say('attempts'), cell: ({ attempts }) => attempts },
          {
            label: say('answer'),
            cell: ({
              last_status: status,
              last_error: error,
              next_attempt_at: next,
              state: is,
            }) => (
              <>
                {word(error) || (status ?? '–')}
                {is === 'waiting' && next !== null ? (
                  <Text size="xs" c="dimmed">
                    {say('nextAt', { at: dateTime(next) })}
                  </Text>
                ) : null}
              </>
            ),
          },
          {
            label: say('again'),
            cell: (delivery) => <AgainButton webhook={webhook} delivery={delivery} />,
          },
        ]}
        empty={<Empty title={say('deliveriesEmpty')}>{say('deliveriesEmptyHelp')}</Empty>}
      />
    </div>
  );
}

function AgainButton({ webhook, delivery }: OfWebhook & { readonly delivery: Delivery }) {
  const say = useWords(webhookWords);
  const { dateTime } = useFormats();
  const siteId = useSiteId();
  const sending = useAct(
    () =>
      api.post('/ext/v1/sites/{site_id}/webhooks/{id}/deliveries/{delivery_id}/redeliver', {
        path: { site_id: siteId, id: webhook.id, delivery_id: delivery.id },
      }),
    { touches: ['webhooks'], done: say('againDone') },
  );
  // A ping is sent again by another test; what waits is tried by itself.
  if (delivery.state === 'waiting' || delivery.type === 'ping') return <>–</>;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        loading={sending.isPending}
        aria-label={say('againAt', { at: dateTime(delivery.created_at) })}
        onClick={() => sending.mutate()}
      >
        {say('again')}
      </Button>
      <ErrorNote error={sending.error} />
    </>
  );
}
