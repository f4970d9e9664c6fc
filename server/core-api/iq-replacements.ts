import { IqResponse, ReplaceIqRequest } from '#contract/iqs';
import type { IqReplacements } from '#server/domain/iq-replacements';
import type { Iqs } from '#server/domain/iqs';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { toIqResponse } from './iqs.ts';

/** core-api.md 6.1: replacing an IQ. */
export function iqReplacementRoutes({
  iqReplacements,
  iqs,
}: {
  readonly iqReplacements: IqReplacements;
  readonly iqs: Iqs;
}): Route[] {
  return [
    route({
      method: 'POST',
      path: '/iqs/{id}/replace',
      access: 'hardware',
      summary: 'Move everything of an IQ to another hub, under a new id',
      tag: 'iqs',
      body: { schema: ReplaceIqRequest, mode: 'create' },
      answer: IqResponse,
      errors: [
        'ACTIVATION_CODE_INVALID',
        'REPLACE_IQ_INVALID',
        'IQ_ACTIVATION_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
      ],
      exists: (call) => iqs.get(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toIqResponse(await iqReplacements.replace(actorOf(call), call.id('id'), body)),
    }),
  ];
}
