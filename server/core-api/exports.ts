import { JsonObject } from '#contract/fields';
import type { Exports } from '#server/domain/exports';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { coreFace } from './face.ts';

/** core-api.md 11: the export file of a collection; its shape is docs/generated/export.schema.json. */
export function exportRoutes({ exports }: { readonly exports: Exports }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/collections/{id}/export',
      access: 'read',
      summary: 'Everything of a collection as one signed file',
      tag: 'migrations',
      query: {
        events: { kind: 'bool', summary: 'with the newest entries and incidents' },
        public_key: {
          kind: 'text',
          summary: 'base64 DER of a P-256 key; secrets are encrypted to it, else left out',
        },
      },
      answer: JsonObject,
      errors: ['PLATFORM_FUNCTION_FAILED'],
      handle: (call) => {
        const publicKey = call.query('public_key');
        // Every GET is the standard scope's, but with the secrets of the hubs whoever has the key could touch hardware.
        if (publicKey !== null) coreFace.authorize(call.caller, 'hardware');
        return exports.read(actorOf(call), call.id('id'), {
          events: call.flag('events'),
          public_key: publicKey,
        });
      },
    }),
  ];
}
