import { RightStatePage, type RightState } from '#contract/rights-state';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { Accessors } from '#server/domain/accessors';
import type { Locks } from '#server/domain/locks';
import type { RightsState } from '#server/domain/rights-state';
import { route, type Route } from '#server/http/route';
import { rightStateFields, type RightRow } from '#server/store/rights-state';
import { actorOf } from './actor.ts';

const common = {
  method: 'GET',
  access: 'read',
  tag: 'rights state',
  list: { fields: rightStateFields },
  answer: RightStatePage,
} as const;

type Parts = {
  readonly rightsState: RightsState;
  readonly locks: Locks;
  readonly accessors: Accessors;
};

/** core-api.md 11: has each grant and revocation arrived? */
export function rightsStateRoutes({ rightsState, locks, accessors }: Parts): Route[] {
  return [
    route({
      ...common,
      path: '/locks/{id}/rights_state',
      summary: 'How far the rights at a lock have come',
      exists: (call) => locks.get(actorOf(call), call.id('id')),
      handle: async (call) =>
        call.page(
          await rightsState.listOfLock(actorOf(call), call.list, call.id('id')),
          toRightState,
        ),
    }),
    route({
      ...common,
      path: '/accessors/{id}/rights_state',
      summary: 'How far the rights of an accessor have come',
      exists: (call) => accessors.get(actorOf(call), call.id('id')),
      handle: async (call) =>
        call.page(
          await rightsState.listOfAccessor(actorOf(call), call.list, call.id('id')),
          toRightState,
        ),
    }),
  ];
}

function toRightState(row: RightRow): RightState {
  return {
    ...row,
    changed_at: instantText(row.changed_at),
    confirmed_at: instantTextOrNull(row.confirmed_at),
  };
}
