/** What a hub is made of, and what can be seen of it from outside. */
import type { HubEvent } from '#contract/events';
import type { Frame, LockReport, RepeaterReport } from '#contract/iq-link';
import type { AccessTable } from '#access/table';
import type { HubClock } from './clock.ts';
import type { Driver } from './drivers/driver.ts';
import type { HubLog } from './log.ts';
import type { SessionState } from './session.ts';

export type HubHardware = Pick<
  Frame<'hello'>,
  'model' | 'revision' | 'vendor' | 'software' | 'limits'
>;

export type HubOptions = {
  readonly dataDir: string;
  /** Activation code: 26 hex digits, the first six are the mac (core-api.md 7.1). */
  readonly code: string;
  /** mqtts://host:port */
  readonly server: string;
  /** PEM of the authority that signed the gateway's certificate. */
  readonly ca: string | Buffer;
  readonly driver: Driver;
  readonly clock: HubClock;
  readonly log: HubLog;
  readonly hardware?: HubHardware;
  /** `none` where the clock is kept right by other means, such as NTP: the server's time is not followed. */
  readonly clockCorrection?: 'server' | 'none';
  /** The time that deadlines of the server are by; absent = the hub's own, where nobody moves that apart. */
  readonly serverNow?: () => Date;
  /** Bytes the ledger may take at this moment; absent = as many as the disk has. */
  readonly mostLedgerBytes?: () => number;
  /** PEM of the public key of the hub's maker; null = no firmware is believed. */
  readonly firmwareKey?: string | null;
  /** How long the machine has had power; absent = as the system says. */
  readonly machineUpMs?: () => number;
};

/** What can be watched from outside, each after it is true. */
export type HubFact =
  /** The event is on the disk. */
  | { readonly kind: 'recorded'; readonly event: HubEvent }
  | { readonly kind: 'link'; readonly state: SessionState['name'] }
  | { readonly kind: 'table'; readonly version: number };

export type HubView = {
  readonly hubId: string;
  readonly iqId: string | null;
  readonly boot: number;
  readonly link: SessionState['name'];
  readonly tableVersion: number;
  /** null = unreadable */
  readonly table: AccessTable | null;
  readonly restoreRequired: boolean;
  /** Acts on locks that are under way. */
  readonly actsWaiting: number;
  readonly locks: readonly LockReport[];
  readonly repeaters: readonly RepeaterReport[];
};

export const usualHardware: HubHardware = {
  model: 'Cardea software hub',
  revision: '1',
  vendor: 'sallis',
  software: '0.1.0',
  limits: { locks: 16, repeaters: 6, layers: 3, persons: 100_000 },
};
