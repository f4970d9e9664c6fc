/** What becomes of a hub that said hello: the factory register says whose it is, the domain what its IQ may do. */
import type { Frame } from '#contract/iq-link';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import {
  confirmClaim,
  findFactoryHub,
  freeWipedHub,
  noteFactoryHello,
  registerStatements,
  setClaimCredential,
  type FactoryHub,
} from '#server/store/factory-hubs';
import type { Database } from '#server/store/pool';
import { hashHubSecret } from './activation-code.ts';
import type { Admission } from './admission.ts';
import type { HubConnection } from './broker.ts';
import { claimedTopic, type ClaimAnswer } from './claims.ts';
import type { ClaimedHub, GatewayHandlers } from './handlers.ts';
import type { Hub, Welcome } from './hub.ts';

const credentialBytes = 32;
/** A hub that accepted its claim comes back by itself; one that does not is sent away after so long. */
const comesBackWithinMs = 2_000;
const wipeWithinMs = 60_000;

export type Reception = {
  check(hub: Hub, admission: Admission, hello: Frame<'hello'>): Promise<Welcome>;
  /**
   * Sends the open claim on a hub, if there is one, with a credential made for this connection. Sent once more over it, as when a
   * claim is made while the hub is being welcomed, it is the same one: the hub may have answered the first and gone.
   */
  sendClaim(hub: Hub): Promise<void>;
  sendWipe(hub: Hub): void;
  /** A wipe was asked for while the hub is connected. */
  wipeIfAsked(hub: Hub): Promise<void>;
  /** `connection`: over which the hub said so. */
  takeClaimed(hub: Hub, connection: HubConnection, claimed: Frame<'claimed'>): Promise<void>;
};

export function createReception({
  database,
  handlers,
  bus,
  clock,
  ids,
  log,
  gatewayId,
}: {
  readonly database: Database;
  readonly handlers: Pick<GatewayHandlers, 'hello' | 'claimed' | 'comesHome'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly gatewayId: string;
}): Reception {
  const statements = registerStatements(database);
  /** The claim that went over each connection. */
  const handed = new WeakMap<
    HubConnection,
    { readonly claimId: string; readonly credential: string }
  >();

  async function checkByCode(hub: FactoryHub, hello: Frame<'hello'>): Promise<Welcome> {
    if (hub.wipeRequestedAt !== null) {
      if (hello.iq_id !== null) {
        return { answer: 'refused', reason: 'this hub still holds an IQ that is gone: reset it' };
      }
      await freeWipedHub(statements, hub.hubId);
      log.info({ hubId: hub.hubId }, 'a hub has wiped itself and is free');
      return { answer: 'factory' };
    }
    if (hub.claim?.confirmedAt instanceof Date) {
      return { answer: 'refused', reason: 'this hub is claimed: its credential is needed' };
    }
    if (hub.claim === null && hello.iq_id !== null) await handlers.comesHome(hub, hello.iq_id);
    return { answer: 'factory' };
  }

  async function checkByCredential(hub: FactoryHub, hello: Frame<'hello'>): Promise<Welcome> {
    if (hub.claim === null) return { answer: 'refused', reason: 'the claim on this hub has ended' };
    if (hub.wipeRequestedAt !== null) {
      const { tenantId, iqId } = hub.claim;
      return { answer: 'wipe', iq: { tenantId, iqId, hubId: hub.hubId, gatewayId } };
    }
    if (hub.claim.confirmedAt === null) {
      // It holds the credential, so it accepted; its word was lost.
      const claimed = { claim_id: hub.claim.claimId, result: 'accepted', reason: null } as const;
      await settleClaim(hub, { claimed, credentialHash: hub.credentialHash });
    }
    const known = claimedHub(hub, 'credential');
    if (known === undefined)
      return { answer: 'refused', reason: 'the claim on this hub has ended' };
    const answer = await handlers.hello(known, hello);
    if (answer.answer === 'refused') return answer;
    const { tenantId, iqId, acknowledged, tableVersion } = answer;
    const iq = { tenantId, iqId, hubId: hub.hubId, gatewayId };
    return { answer: 'iq', iq, acknowledged, tableVersion };
  }

  /** The hub's answer to its claim, told on once; the credential it holds is the one that counts. */
  async function settleClaim(
    hub: FactoryHub,
    {
      claimed,
      credentialHash,
    }: { readonly claimed: Frame<'claimed'>; readonly credentialHash: string | null },
  ): Promise<void> {
    const { hubId } = hub;
    const { claim_id: claimId, result } = claimed;
    const known = claimedHub(hub, 'code');
    if (known === undefined || known.claim.claimId !== claimId || known.claim.isConfirmed) return;
    if (result === 'accepted') {
      const isFirst = await confirmClaim(statements, {
        hubId,
        claimId,
        credentialHash,
        now: clock.now(),
      });
      if (!isFirst) return;
    }
    const isConfirmed = result === 'accepted';
    await handlers.claimed({ ...known, claim: { ...known.claim, isConfirmed } }, claimed);
    const answer: ClaimAnswer = { claimId, result };
    bus.publish(claimedTopic(hubId), JSON.stringify(answer));
  }

  function sendWipe(hub: Hub): void {
    const deadline = new Date(clock.now().getTime() + wipeWithinMs).toISOString();
    hub.send('command', { id: ids.next(), kind: 'wipe', deadline });
  }

  return {
    async check(hub, admission, hello) {
      const found = await findFactoryHub(statements, hub.hubId);
      if (found === undefined) return { answer: 'refused', reason: 'unknown hub' };
      await noteFactoryHello(statements, hub.hubId, { hello, now: clock.now() });
      return admission.provenBy === 'code'
        ? checkByCode(found, hello)
        : checkByCredential(found, hello);
    },
    async sendClaim(hub) {
      const { connection } = hub;
      const found = await findFactoryHub(statements, hub.hubId);
      const claim = found?.claim;
      if (connection === undefined || !claim || claim.confirmedAt !== null) return;
      const { claimId } = claim;
      const former = handed.get(connection);
      const credential =
        former?.claimId === claimId
          ? former.credential
          : ids.bytes(credentialBytes).toString('base64url');
      handed.set(connection, { claimId, credential });
      const isOpen = await setClaimCredential(statements, {
        hubId: hub.hubId,
        claimId,
        credentialHash: hashHubSecret(credential),
      });
      // A hub that has come back meanwhile is sent its own.
      if (isOpen && connection === hub.connection)
        hub.send('claim', { claim_id: claimId, iq_id: claim.iqId, credential });
    },
    sendWipe,
    async wipeIfAsked(hub) {
      const found = await findFactoryHub(statements, hub.hubId);
      if (found?.wipeRequestedAt instanceof Date) sendWipe(hub);
    },
    async takeClaimed(hub, connection, claimed) {
      const found = await findFactoryHub(statements, hub.hubId);
      const given = handed.get(connection);
      if (found === undefined || given?.claimId !== claimed.claim_id) return;
      await settleClaim(found, { claimed, credentialHash: hashHubSecret(given.credential) });
      if (claimed.result !== 'accepted') {
        log.warn({ hubId: hub.hubId, reason: claimed.reason }, 'a hub refused its claim');
        return;
      }
      clock.setTimeout(() => {
        if (hub.connection === connection) hub.end('claimed');
      }, comesBackWithinMs);
    },
  };
}

function claimedHub(hub: FactoryHub, provenBy: 'credential' | 'code'): ClaimedHub | undefined {
  if (hub.claim === null) return undefined;
  const { confirmedAt, ...claim } = hub.claim;
  return {
    hubId: hub.hubId,
    provenBy,
    claim: { ...claim, isConfirmed: confirmedAt !== null || provenBy === 'credential' },
    isWipeRequested: hub.wipeRequestedAt !== null,
  };
}
