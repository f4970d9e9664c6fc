/** Installers whom a site lets in for a day: on hubs that were enabled one by one, for hardware alone (behaviour.md 17). */
import { hash } from 'node:crypto';
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, IqId, LoginId, TenantId, UserId } from '#contract/ids';
import type { PutInstallerAccessRequest } from '#contract/installer-access';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import {
  disableIqForInstaller,
  enableIqForInstaller,
  endInstallerAccess,
  findByInstallerToken,
  findInstallerAccess,
  findIqOf,
  holdInstallerAccess,
  listInstallerIqs,
  putInstallerAccess,
  takeInstallerAccess,
  type InstallerAccessRow,
  type InstallerIqRow,
} from '#server/store/installer-access';
import type { ListResult } from '#server/store/list';
import { ensureUser } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import type { SitePlace } from '#server/store/site-people';
import { heldIq } from './iqs.ts';
import { checkOtp, noOtpAsked, noOtpNeeded, sentOtpOfPerson, settled } from './otp-checks.ts';
import { isOtpWaived, touchableIqs } from './permissions.ts';

export type HardwareKind = 'iq' | 'lock' | 'repeater';

export type GivenAccess = InstallerAccessRow & {
  readonly is_active: boolean;
  /** Shown once, in the answer that made it. */
  readonly token: string | null;
};

export type InstallerAccess = {
  /** Before somebody who was let in as an installer touches hardware. VALUE_INVALID (path_id): it is on no hub enabled for that. */
  requireTouchable(
    actor: Actor,
    place: SitePlace,
    hardware: { readonly kind: HardwareKind; readonly id: string },
  ): Promise<void>;
  /** NOT_FOUND when the site never let an installer in. */
  get(actor: Actor, siteId: CollectionId): Promise<GivenAccess>;
  /** `enable` gives 24 h anew, to nobody yet; `disable` ends it at once. NOT_FOUND: never granted. */
  put(
    actor: Actor,
    siteId: CollectionId,
    body: Required<Static<typeof PutInstallerAccessRequest>>,
  ): Promise<GivenAccess>;
  listIqs(
    actor: Actor,
    options: ListOptions,
    of: { readonly siteId: CollectionId; readonly iqId: IqId | null },
  ): Promise<ListResult<InstallerIqRow>>;
  /** REQUEST_INVALID without code; OPERATION_NOT_ALLOWED: no access is active; CCC_COMMAND_FAILED: the code. */
  setIq(
    actor: Actor,
    iq: {
      readonly siteId: CollectionId;
      readonly iqId: IqId;
      /** Whose code it is; null = an owner without keys. */
      readonly accessorId: AccessorId | null;
    },
    order: { readonly otp: string | null; readonly enable: boolean | undefined },
  ): Promise<void>;
  /** The person comes in. VALUE_INVALID: the token is unknown, over, or somebody else's by now. */
  redeem(
    person: { readonly tenantId: TenantId; readonly loginId: LoginId } & Omit<Actor, 'userId'>,
    token: string,
  ): Promise<{ readonly tenantId: TenantId; readonly siteId: CollectionId }>;
};

const dayMs = 24 * 3_600_000;

export function createInstallerAccess(parts: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly seal: Seal;
}): InstallerAccess {
  const { database, audit, clock, ids } = parts;

  function given(row: InstallerAccessRow | undefined, token: string | null): GivenAccess {
    if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Installer access' });
    return { ...row, is_active: isActive(row, clock.now()), token };
  }

  return {
    async requireTouchable(actor, place, { kind, id }) {
      const touchable = touchableIqs(place);
      if (touchable === 'all') return;
      const iqId =
        kind === 'iq'
          ? (id as IqId)
          : await findIqOf(readScope(database, actor.tenantId), { kind, id });
      // What hangs on no hub yet is what a tree is made of.
      if (iqId === null || (iqId !== undefined && touchable.includes(iqId))) return;
      throw new ApiError('VALUE_INVALID', { parameter: `${kind}_id`, case: 'path_id' });
    },

    async get(actor, siteId) {
      const scope = readScope(database, actor.tenantId);
      return given(await findInstallerAccess(scope, siteId), null);
    },

    put: (actor, siteId, { action, update_default_installer: setsDefault }) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const now = clock.now();
        const record = auditOf(audit, { scope, actor, siteId });
        if (action === 'disable') {
          given(await holdInstallerAccess(scope, siteId), null);
          await endInstallerAccess(scope, siteId, now);
          record('disable', null);
          return given(await findInstallerAccess(scope, siteId), null);
        }
        const token = ids.bytes(24).toString('base64url');
        await putInstallerAccess(scope, {
          siteId,
          tokenHash: hashOf(token),
          setsDefault,
          createdAt: now,
          expiresAt: new Date(now.getTime() + dayMs),
        });
        record('enable', setsDefault ? 'update_default_installer' : null);
        return given(await findInstallerAccess(scope, siteId), token);
      }),

    listIqs: (actor, options, of) =>
      listInstallerIqs(readScope(database, actor.tenantId), options, of),

    setIq: (actor, { siteId, iqId, accessorId }, { otp, enable }) =>
      settled({ database, actor }, async (scope) => {
        const now = clock.now();
        const iq = await heldIq(scope, iqId, now);
        if (iq.otp_enabled && (otp === null || otp === ''))
          throw new ApiError('REQUEST_INVALID', { reason: 'The otp field is required.' });
        const access = await holdInstallerAccess(scope, siteId);
        if (access === undefined || !isActive(access, now))
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'No installer access is active at the site.',
          });
        const sent = sentOtpOfPerson(iq, { accessor_id: accessorId, otp });
        const passed =
          sent === null
            ? noOtpNeeded
            : await checkOtp(
                scope,
                { ...parts, actor },
                { ...sent, iqId, command: 'installer_access.iq', mayBeInactive: false },
              );
        if (passed.refusal !== undefined) return passed;
        await passed.spend();
        if (enable === undefined) return undefined;
        if (enable) await enableIqForInstaller(scope, { siteId, iqId, now });
        else await disableIqForInstaller(scope, iqId);
        auditOf(audit, { scope, actor, siteId })(enable ? 'enable_iq' : 'disable_iq', iqId);
        return undefined;
      }),

    async redeem({ tenantId: ofClient, loginId, clientId, requestId }, token) {
      const now = clock.now();
      const tokenHash = hashOf(token);
      const found = await findByInstallerToken(database, { tenantId: ofClient, tokenHash, now });
      if (found === undefined) throw refusedToken();
      const { tenantId, siteId } = found;
      const userId = await ensureUser(database, {
        tenantId,
        id: ids.next<UserId>(),
        loginId,
        createdAt: now,
      });
      const actor = { tenantId, clientId, userId, requestId };
      await inTransaction({ database, tenantId }, async (scope) => {
        if (!(await takeInstallerAccess(scope, { siteId, tokenHash, userId, now })))
          throw refusedToken();
        auditOf(audit, { scope, actor, siteId })('use', null);
      });
      return found;
    },
  };
}

/** The codes that a hardware command of this person needs at a hub: none of an installer, where the hub was enabled. */
export function otpRuleAt(place: SitePlace, iqId: IqId): typeof sentOtpOfPerson {
  return isOtpWaived(place, iqId) ? noOtpAsked : sentOtpOfPerson;
}

function isActive(
  { expires_at: expiresAt, ended_at: endedAt }: InstallerAccessRow,
  now: Date,
): boolean {
  return endedAt === null && now < expiresAt;
}

function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function refusedToken(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'token' });
}

function auditOf(
  audit: Audit,
  { scope, actor, siteId }: { scope: WriteScope; actor: Actor; siteId: CollectionId },
) {
  return (verb: string, detail: string | null): void =>
    audit.record(scope, actor, {
      action: `installer_access.${verb}`,
      objectType: 'installer_access',
      objectId: siteId,
      collectionId: siteId,
      detail,
    });
}
