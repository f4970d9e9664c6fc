/** Writes what happened at the doors into the ledger, with the instant and the wall clock of the IQ's zone. */
import type { AccessBy, EntryEvent, IncidentCategory } from '#contract/events';
import { toLocalText } from '#access/zones';
import type { EventDraft, Source } from './ledger-record.ts';
import type { Ledger } from './ledger.ts';

type WithoutTime<Event> = Event extends EventDraft ? Omit<Event, 'at' | 'local'> : never;
export type Happening = WithoutTime<EventDraft>;

export type When = { readonly at: Date; readonly source: Source | null };

export type Recorder = {
  /** Resolves when it is on the disk; without `when` it happened just now. */
  record(happening: Happening, when?: When): Promise<void>;
  entry(
    entry: Partial<EntryEvent> & Pick<EntryEvent, 'lock_id' | 'category'> & { access_by: AccessBy },
    when?: When,
  ): Promise<void>;
  incident(
    category: IncidentCategory,
    about: { readonly lockId: string | null; readonly detail?: string | null },
    when?: When,
  ): Promise<void>;
};

export function createRecorder({
  ledger,
  now,
  timeZone,
}: {
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly timeZone: () => string;
}): Recorder {
  async function record(happening: Happening, when?: When): Promise<void> {
    const at = when?.at ?? now();
    const times = { at: at.toISOString(), local: toLocalText(timeZone(), at) };
    await ledger.append({ ...happening, ...times }, when?.source ?? undefined);
  }
  return {
    record,
    entry: (entry, when) =>
      record(
        {
          detail: null,
          accessor_id: null,
          access_detail: '',
          exit_requested: false,
          reject_reason: null,
          ...entry,
          kind: 'entry',
        },
        when,
      ),
    incident: (category, { lockId, detail = null }, when) =>
      record({ kind: 'incident', lock_id: lockId, category, detail }, when),
  };
}
