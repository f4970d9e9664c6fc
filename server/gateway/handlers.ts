/**
 * What the gateway asks of the domain. The gateway moves frames and keeps promises about them; what a frame means for
 * tenants, doors and events is decided behind these calls.
 *
 * Promises of the gateway: calls for one IQ never overlap and come in the order of its frames (`events` and `outcome`
 * have queues of their own); nothing but `hello` is called before the welcome; a call that throws ends the connection
 * of that hub with a logged reason, after which the hub comes back and says everything again.
 */
import type { HubEvent } from '#contract/events';
import type { HubId, IqId, TenantId } from '#contract/ids';
import type { Frame, LockReport } from '#contract/iq-link';
import type { FactoryHub } from '#server/store/factory-hubs';

/** The claim a tenant holds on a hub. */
export type HubClaim = {
  readonly tenantId: TenantId;
  readonly iqId: IqId;
  readonly claimId: string;
  /** False until the hub has answered `claimed` or has shown the credential of the claim. */
  readonly isConfirmed: boolean;
};

/** A hub that has shown who it is. */
export type HubIdentity = {
  readonly hubId: HubId;
  /** `credential` = the secret handed out at its claim; `code` = its activation code. */
  readonly provenBy: 'credential' | 'code';
  readonly claim: HubClaim | null;
  /** The IQ was deleted or replaced; the gateway sends `wipe` after the welcome. */
  readonly isWipeRequested: boolean;
};

export type ClaimedHub = HubIdentity & { readonly claim: HubClaim };

/** The IQ a connection speaks for, and the gateway process that holds it. */
export type ConnectedIq = {
  readonly tenantId: TenantId;
  readonly iqId: IqId;
  readonly hubId: HubId;
  readonly gatewayId: string;
};

/** A place in the ledger of an IQ. */
export type LedgerPosition = { readonly boot: number; readonly sequence: number };

export type HelloAnswer =
  | {
      readonly answer: 'welcome';
      readonly tenantId: TenantId;
      readonly iqId: IqId;
      /** The last event stored for this IQ; null = none. */
      readonly acknowledged: LedgerPosition | null;
      /** The version it holds of what was sent from here; 0 = nothing, whatever else it holds. */
      readonly tableVersion: number;
    }
  | { readonly answer: 'refused'; readonly reason: string };

/** One `events` frame. */
export type LedgerUpload = {
  readonly iq: ConnectedIq;
  readonly boot: number;
  readonly events: readonly HubEvent[];
};

/** Why an IQ counts as offline; the words go to logs and metrics, never to the API. */
export type OfflineReason = 'silence' | 'closed' | 'gateway_lost';

export type GatewayHandlers = {
  /**
   * A hub that is free here shows its activation code and says that it holds an IQ's content: where that IQ waits for it,
   * the handler claims it in the factory register, and the gateway sends the claim.
   */
  comesHome(hub: FactoryHub, iqId: string): Promise<void>;
  /**
   * Decides what becomes of a hub that has shown the credential of its claim. Hubs that come with their activation code are
   * welcomed as nobody's and claimed by the gateway alone.
   */
  hello(hub: ClaimedHub, hello: Frame<'hello'>): Promise<HelloAnswer>;
  /**
   * The hub answered its claim, for the first time: the factory register says confirmed (accepted) or still open (refused).
   * A hub that comes with the credential of an open claim has accepted it too.
   */
  claimed(hub: ClaimedHub, claimed: Frame<'claimed'>): Promise<void>;
  /** Welcomed; also called when a hub comes back before it was declared offline. `takePresence` of store/gateways.ts. */
  online(iq: ConnectedIq): Promise<void>;
  /**
   * Declared offline: nothing heard for 15 s (behaviour.md 2). Holds only while `dropPresence` of store/gateways.ts says
   * that this gateway still holds the IQ: it may have come back elsewhere.
   */
  offline(
    iq: ConnectedIq,
    why: { readonly reason: OfflineReason; readonly heardAt: Date | null },
  ): Promise<void>;
  report(iq: ConnectedIq, report: Frame<'report'>): Promise<void>;
  /**
   * Stores the uploads of many hubs, at best in one transaction, and resolves after the commit with the position stored
   * for each IQ of the batch. Uploads already stored are stored once. Several uploads of one IQ come in order.
   */
  events(batch: readonly LedgerUpload[]): Promise<ReadonlyMap<IqId, LedgerPosition>>;
  /** The state of a lock after a command, confirmed or refused; the caller of the command is not kept waiting for this. */
  outcomeLock(iq: ConnectedIq, lock: LockReport): Promise<void>;
  /** The hub holds `version` of its desired state on disk; `refused` says why it did not take what was sent. */
  applied(iq: ConnectedIq, applied: Frame<'applied'>): Promise<void>;
  /** The part of an image that a hub asks for. */
  imagePart(iq: ConnectedIq, request: Frame<'image_request'>): Promise<Frame<'image'>>;
};
