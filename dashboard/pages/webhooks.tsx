import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { WebhookForm, WebhookState, type WrittenWebhook } from '../parts/webhook-form.tsx';
import { pageWords } from '../words/pages.ts';
import { webhookWords } from '../words/webhooks.ts';

const pollMs = 10_000;

export function Page() {
  const say = useWords(webhookWords);
  const name = useWords(pageWords);
  const [isAdding, setAdding] = useState(false);
  const state = useListState({ order: 'created_at asc' });
  const webhooks = useRead('/ext/v1/sites/{site_id}/webhooks', {
    query: state.query,
    everyMs: pollMs,
  });
  return (
    <PageFrame
      title={name('webhooks')}
      lead={say('lead')}
      acts={<Button onClick={() => setAdding(true)}>{say('add')}</Button>}
    >
      <ListView
        label={name('webhooks')}
        of={webhooks}
        state={state}
        hasSearch={false}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('url'),
            cell: (webhook) => (
              <span style={{ overflowWrap: 'anywhere' }}>
                <SiteLink to={`webhooks/${webhook.id}`}>{webhook.url}</SiteLink>
              </span>
            ),
          },
          { label: say('state'), cell: (webhook) => <WebhookState webhook={webhook} /> },
          {
            label: say('events'),
            cell: ({ events }) => events.map((kind) => say(kind)).join(', '),
          },
          { label: say('description'), cell: ({ description }) => description ?? say('noNote') },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
      {isAdding ? <Adding onClose={() => setAdding(false)} /> : null}
    </PageFrame>
  );
}

/** The form, then the secret, then the page of the webhook. */
function Adding({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(webhookWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const adding = useAct(
    (body: WrittenWebhook) =>
      api.post('/ext/v1/sites/{site_id}/webhooks', { path: { site_id: siteId }, body }),
    { touches: ['webhooks'] },
  );
  const made = adding.data;
  if (made !== undefined)
    return (
      <ShownOnce
        title={say('secret')}
        help={say('secretHelp')}
        value={made.secret}
        onClose={() => void navigate({ to: `/sites/${siteId}/webhooks/${made.id}` })}
      />
    );
  return (
    <WebhookForm
      title={say('add')}
      act={say('add')}
      onAct={(webhook) => adding.mutate(webhook)}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    />
  );
}
