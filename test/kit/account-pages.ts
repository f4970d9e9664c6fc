/** The pages for people beside an identity server, and forms sent as somebody without scripts does. */
import { randomBytes } from 'node:crypto';
import { createAccountPart, type AccountParts } from '#server/account/account-part';
import { createAccountUses } from '#server/domain/account-uses';
import { createDesiredState } from '#server/domain/desired-state';
import { createNotices } from '#server/domain/notices';
import { createAudit } from '#server/events/audit';
import { createManualClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createSeal } from '#server/runtime/seal';
import { createBus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { silentLog } from './database.ts';
import { startTestIdentity, type TestIdentity } from './identity-server.ts';
import type { Step, TestBrowser } from './sign-in-browser.ts';

/** An identity server with all pages, and a clock that stands still until it is moved. */
export function startTestAccounts({
  database,
  publicUrl,
  settings = {},
}: {
  readonly database: Database;
  /** Absent = the address it listens on, which has no name and so no passkeys. */
  readonly publicUrl?: (port: number) => string;
  readonly settings?: Partial<Pick<AccountParts['config'], 'secondFactor' | 'signUp'>>;
}): Promise<TestIdentity> {
  const clock = createManualClock(new Date('2026-03-02T10:00:00Z'));
  const [ids, log] = [createRandomIds(), silentLog()];
  const bus = createBus({ database, clock, log });
  const trustedProxies = ['127.0.0.1'];
  const config: AccountParts['config'] = {
    trustedProxies,
    secondFactor: 'off',
    signUp: 'open',
    ...settings,
  };
  const shared = { database, bus, clock, ids, log };
  return startTestIdentity({
    database,
    clock,
    trustedProxies,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    lay(app, identity) {
      const uses = createAccountUses({
        ...shared,
        audit: createAudit({ clock, ids }),
        desiredState: createDesiredState({ bus, clock }),
        notices: createNotices({ bus, clock, ids }),
        senders: { mail: null, sms: null, push: null },
        issuer: identity.issuer,
        invitationDays: 7,
      });
      const seal = createSeal(randomBytes(32));
      createAccountPart({ ...shared, config, identity, uses, seal }).register(app);
    },
  });
}

/** A form as it stands in a page: where it goes, and what it sends without anybody typing. */
export type PageForm = {
  readonly action: string;
  readonly hidden: Readonly<Record<string, string>>;
};

/** The forms of a page that are sent to a path beginning with `action`. */
export function formsOf({ text }: Pick<Step, 'text'>, action = '/account'): PageForm[] {
  return [...text.matchAll(/<form [^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)]
    .map(([, path = '', inside = '']) => ({
      action: unescaped(path),
      hidden: Object.fromEntries(
        [...inside.matchAll(/<input type="hidden" name="([^"]*)"(?:[^>]*?) value="([^"]*)"/gs)].map(
          ([, name = '', value = '']) => [name, unescaped(value)],
        ),
      ),
    }))
    .filter((form) => form.action.startsWith(action));
}

/** Loads a page and sends its first form (or the first to `action`) with these fields. */
export async function sendForm(
  browser: TestBrowser,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Step> {
  return answerForm(browser, await browser.get(path), fields);
}

/** Sends the first form of a page that was shown. */
export function answerForm(
  browser: TestBrowser,
  page: Step,
  fields: Readonly<Record<string, string>>,
): Promise<Step> {
  const [form] = formsOf(page);
  if (form === undefined) throw new Error(`no form: ${page.status} ${page.text}`);
  return browser.post(form.action, { ...form.hidden, ...fields });
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
