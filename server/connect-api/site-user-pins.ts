import type { AccessorId } from '#contract/ids';
import {
  PutSiteUserCustomPinRequest,
  PutSiteUserPinRequest,
  SiteUserPin,
} from '#contract/site-user-pins';
import type { SiteUserPins } from '#server/domain/site-user-pins';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'users';
const right = 'manage_users';
const idOf = (call: Call): AccessorId => call.id('id');

/** connect-api.md 3.2, 4.3: keypad PINs. */
export function siteUserPinRoutes(
  siteRoute: SiteRoute,
  { siteUserPins }: { readonly siteUserPins: SiteUserPins },
): Route[] {
  const exists = (at: AtSite, call: Call) => siteUserPins.check(at, idOf(call));
  return [
    siteRoute({
      method: 'PUT',
      path: '/users/{id}/pin',
      right,
      summary: 'Make or rotate the keypad PIN; the answer is the PIN, shown this once',
      tag,
      body: { schema: PutSiteUserPinRequest, mode: 'create' },
      answer: SiteUserPin,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: (at, call, body) => told(call, siteUserPins.rotate(at, idOf(call), body)),
    }),
    siteRoute({
      method: 'PUT',
      path: '/users/{id}/pin/custom',
      right,
      feature: 'custom_pin',
      summary: 'Set a chosen keypad PIN',
      tag,
      body: { schema: PutSiteUserCustomPinRequest, mode: 'create' },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: (at, call, { pin }) => told(call, siteUserPins.setCustom(at, idOf(call), pin)),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/users/{id}/pin/custom',
      right,
      summary: 'Remove the chosen keypad PIN, if there is one',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: (at, call) => told(call, siteUserPins.removeCustom(at, idOf(call))),
    }),
  ];
}
