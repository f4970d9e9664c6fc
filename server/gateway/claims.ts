/**
 * Claims and wipes across processes. The claim itself is a row of the factory register, written by whoever claims in the
 * transaction that makes the IQ; these calls only wake the gateway that holds the hub, which makes the credential and is the
 * only one that ever sees it. A hub that is not connected gets the claim at its next hello.
 */
import type { HubId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Bus } from '#server/store/bus';

export const claimTopic = 'hub-claim';
export const wipeTopic = 'hub-wipe';
/** The IQ of a hub has another tenant. */
export const moveTopic = 'hub-move';
export function claimedTopic(hubId: HubId): string {
  return `hub-claimed:${hubId}`;
}

export type ClaimAnswer = { readonly claimId: string; readonly result: 'accepted' | 'refused' };

/** How long POST /iqs waits for the hub (behaviour.md 3.1). */
export const claimWithinMs = 3_000;

export type Claims = {
  /** Sends the claim of the register to the hub; `silent` = no answer within 3 s, it is tried again at each hello. */
  claim(hubId: HubId, claimId: string): Promise<'accepted' | 'refused' | 'silent'>;
  /** Tells the hub of a deleted IQ to wipe itself, if it is connected; else it is told at its next hello. */
  wipe(hubId: HubId): void;
  /** Ends the session of a hub whose IQ has another tenant: it comes back at once and is welcomed by that one. */
  move(hubId: HubId): void;
};

export function createClaims({ bus, clock }: { readonly bus: Bus; readonly clock: Clock }): Claims {
  return {
    claim(hubId, claimId) {
      return new Promise((resolve) => {
        const timer = clock.setTimeout(() => end('silent'), claimWithinMs);
        const forget = bus.subscribe(claimedTopic(hubId), (payload) => {
          const answer = JSON.parse(payload) as ClaimAnswer;
          if (answer.claimId === claimId) end(answer.result);
        });
        function end(result: 'accepted' | 'refused' | 'silent'): void {
          timer.cancel();
          forget();
          resolve(result);
        }
        bus.publish(claimTopic, hubId);
      });
    },
    wipe(hubId) {
      bus.publish(wipeTopic, hubId);
    },
    move(hubId) {
      bus.publish(moveTopic, hubId);
    },
  };
}
