/** The pages for people, put together; wire.ts hands in what they use. */
import type { FastifyInstance } from 'fastify';
import type { AccountUses } from '#server/domain/account-uses';
import { createTrustedProxies } from '#server/http/list-origin';
import type { Identity } from '#server/identity/identity';
import { createOutsideSignIn } from '#server/identity/outside-sign-in';
import type { Clock } from '#server/runtime/clock';
import type { Config } from '#server/runtime/config';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';
import type { Seal } from '#server/runtime/seal';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { sweepSignInAttempts } from '#server/store/sign-in-attempts';
import { createAccountCare } from './account-care.ts';
import { createAfterwards } from './afterwards.ts';
import { createAttackTeller } from './attacks.ts';
import { createFactorForms } from './factor-forms.ts';
import { createFactors } from './factors.ts';
import { confirmPages } from './freshness.ts';
import { loginFactorPages } from './login-factor.ts';
import { loginPages } from './login.ts';
import { outsidePages } from './outside.ts';
import { logoutPages } from './logout.ts';
import { createAccountMails } from './mails.ts';
import { SCRIPT_PATH, STYLE_PATH } from './page.ts';
import { passkeyScript } from './passkey-script.ts';
import { createPasskeys } from './passkeys.ts';
import { secondFactorPages } from './second-factor.ts';
import { sessionPages } from './sessions.ts';
import { createSignIn, DEVICE_KNOWN_MS } from './sign-in.ts';
import { startPages } from './start.ts';
import { styleSheet } from './style.ts';
import { type AccountPage, registerAccountPages } from './visits.ts';

const SWEEP_EVERY_MS = 3_600_000;

export type AccountParts = {
  readonly config: Pick<Config, 'trustedProxies' | 'secondFactor' | 'signUp'>;
  readonly database: Database;
  readonly identity: Identity;
  readonly uses: AccountUses;
  readonly bus: Bus;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

export type AccountPart = { register(app: FastifyInstance): void };

export function createAccountPart(parts: AccountParts): AccountPart {
  const { config, identity, database, clock } = parts;
  const { issuer, sessions, interactions, limits, checkPassword, endSession } = identity;
  const mails = createAccountMails(parts);
  const passkeys = createPasskeys({ ...parts, issuer });
  const factors = createFactors({ ...parts, passkeys, mails });
  const forms = createFactorForms({ factors, passkeys });
  const signIn = createSignIn({
    ...parts,
    sessions,
    interactions,
    limits,
    mails,
    secondFactor: config.secondFactor,
  });
  const outside = createOutsideSignIn({ ...parts, issuer });
  const isSignUpOpen = config.signUp === 'open';
  const signingIn = { ...parts, signIn, passkeys, checkPassword, sessions, limits };
  const care = createAccountCare(parts);
  const afterwards = createAfterwards(parts);
  identity.onWrongPassword(
    createAttackTeller({ ...parts, mails, afterwards, limits: limits.numbers }),
  );
  const pages: AccountPage[] = [
    ...startPages(),
    ...care.pages,
    ...loginPages({ ...signingIn, outside, isSignUpOpen }),
    ...outsidePages({ signIn, outside }),
    ...loginFactorPages({ ...signingIn, factors, forms }),
    ...confirmPages(signingIn),
    ...secondFactorPages({ ...parts, factors, forms, passkeys }),
    ...sessionPages({ ...parts, sessions }),
    ...logoutPages({ sessions, endSession }),
  ];
  const sweeping = createRounds({
    clock,
    firstMs: SWEEP_EVERY_MS,
    everyMs: SWEEP_EVERY_MS,
    round: async () => {
      const at = clock.now();
      const unusedSince = new Date(at.getTime() - DEVICE_KNOWN_MS);
      await sweepSignInAttempts(database, { at, unusedSince });
    },
    onFailure: (error) => parts.log.warn({ err: error }, 'old sign-ins were not removed'),
  });
  return {
    register(app) {
      app.addHook('onClose', () => care.settled());
      app.addHook('onClose', () => afterwards.settled());
      app.addHook('onReady', async () => sweeping.start());
      app.addHook('onClose', () => sweeping.stop());
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
