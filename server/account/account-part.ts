/** The pages for people, put together; wire.ts hands in what they use. */
import type { FastifyInstance } from 'fastify';
import { createTrustedProxies } from '#server/http/list-origin';
import type { Identity } from '#server/identity/identity';
import type { Clock } from '#server/runtime/clock';
import type { Config } from '#server/runtime/config';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Seal } from '#server/runtime/seal';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { SCRIPT_PATH, STYLE_PATH } from './page.ts';
import { passkeyScript } from './passkey-script.ts';
import { startPages } from './start.ts';
import { styleSheet } from './style.ts';
import { type AccountPage, registerAccountPages } from './visits.ts';

export type AccountParts = {
  readonly config: Pick<Config, 'trustedProxies'>;
  readonly database: Database;
  readonly identity: Identity;
  readonly bus: Bus;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

export type AccountPart = { register(app: FastifyInstance): void };

export function createAccountPart(parts: AccountParts): AccountPart {
  const pages: AccountPage[] = [...startPages()];
  return {
    register(app) {
      layFile(app, { path: STYLE_PATH, type: 'text/css', text: styleSheet });
      layFile(app, { path: SCRIPT_PATH, type: 'text/javascript', text: passkeyScript });
      registerAccountPages(app, {
        pages,
        parts: {
          database: parts.database,
          sessions: parts.identity.sessions,
          ids: parts.ids,
          log: parts.log,
          isTrustedProxy: createTrustedProxies(parts.config.trustedProxies),
        },
      });
    },
  };
}

/** Its address changes with its text, so browsers may keep it for a year. */
function layFile(
  app: FastifyInstance,
  file: { readonly path: string; readonly type: string; readonly text: string },
): void {
  app.get(file.path, { schema: { hide: true } }, async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .type(`${file.type}; charset=utf-8`)
      .send(file.text),
  );
}
