/** A webhook as somebody writes it: address, what is sent, of which doors. */
import { Checkbox, Group, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { useRead } from '../data/queries.ts';
import { webhookWords } from '../words/webhooks.ts';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { Tag } from './lock-state.tsx';

export type Webhook = ItemOf<'/ext/v1/sites/{site_id}/webhooks'>;
type Kind = Webhook['events'][number];

export type WrittenWebhook = {
  readonly url: string;
  readonly events: Kind[];
  readonly lock_ids: string[];
  readonly description: string | null;
};

/** Whether a webhook works, in a word. */
export function WebhookState({ webhook }: { readonly webhook: Webhook }) {
  const say = useWords(webhookWords);
  if (webhook.state === 'ok') return <Tag color="teal">{say('ok')}</Tag>;
  if (webhook.state === 'failing') return <Tag color="red">{say('failing')}</Tag>;
  return <Tag color="gray">{say('disabled')}</Tag>;
}

type Props = {
  readonly title: string;
  readonly act: string;
  /** What it is so far; absent = one that does not exist yet. */
  readonly present?: Webhook;
  readonly onAct: (webhook: WrittenWebhook) => void;
  readonly onClose: () => void;
  readonly isPending: boolean;
  readonly error: unknown;
};

export function WebhookForm({ present, onAct, ...dialog }: Props) {
  const say = useWords(webhookWords);
  const [url, setUrl] = useState(present?.url ?? '');
  const [kinds, setKinds] = useState<readonly Kind[]>(present?.events ?? ['entry', 'incident']);
  const [lockIds, setLockIds] = useState<readonly string[]>(present?.lock_ids ?? []);
  const [note, setNote] = useState(present?.description ?? '');
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: { $top: 200, $orderby: 'customer_reference asc' },
  });
  const known = ['entry', 'incident'] as const;
  return (
    <FormDialog
      {...dialog}
      onAct={() =>
        onAct({
          url: url.trim(),
          events: [...kinds],
          lock_ids: [...lockIds],
          description: note.trim() === '' ? null : note.trim(),
        })
      }
    >
      <TextInput
        type="url"
        label={say('url')}
        description={say('urlHelp')}
        placeholder="https://"
        required
        withAsterisk={false}
        data-autofocus
        value={url}
        onChange={({ currentTarget }) => setUrl(currentTarget.value)}
      />
      <Checkbox.Group
        label={say('events')}
        value={[...kinds]}
        onChange={(chosen) => setKinds(known.filter((kind) => chosen.includes(kind)))}
      >
        <Group mt={6}>
          {known.map((kind) => (
            <Checkbox key={kind} value={kind} label={say(kind)} />
          ))}
        </Group>
      </Checkbox.Group>
      <Loaded of={locks} lines={2}>
        {({ items }) => (
          <Checkbox.Group
            label={say('locks')}
            description={say('locksHelp')}
            value={[...lockIds]}
            onChange={setLockIds}
          >
            <Stack gap={6} mt={6} mah={180} style={{ overflowY: 'auto' }}>
              {items.map(({ id, customer_reference: name }) => (
                <Checkbox key={id} value={id} label={name ?? id} />
              ))}
            </Stack>
          </Checkbox.Group>
        )}
      </Loaded>
      <TextInput
        label={say('description')}
        value={note}
        onChange={({ currentTarget }) => setNote(currentTarget.value)}
      />
    </FormDialog>
  );
}
