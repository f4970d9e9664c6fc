import { AdmittedPlates, LicensePlateAccessResponse } from '#contract/license-plates';
import type { LicensePlateAccess, PlatePlace } from '#server/domain/license-plate-access';
import { route, type Call, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';

const path = '/collections/{collection_id}/locks/{lock_id}/access/license_plates';
const common = { access: 'plates', tag: 'licence plates', hasCollectionHeader: true } as const;

/** core-api.md 6.7 and 7.6: plates at a door, for cameras. */
export function licensePlateAccessRoutes({
  licensePlateAccess,
}: {
  readonly licensePlateAccess: LicensePlateAccess;
}): Route[] {
  const exists = (call: Call) => licensePlateAccess.checkPlace(actorOf(call), placeOf(call));
  return [
    route({
      ...common,
      method: 'GET',
      path,
      summary: 'List the licence plates admitted now or within 24 h',
      answer: AdmittedPlates,
      exists,
      handle: (call) => licensePlateAccess.list(actorOf(call), placeOf(call)),
    }),
    route({
      ...common,
      method: 'POST',
      path: `${path}/{license_plate}`,
      textParams: ['license_plate'],
      summary: 'Decide for a licence plate, and open when it is granted',
      answer: LicensePlateAccessResponse,
      errors: [
        'CCC_FAILED',
        'CCC_COMMAND_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists,
      handle: async (call) => ({
        access_granted: await licensePlateAccess.open(
          actorOf(call),
          placeOf(call),
          call.text('license_plate'),
        ),
      }),
    }),
  ];
}

function placeOf(call: Call): PlatePlace {
  return { collectionId: call.id('collection_id'), lockId: call.id('lock_id') };
}
