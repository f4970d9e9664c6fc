import { TransferTokenResponse } from '#contract/transfer-tokens';
import type { TransferTokens } from '#server/domain/transfer-tokens';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';

/** core-api.md 11: what the receiving tenant shows. */
export function transferTokenRoutes({
  transferTokens,
}: {
  readonly transferTokens: TransferTokens;
}): Route[] {
  return [
    route({
      method: 'POST',
      path: '/collections/{id}/transfer_token',
      access: 'hardware',
      summary: 'A token by which another tenant takes the collection over, once, within 24 h',
      tag: 'migrations',
      answer: TransferTokenResponse,
      handle: (call) => transferTokens.create(actorOf(call), call.id('id')),
    }),
  ];
}
