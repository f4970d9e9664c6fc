/** What a hub is right now, in words. */
import type { Hub } from '../data/hubs.ts';
import { hubApiWords, hubWords } from '../words/hubs.ts';
import { useApiWords, useWords } from './language.tsx';
import { Tag } from './lock-state.tsx';

export function HubContact({ hub }: { readonly hub: Pick<Hub, 'online'> }) {
  const say = useWords(hubWords);
  return hub.online ? (
    <Tag color="teal">{say('online')}</Tag>
  ) : (
    <Tag color="red">{say('offline')}</Tag>
  );
}

export function HubSignal({ hub }: { readonly hub: Pick<Hub, 'signal_strength'> }) {
  const say = useWords(hubWords);
  const { signal_strength: value } = hub;
  return <>{value === null ? '–' : say('signalOf', { value })}</>;
}

const syncColors = { synced: 'teal', pending: 'orange', not_synced: 'orange', failed: 'red' };

export function HubRights({ hub }: { readonly hub: Pick<Hub, 'data_sync_state'> }) {
  const word = useApiWords(hubApiWords);
  const { data_sync_state: state } = hub;
  return <Tag color={syncColors[state]}>{word(state)}</Tag>;
}
