import { instantTextOrNull } from '#contract/time-text';
import { IqTreeResponse, PutTreeItemRequest } from '#contract/tree';
import type { Iqs } from '#server/domain/iqs';
import type { Trees } from '#server/domain/tree';
import { route, type Route } from '#server/http/route';
import { Type } from 'typebox';
import { actorOf } from './actor.ts';

const tag = 'iqs';

/** core-api.md 6.1: the tree of an IQ. */
export function treeRoutes({ trees, iqs }: { readonly trees: Trees; readonly iqs: Iqs }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/iqs/{id}/tree',
      access: 'read',
      summary: 'Locks and repeaters of an IQ, in their order',
      tag,
      answer: Type.Array(IqTreeResponse),
      handle: async (call) =>
        (await trees.read(actorOf(call), call.id('id'))).map(
          ({ signal_strength_last_update: at, ...item }): IqTreeResponse => ({
            ...item,
            signal_strength_last_update: instantTextOrNull(at),
          }),
        ),
    }),
    route({
      method: 'PUT',
      path: '/iqs/{id}/tree',
      access: 'hardware',
      summary: 'Replace the whole tree of an IQ',
      tag,
      body: { schema: PutTreeItemRequest, mode: 'create' },
      answer: null,
      errors: [
        'NOT_FOUND',
        'IQ_TREE_INVALID',
        'CCC_COMMAND_FAILED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists: (call) => iqs.get(actorOf(call), call.id('id')),
      handle: (call, body) => trees.replace(actorOf(call), call.id('id'), body),
    }),
  ];
}
