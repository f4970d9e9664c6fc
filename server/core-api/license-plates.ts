import {
  LicensePlatePage,
  LicensePlateResponse,
  PatchLicensePlateRequest,
  PostLicensePlateRequest,
} from '#contract/license-plates';
import type { Accessors } from '#server/domain/accessors';
import type { LicensePlates, OwnedPlate } from '#server/domain/license-plates';
import { route, type Call, type Route } from '#server/http/route';
import { licensePlateFields, type LicensePlateRow } from '#server/store/license-plates';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'licence plates';
const path = '/accessors/{accessor_id}/license_plates';
const access = 'plates';

type Parts = { readonly licensePlates: LicensePlates; readonly accessors: Accessors };

/** core-api.md 6.7: the licence plates of accessors. */
export function licensePlateRoutes({ licensePlates, accessors }: Parts): Route[] {
  const hasOwner = (call: Call) => accessors.get(actorOf(call), call.id('accessor_id'));
  const exists = (call: Call) => licensePlates.get(actorOf(call), plateOf(call));
  return [
    route({
      method: 'POST',
      path,
      access,
      summary: 'Add a licence plate',
      tag,
      body: { schema: PostLicensePlateRequest, mode: 'create' },
      answer: LicensePlateResponse,
      exists: hasOwner,
      handle: async (call, body) =>
        toLicensePlateResponse(
          await told(call, licensePlates.create(actorOf(call), call.id('accessor_id'), body)),
        ),
    }),
    route({
      method: 'GET',
      path,
      access,
      summary: 'List the licence plates of an accessor',
      tag,
      list: { fields: licensePlateFields },
      answer: LicensePlatePage,
      exists: hasOwner,
      handle: async (call) =>
        call.page(
          await licensePlates.list(actorOf(call), call.list, call.id('accessor_id')),
          toLicensePlateResponse,
        ),
    }),
    route({
      method: 'GET',
      path: `${path}/{license_plate_id}`,
      access,
      summary: 'One licence plate',
      tag,
      answer: LicensePlateResponse,
      handle: async (call) => toLicensePlateResponse(await exists(call)),
    }),
    route({
      method: 'PATCH',
      path: `${path}/{license_plate_id}`,
      access,
      summary: 'Change or block a licence plate',
      tag,
      body: { schema: PatchLicensePlateRequest, mode: 'patch' },
      answer: LicensePlateResponse,
      exists,
      handle: async (call, body) =>
        toLicensePlateResponse(
          await told(call, licensePlates.update(actorOf(call), plateOf(call), body)),
        ),
    }),
    route({
      method: 'DELETE',
      path: `${path}/{license_plate_id}`,
      access,
      summary: 'Remove a licence plate',
      tag,
      answer: null,
      handle: (call) => told(call, licensePlates.remove(actorOf(call), plateOf(call))),
    }),
  ];
}

function plateOf(call: Call): OwnedPlate {
  return { accessorId: call.id('accessor_id'), id: call.text('license_plate_id') };
}

function toLicensePlateResponse({
  id,
  license_plate,
  blocked,
}: LicensePlateRow): LicensePlateResponse {
  return { id, license_plate, blocked };
}
