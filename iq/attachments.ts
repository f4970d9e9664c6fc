/**
 * The devices that hang on this hub, on its disk: a lock attached by card stays attached through restarts and through a damaged
 * table, and its office mode is remembered with it.
 */
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { nullable, words } from '#contract/frame-fields';
import { batteryStates } from '#contract/lock-conditions';
import { readIfThere, readLines, replaceFile, toLine } from './files.ts';

const nullableText = nullable(Type.String());

export const Attached = Type.Object({
  kind: Type.Union([Type.Literal('lock'), Type.Literal('repeater')]),
  id: Type.String(),
  mac: Type.String(),
  slot: Type.Integer(),
  parent_mac: nullableText,
  /** The server has shown it as attached: if it turns pending again, the card is needed again. */
  is_confirmed: Type.Boolean(),
  office_mode: Type.Union([Type.Literal('none'), Type.Literal('easy'), Type.Literal('manual')]),
  /** End of the easy-office-mode window that was started, or ended by a person, and must not start by itself again. */
  window_done: nullableText,
  /** Reset at the hardware: the card lets it join again. */
  was_reset: Type.Boolean(),
  /** The battery level last warned of. */
  battery_warned: Type.Union([Type.Literal('low'), Type.Literal('critical'), Type.Null()]),
  /** Battery and radio as they were written down last; absent = never. */
  condition: Type.Optional(
    Type.Object({
      battery_level: words(batteryStates),
      online: Type.Boolean(),
      signal_strength: nullable(Type.Integer()),
      /** UTC instant of the last change after the first. */
      signal_changed_at: nullable(Type.String()),
    }),
  ),
  /** The offline memory the lock confirmed last: its version and the ids of its keys. */
  memory: Type.Optional(
    Type.Object({
      version: Type.String(),
      key_ids: Type.Array(Type.String()),
      /** The table it was proven to fit, where access by audit trail is on. */
      table_version: Type.Optional(Type.Integer()),
    }),
  ),
});
export type Attached = Static<typeof Attached>;

export type Attachments = {
  all(): readonly Attached[];
  find(id: string): Attached | null;
  findByMac(mac: string): Attached | null;
  /** Resolves when the change is on the disk; it counts in memory at once. */
  put(attached: Attached): Promise<void>;
  /** The same for what a door must not wait for or fail by: on a disk that cannot be written it counts in memory only. */
  note(attached: Attached): Promise<void>;
  remove(id: string): Promise<void>;
  clear(): Promise<void>;
  /** Waits for what is being written. What a lock still answers afterwards counts in memory only, as after a power cut. */
  close(): Promise<void>;
};

/** Opens the list of a data folder; unreadable lines are devices that must show card or button again. */
export async function openAttachments(
  dataDir: string,
  onUnwritten: (error: unknown) => void,
): Promise<Attachments> {
  const path = join(dataDir, 'attached');
  const { values } = readLines((await readIfThere(path)) ?? '');
  const byId = new Map<string, Attached>();
  for (const value of values) if (Value.Check(Attached, value)) byId.set(value.id, value);

  let writing: Promise<void> = Promise.resolve();
  let isClosed = false;
  function save(): Promise<void> {
    if (isClosed) return Promise.resolve();
    const lines = [...byId.values()].map((attached) => toLine(attached));
    const next = writing.then(() => replaceFile(path, lines));
    writing = next.catch(() => undefined);
    return next;
  }

  function put(attached: Attached): Promise<void> {
    byId.set(attached.id, attached);
    return save();
  }

  return {
    all: () => [...byId.values()],
    find: (id) => byId.get(id) ?? null,
    findByMac: (mac) => [...byId.values()].find((attached) => attached.mac === mac) ?? null,
    put,
    note: (attached) => put(attached).catch(onUnwritten),
    remove(id) {
      return byId.delete(id) ? save() : Promise.resolve();
    },
    clear() {
      byId.clear();
      return save();
    },
    close() {
      isClosed = true;
      return writing;
    },
  };
}
