/**
 * To whom the hub belongs: claimed by a tenant, wiped by the server, reset by its button (behaviour.md 3.1, 4.1, 4.9, 4.10).
 *
 * The state file goes first in every move, and a start clears what it disowns, so a kill in between is finished later.
 */
import type { Frame } from '#contract/iq-link';
import type { Attachments } from './attachments.ts';
import type { Ledger } from './ledger.ts';
import type { HubStateFile } from './state.ts';
import type { TableStore } from './table-store.ts';

export type Content = {
  readonly state: HubStateFile;
  readonly tables: TableStore;
  readonly attachments: Attachments;
  readonly ledger: Ledger;
};

/** Clears what a wipe or reset has disowned but was killed before clearing. */
export async function finishDisowning({
  state,
  tables,
  attachments,
  ledger,
}: Content): Promise<void> {
  const { iq_id: iqId, credential } = state.get();
  if (iqId !== null) return;
  if (attachments.all().length > 0) await attachments.clear();
  if (tables.version > 0) await tables.clear();
  if (credential === null) await ledger.reset();
}

/** Answers a claim; an accepted one is on the disk before it is said. */
export async function takeClaim(
  claim: Frame<'claim'>,
  { state, tables }: Content,
): Promise<Frame<'claimed'>> {
  const { iq_id: iqId } = state.get();
  const isOther = iqId !== null && iqId !== claim.iq_id;
  if (isOther && tables.version > 0) {
    return { claim_id: claim.claim_id, result: 'refused', reason: 'not_wiped' };
  }
  await state.change({
    iq_id: claim.iq_id,
    credential: claim.credential,
    restore_required: false,
  });
  return { claim_id: claim.claim_id, result: 'accepted', reason: null };
}

/** Content, credential and ledger go; the hub is as from the factory and its code can be used again. */
export async function wipe(content: Content): Promise<void> {
  const { state } = content;
  await state.change({
    iq_id: null,
    credential: null,
    restore_required: false,
    // (boot, sequence) must never repeat, and the ledger begins at 1 again.
    boot: state.get().boot + 1,
  });
  await finishDisowning(content);
}

/** The button: content goes, who the hub belongs to and what it has to tell stays. */
export async function factoryReset(content: Content): Promise<void> {
  await content.state.change({ iq_id: null, restore_required: true });
  await finishDisowning(content);
}

/** The table is back: the hub holds the content of an IQ again. */
export async function noteRestored({ state, tables }: Content): Promise<void> {
  const iqId = tables.table?.settings?.iq_id;
  const known = state.get();
  if (iqId === undefined || (known.iq_id === iqId && !known.restore_required)) return;
  await state.change({ iq_id: iqId, restore_required: false });
}
