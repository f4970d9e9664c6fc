import { AccessGroupPage } from '#contract/access-groups';
import {
  AccessorPage,
  AccessorResponse,
  PatchAccessorRequest,
  PostAccessorRequest,
} from '#contract/accessors';
import type { Accessors } from '#server/domain/accessors';
import { route, type Route } from '#server/http/route';
import { accessGroupFields } from '#server/store/access-groups';
import { accessorFields } from '#server/store/accessors';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'accessors';

/** core-api.md 6.4: accessors. Their keys, PINs, plates and settings have files of their own. */
export function accessorRoutes({ accessors }: { readonly accessors: Accessors }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/accessors',
      access: 'read',
      summary: 'List accessors',
      tag,
      list: { fields: accessorFields },
      answer: AccessorPage,
      handle: async (call) =>
        call.page(await accessors.list(actorOf(call), call.list), (row) => row),
    }),
    route({
      method: 'POST',
      path: '/accessors',
      access: 'write',
      summary: 'Create an accessor',
      tag,
      body: { schema: PostAccessorRequest, mode: 'create' },
      answer: AccessorResponse,
      handle: (call, body) => told(call, accessors.create(actorOf(call), body)),
    }),
    route({
      method: 'GET',
      path: '/accessors/{id}',
      access: 'read',
      summary: 'One accessor',
      tag,
      answer: AccessorResponse,
      handle: (call) => accessors.get(actorOf(call), call.id('id')),
    }),
    route({
      method: 'PATCH',
      path: '/accessors/{id}',
      access: 'write',
      summary: 'Change or block an accessor',
      tag,
      body: { schema: PatchAccessorRequest, mode: 'patch' },
      answer: AccessorResponse,
      exists: (call) => accessors.get(actorOf(call), call.id('id')),
      handle: (call, body) => told(call, accessors.update(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'DELETE',
      path: '/accessors/{id}',
      access: 'write',
      summary: 'Remove an accessor',
      tag,
      query: { force: { kind: 'bool', summary: 'also with an active IQ PIN or a tag' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) =>
        told(call, accessors.remove(actorOf(call), call.id('id'), { force: call.flag('force') })),
    }),
    route({
      method: 'GET',
      path: '/accessors/{id}/access_groups',
      access: 'read',
      summary: 'List the access groups of an accessor',
      tag,
      list: { fields: accessGroupFields },
      answer: AccessGroupPage,
      exists: (call) => accessors.get(actorOf(call), call.id('id')),
      handle: async (call) =>
        call.page(
          await accessors.listGroups(actorOf(call), call.list, call.id('id')),
          (row) => row,
        ),
    }),
  ];
}
