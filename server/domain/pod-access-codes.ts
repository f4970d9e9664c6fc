/**
 * Access codes of pods (connect-api.md 4.9, identity.md 4): made by a member, typed by somebody without an account, who is then one
 * of the pod's guests.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { LoginId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type {
  PodAccessCodeResponse,
  PostPodGuestByAccessCodeRequest,
  PutPodAccessCodeRequest,
} from '#contract/pods';
import { instantText } from '#contract/time-text';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import {
  insertPodAccessCode,
  listPodAccessCodes,
  revokePodAccessCode,
  usePodAccessCode,
  type PodAccessCodeRow,
} from '#server/store/pod-access-codes';
import { findPodPass, holdPodPass, turnPodPass, type PodPass } from '#server/store/pod-passes';
import { findPod, holdPod, type PodOfSite, type PodRow } from '#server/store/pods';
import { findUserId } from '#server/store/logins';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { findSitePlace, type SiteFacts } from '#server/store/site-people';
import { hashAccessCode, makeAccessCode } from './pod-code-text.ts';
import { addGuest } from './pod-guests.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { SiteUserParts } from './site-user-creation.ts';

/** A code lives no longer, and so long when nothing else is asked for (behaviour.md 2). */
const longestMs = 24 * 3_600_000;

export type PodAccessCodes = {
  list(actor: Actor, options: ListOptions, pod: PodOfSite): Promise<ListResult<PodAccessCodeRow>>;
  /**
   * Makes the code of a pod and ends the former. VALUE_INVALID: it would end later than in a day, or not ahead, or be for nobody;
   * POD_FULL: no guest's place is free, or fewer than `use_limit`.
   */
  make(
    actor: Actor & { readonly userId: UserId },
    pod: PodOfSite,
    body: Required<Static<typeof PutPodAccessCodeRequest>>,
  ): Promise<PodAccessCodeResponse>;
  /** Ends the code of a pod, where it has one. */
  revoke(actor: Actor, pod: PodOfSite): Promise<void>;
  /** What the login of an access code was given; undefined for every other login, and when its site or person is gone. */
  findPassing(
    loginId: LoginId,
  ): Promise<
    { readonly pass: PodPass; readonly userId: UserId; readonly site: SiteFacts } | undefined
  >;
  /**
   * Makes the one who typed a code a guest of its pod. OPERATION_NOT_ALLOWED: the code has ended, was revoked or used up, or this
   * login is a guest already; POD_FULL; NO_SUBSCRIPTION: the site has no pods any more.
   */
  redeem(
    pass: PodPass,
    actor: Actor & { readonly userId: UserId },
    names: Static<typeof PostPodGuestByAccessCodeRequest>,
  ): Promise<Written<void>>;
};

export function createPodAccessCodes(parts: SiteUserParts): PodAccessCodes {
  const { database, audit, clock, ids } = parts;
  return {
    list: (actor, options, pod) =>
      listPodAccessCodes(readScope(database, actor.tenantId), options, pod.id),

    async make(actor, pod, body) {
      const createdAt = clock.now();
      const expiresAt = expiryOf(body.code_expiry_date, createdAt);
      const code = makeAccessCode(ids);
      const codeHash = await hashAccessCode(code);
      if (codeHash === undefined) throw new Error('a code that was made here cannot be read');
      return inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const free = freePlaces(await heldPod(scope, pod));
        const useLimit = body.use_limit ?? free;
        if (free < 1 || useLimit > free) throw new ApiError('POD_FULL');
        const id = ids.next<string>();
        const former = await revokePodAccessCode(scope, pod.id, createdAt);
        if (former !== undefined) audit.record(scope, actor, fact('revoke', pod, former));
        const { userId } = actor;
        const row = { id, podId: pod.id, codeHash, userId, createdAt, expiresAt, useLimit };
        await insertPodAccessCode(scope, row);
        audit.record(scope, actor, {
          ...fact('create', pod, id),
          after: { expires_at: expiresAt.toISOString(), use_limit: useLimit },
        });
        return {
          id,
          code,
          code_created_date: instantText(createdAt),
          code_expiry_date: instantText(expiresAt),
          use_limit: useLimit,
          state: 'active',
        };
      });
    },

    revoke: (actor, pod) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldPod(scope, pod);
        const id = await revokePodAccessCode(scope, pod.id, clock.now());
        if (id !== undefined) audit.record(scope, actor, fact('revoke', pod, id));
      }),

    async findPassing(loginId) {
      const pass = await findPodPass(database, loginId);
      if (pass === undefined) return undefined;
      const { tenantId, siteId } = pass;
      const userId = await findUserId(database, { tenantId, loginId });
      const site = await findSitePlace(readScope(database, tenantId), { siteId, userId });
      return site === undefined || userId === undefined ? undefined : { pass, userId, site };
    },

    redeem: (pass, actor, names) =>
      writeRights({ database, actor }, async (scope, warn) => {
        const { loginId, accessCodeId, podId, siteId } = pass;
        const pod = { siteId, id: podId };
        if (!(await holdPod(scope, pod))) throw ended();
        const held = await holdPodPass(scope, loginId);
        if (held === undefined || held.isUsed)
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'The access code was used by this token already.',
          });
        if (!(await usePodAccessCode(scope, accessCodeId, clock.now()))) throw ended();
        const { userId } = actor;
        const accessorId = await addGuest(scope, parts, {
          at: { actor, siteId, userId },
          pod,
          person: { userId, ...names },
          warn,
        });
        const { first_name: firstName, last_name: lastName } = names;
        await turnPodPass(scope, { loginId, accessorId, firstName, lastName });
        audit.record(scope, actor, { ...fact('redeem', pod, accessCodeId), accessorId });
      }),
  };
}

async function heldPod(scope: WriteScope, pod: PodOfSite): Promise<PodRow> {
  const found = (await holdPod(scope, pod)) ? await findPod(scope, pod) : undefined;
  if (found === undefined) throw new ApiError('NOT_FOUND', { thing: 'Pod' });
  return found;
}

function freePlaces({ max_guest_amount: most, guest_amount: present }: PodRow): number {
  return most - present;
}

function ended(): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', {
    reason: 'The access code has ended; ask for a new one.',
  });
}

function expiryOf(asked: string | null, now: Date): Date {
  if (asked === null) return new Date(now.getTime() + longestMs);
  const expiresAt = new Date(asked);
  const inMs = expiresAt.getTime() - now.getTime();
  if (inMs > 0 && inMs <= longestMs) return expiresAt;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'code_expiry_date',
    reason: 'It must lie ahead, and within a day.',
  });
}

function fact(verb: string, pod: PodOfSite, id: string) {
  return {
    action: `pod_access_code.${verb}`,
    objectType: 'pod_access_code',
    objectId: id,
    collectionId: pod.siteId,
  };
}
