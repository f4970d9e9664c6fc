import { TagPage, TagResponse, UpdateTagRequest } from '#contract/tags';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { Tags } from '#server/domain/tags';
import { route, type Route } from '#server/http/route';
import { tagFields, type TagRow } from '#server/store/tags';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'tags';

/** core-api.md 6.3: tags. There is no POST: tags appear by tag registration. */
export function tagRoutes({ tags }: { readonly tags: Tags }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tags',
      access: 'read',
      summary: 'List physical tags',
      tag,
      list: { fields: tagFields },
      answer: TagPage,
      handle: async (call) => call.page(await tags.list(actorOf(call), call.list), toTagResponse),
    }),
    route({
      method: 'GET',
      path: '/tags/{id}',
      access: 'read',
      summary: 'One tag',
      tag,
      answer: TagResponse,
      handle: async (call) => toTagResponse(await tags.get(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'PATCH',
      path: '/tags/{id}',
      access: 'hardware',
      summary: 'Change expiry, collection or RFID number of a tag',
      tag,
      body: { schema: UpdateTagRequest, mode: 'patch' },
      answer: TagResponse,
      exists: (call) => tags.get(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toTagResponse(await told(call, tags.update(actorOf(call), call.id('id'), body))),
    }),
    route({
      method: 'DELETE',
      path: '/tags/{id}',
      access: 'hardware',
      summary: 'Remove a tag',
      tag,
      query: { force: { kind: 'bool', summary: 'also when an accessor has it' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) =>
        told(call, tags.remove(actorOf(call), call.id('id'), { force: call.flag('force') })),
    }),
  ];
}

function toTagResponse(row: TagRow): TagResponse {
  return {
    ...row,
    vendors: [...row.vendors],
    added_date: instantText(row.added_date),
    registration_date: instantTextOrNull(row.registration_date),
    expiry_date: instantTextOrNull(row.expiry_date),
  };
}
