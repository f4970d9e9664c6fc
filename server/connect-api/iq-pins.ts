import { ApiError } from '#contract/api-error';
import type { AccessorId } from '#contract/ids';
import { PutSitePinRequest, SiteIqSecretResponse } from '#contract/site-iqs';
import type { IqPinMessages } from '#server/domain/iq-pin-messages';
import type { IqPins } from '#server/domain/iq-pins';
import type { Iqs } from '#server/domain/iqs';
import { hasSiteRight } from '#server/domain/permissions';
import type { Call, Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { iqOf } from './iqs.ts';
import { hubErrors } from './site-locks.ts';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'iqs';

type Parts = {
  readonly iqs: Iqs;
  readonly iqPins: IqPins;
  readonly iqPinMessages: IqPinMessages;
};

/** connect-api.md 3.5 and 4.6: secret and PIN of one's own one-time codes; `DELETE` also those of others. */
export function siteIqPinRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { iqs, iqPins, iqPinMessages } = parts;
  const exists = (at: AtSite, call: Call) => iqOf(iqs, at, call);
  return [
    siteRoute({
      method: 'GET',
      path: '/iqs/{id}/secret',
      right: 'take_part',
      summary: 'Your OTP secret on this IQ',
      tag,
      query: { otp: { kind: 'text', summary: 'a code of yours, to read the secret again' } },
      answer: SiteIqSecretResponse,
      errors: ['OPERATION_NOT_ALLOWED', 'CCC_COMMAND_FAILED'],
      exists,
      handle: async (at, call) => {
        const sent = { accessorId: ownAccessor(at), otp: call.query('otp') };
        return { secret: await iqPins.readSecret(at.actor, call.id('id'), sent) };
      },
    }),
    siteRoute({
      method: 'GET',
      path: '/iqs/{id}/pin',
      right: 'take_part',
      summary: 'Have your first OTP PIN on this IQ sent to you',
      tag,
      query: { send_email: { kind: 'bool', summary: 'by mail; else by SMS' } },
      answer: null,
      errors: ['CCC_COMMAND_FAILED', 'MESSAGE_INVALID'],
      exists,
      handle: async (at, call) => {
        const { actor, siteId, userId } = at;
        await iqPinMessages.send(actor, await exists(at, call), {
          siteId,
          userId,
          accessorId: ownAccessor(at),
          channel: call.flag('send_email') ? 'mail' : 'sms',
        });
      },
    }),
    siteRoute({
      method: 'PUT',
      path: '/iqs/{id}/pin',
      right: 'take_part',
      summary: 'Change your OTP PIN, which activates it',
      tag,
      body: { schema: PutSitePinRequest, mode: 'create' },
      answer: null,
      errors: ['IQ_ACTIVATION_FAILED', ...hubErrors],
      exists,
      handle: (at, call, { otp, delta }) =>
        iqPins.change(at.actor, call.id('id'), { accessor_id: ownAccessor(at), otp, delta }),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/iqs/{id}/pin/{user_id}',
      right: 'take_part',
      summary: 'Reset an OTP activation: your own, or as owner or admin that of another',
      tag,
      query: { otp: { kind: 'text', summary: 'a code of yours; needed where the IQ asks for it' } },
      answer: null,
      errors: hubErrors,
      exists: async (at, call) => {
        await exists(at, call);
        await target(at, call);
      },
      handle: async (at, call) => {
        const iqId = call.id('id');
        const pinId = await iqPins.idOf(at.actor, iqId, await target(at, call));
        await iqPins.reset(at.actor, iqId, {
          pinId,
          accessor_id: ownAccessor(at),
          otp: call.query('otp'),
        });
      },
    }),
  ];

  /** The site user of either id. An empty 403 when it is another and the caller no admin; VALUE_INVALID when there is none. */
  async function target(at: AtSite, call: Call): Promise<AccessorId> {
    const id = call.id('user_id');
    const isOwn = id === at.accessorId || id === at.userId;
    if (!isOwn && !hasSiteRight(at.place, 'manage_hardware')) throw new TokenError(403, '');
    return iqPins.siteUserOf(at.actor, at.siteId, id);
  }
}

/** connect-api.md 8: who lost the own PIN begins again, after a second factor in place of a code. */
export function ownPinRoutes(
  siteRoute: SiteRoute,
  { iqs, iqPins }: Pick<Parts, 'iqs' | 'iqPins'>,
): Route[] {
  return [
    siteRoute({
      method: 'DELETE',
      path: '/iqs/{id}/pin',
      right: 'manage_hardware',
      summary: 'Reset your own OTP activation, just after a second factor',
      tag,
      answer: null,
      errors: hubErrors,
      exists: async (at, call) => {
        await iqOf(iqs, at, call);
        checkFreshFactor(call);
        return iqPins.idOf(at.actor, call.id('id'), ownAccessor(at));
      },
      handle: (at, call) => iqPins.resetOwn(at.actor, call.id('id'), ownAccessor(at)),
    }),
  ];
}

const freshForMs = 5 * 60_000;

/** An empty 403 unless the person proved a second factor, or a passkey, in the last five minutes. */
function checkFreshFactor({ caller, now }: Call): void {
  const isStrong = caller.amr.includes('mfa') || caller.amr.includes('passkey');
  if (!isStrong || now.getTime() - caller.authTimeSeconds * 1_000 > freshForMs)
    throw new TokenError(403, '');
}

/** An owner or installer may be no site user: the hub knows nobody then. */
function ownAccessor({ accessorId }: AtSite): AccessorId {
  if (accessorId === null) throw new ApiError('CCC_COMMAND_FAILED', { word: 'accessor_not_found' });
  return accessorId;
}
