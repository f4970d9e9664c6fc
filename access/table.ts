/**
 * The access table of one IQ, indexed: what a reader reports leads to keys in O(1). Changed in place, item by item, so that a
 * delta costs its own size and never that of the table.
 */
import { Compile } from 'typebox/compile';
import {
  itemSchemas,
  type AccessorItem,
  type DesiredItem,
  type GroupItem,
  type KeyItem,
  type LockItem,
  type RepeaterItem,
  type RevokedItem,
  type SettingsItem,
  type TrustItem,
} from '#contract/access-table';
import { assertNever } from '#contract/assert-never';
import { hashPin } from './pins.ts';
import type { Credential } from './presentation.ts';
import { compileSchedule, type CompiledSchedule } from './schedules.ts';

/** A desired-state item that its schema does not accept; the message names the key, never the value. */
export class TableItemError extends Error {
  override readonly name = 'TableItemError';
}

export type Holding = { readonly accessor: AccessorItem; readonly key: KeyItem };
export type Group = { readonly id: string; readonly schedules: readonly CompiledSchedule[] };
export type TableLock = { readonly item: LockItem; readonly groupIds: ReadonlySet<string> };

export type ParsedItem =
  | { readonly kind: 'settings'; readonly value: SettingsItem | null }
  | { readonly kind: 'lock'; readonly id: string; readonly value: LockItem | null }
  | { readonly kind: 'repeater'; readonly id: string; readonly value: RepeaterItem | null }
  | { readonly kind: 'group'; readonly id: string; readonly value: GroupItem | null }
  | { readonly kind: 'accessor'; readonly id: string; readonly value: AccessorItem | null }
  | { readonly kind: 'trust'; readonly value: TrustItem | null }
  | { readonly kind: 'revoked'; readonly id: string; readonly value: RevokedItem | null };

const checks = {
  settings: Compile(itemSchemas.settings),
  lock: Compile(itemSchemas.lock),
  repeater: Compile(itemSchemas.repeater),
  group: Compile(itemSchemas.group),
  accessor: Compile(itemSchemas.accessor),
  trust: Compile(itemSchemas.trust),
  revoked: Compile(itemSchemas.revoked),
} as const;

/**
 * An item as it came over the wire, or null for a kind this version does not know, which is ignored as unknown members are.
 * Throws TableItemError when the value does not fit its kind.
 */
export function parseItem({ key, value }: DesiredItem): ParsedItem | null {
  const slash = key.indexOf('/');
  const kind = slash < 0 ? key : key.slice(0, slash);
  const id = slash < 0 ? '' : key.slice(slash + 1);
  switch (kind) {
    case 'settings':
      return { kind, value: checked(key, value, checks.settings) };
    case 'lock':
      return { kind, id, value: checked(key, value, checks.lock) };
    case 'repeater':
      return { kind, id, value: checked(key, value, checks.repeater) };
    case 'group':
      return { kind, id, value: checked(key, value, checks.group) };
    case 'accessor':
      return { kind, id, value: checked(key, value, checks.accessor) };
    case 'trust':
      return { kind, value: checked(key, value, checks.trust) };
    case 'revoked':
      return { kind, id, value: checked(key, value, checks.revoked) };
    default:
      return null;
  }
}

function checked<T>(
  key: string,
  value: unknown,
  schema: { Check(value: unknown): value is T },
): T | null {
  if (value === null) return null;
  if (!schema.Check(value)) throw new TableItemError(`item ${key} does not fit its schema`);
  return value;
}

type Index = Map<string, Holding[]>;

/** The table of one IQ; only `apply` and `clear` change it. */
export class AccessTable {
  settings: SettingsItem | null = null;
  readonly locks = new Map<string, TableLock>();
  readonly repeaters = new Map<string, RepeaterItem>();
  readonly groups = new Map<string, Group>();
  readonly accessors = new Map<string, AccessorItem>();
  /** null = the hub was never told whom to believe: no phone opens. */
  trust: TrustItem | null = null;
  /** Phone certificates and mobile keys that are not accepted any more, by id. */
  readonly revoked = new Map<string, RevokedItem>();
  readonly #keys = new Map<string, Holding>();
  readonly #byTagNumber: Index = new Map();
  readonly #byRfid: Index = new Map();
  readonly #byPin: Index = new Map();
  readonly #byMobileKey: Index = new Map();
  readonly #byWallet: Index = new Map();
  readonly #byPlate: Index = new Map();

  /** Replaces or removes items; parse them first so that a delta is applied whole or not at all. */
  apply(items: readonly ParsedItem[]): void {
    for (const item of items) this.#applyOne(item);
  }

  /** Forgets everything. */
  clear(): void {
    this.settings = null;
    this.trust = null;
    this.revoked.clear();
    this.locks.clear();
    this.repeaters.clear();
    this.groups.clear();
    this.accessors.clear();
    this.#keys.clear();
    for (const index of this.#indexes()) index.clear();
  }

  /** A key by the id of its relation, as offline keys name it. */
  findKey(keyId: string): Holding | null {
    return this.#keys.get(keyId) ?? null;
  }

  /** Who holds what was shown: nobody, one accessor, or the same person's accessors of several sites (5.1). */
  findHoldings(credential: Credential): readonly Holding[] {
    switch (credential.type) {
      case 'tag':
        return this.#findTag(credential.tagNumber, credential.rfidUid);
      case 'pin':
        return pinHashKeysOf(this.settings).flatMap(
          (key) => this.#byPin.get(hashPin(credential.code, key)) ?? [],
        );
      case 'mkey':
        return credential.mkeyId === null ? [] : (this.#byMobileKey.get(credential.mkeyId) ?? []);
      case 'wallet':
        return this.#byWallet.get(credential.passId) ?? [];
      case 'license_plate':
        return this.#byPlate.get(credential.plate) ?? [];
      default:
        return assertNever(credential);
    }
  }

  #findTag(tagNumber: string | null, rfidUid: string | null): readonly Holding[] {
    const byNumber = tagNumber === null ? undefined : this.#byTagNumber.get(tagNumber);
    if (byNumber) return byNumber;
    return rfidUid === null ? [] : (this.#byRfid.get(rfidUid.toUpperCase()) ?? []);
  }

  #applyOne(item: ParsedItem): void {
    switch (item.kind) {
      case 'settings':
        this.settings = item.value;
        return;
      case 'lock':
        if (item.value === null) this.locks.delete(item.id);
        else this.locks.set(item.id, { item: item.value, groupIds: new Set(item.value.group_ids) });
        return;
      case 'repeater':
        if (item.value === null) this.repeaters.delete(item.id);
        else this.repeaters.set(item.id, item.value);
        return;
      case 'group':
        if (item.value === null) this.groups.delete(item.id);
        else this.groups.set(item.id, compileGroup(item.value));
        return;
      case 'accessor':
        this.#setAccessor(item.id, item.value);
        return;
      case 'trust':
        this.trust = item.value;
        return;
      case 'revoked':
        if (item.value === null) this.revoked.delete(item.id);
        else this.revoked.set(item.id, item.value);
        return;
      default:
        assertNever(item);
    }
  }

  #setAccessor(id: string, accessor: AccessorItem | null): void {
    const former = this.accessors.get(id);
    for (const key of former?.keys ?? []) this.#unindex(id, key);
    if (accessor === null) {
      this.accessors.delete(id);
      return;
    }
    this.accessors.set(id, accessor);
    for (const key of accessor.keys) {
      const holding = { accessor, key };
      this.#keys.set(key.id, holding);
      for (const [index, value] of this.#placesOf(key)) {
        const sharers = index.get(value);
        if (sharers) sharers.push(holding);
        else index.set(value, [holding]);
      }
    }
  }

  #unindex(accessorId: string, key: KeyItem): void {
    if (this.#keys.get(key.id)?.accessor.id === accessorId) this.#keys.delete(key.id);
    for (const [index, value] of this.#placesOf(key)) {
      const others =
        index.get(value)?.filter((holding) => holding.accessor.id !== accessorId) ?? [];
      if (others.length === 0) index.delete(value);
      else index.set(value, others);
    }
  }

  #placesOf(key: KeyItem): readonly (readonly [Index, string])[] {
    switch (key.type) {
      case 'tag':
        return key.rfid_uid === null
          ? [[this.#byTagNumber, key.value]]
          : [
              [this.#byTagNumber, key.value],
              [this.#byRfid, key.rfid_uid.toUpperCase()],
            ];
      case 'pin':
      case 'custom_pin':
        return [[this.#byPin, key.value]];
      case 'mkey':
        return [[this.#byMobileKey, key.value]];
      case 'wallet':
        return [[this.#byWallet, key.value]];
      case 'license_plate':
        return [[this.#byPlate, key.value]];
      default:
        return assertNever(key.type);
    }
  }

  #indexes(): readonly Index[] {
    return [
      this.#byTagNumber,
      this.#byRfid,
      this.#byPin,
      this.#byMobileKey,
      this.#byWallet,
      this.#byPlate,
    ];
  }
}

/** Every key under which a keypad code may lie, the usual one first. */
export function pinHashKeysOf(settings: SettingsItem | null): readonly string[] {
  if (settings === null) return [];
  return [settings.pin_hash_key, ...(settings.former_pin_hash_keys ?? [])];
}

function compileGroup(item: GroupItem): Group {
  return { id: item.id, schedules: item.schedules.map((schedule) => compileSchedule(schedule)) };
}

/** A table of these items. Throws TableItemError. */
export function tableOf(items: readonly DesiredItem[]): AccessTable {
  const table = new AccessTable();
  table.apply(items.map((item) => parseItem(item)).filter((item) => item !== null));
  return table;
}
