/** What people are sent, and the forms of the pages it leads to. */
import { formsOf } from './account-pages.ts';
import type { ReceivedMail, TestMailServer } from './mail-server.ts';
import type { Step, TestBrowser } from './sign-in-browser.ts';
import { until } from './wait.ts';

/** The mails to an address, in the order they came. */
export function mailsTo({ mails }: TestMailServer, address: string): ReceivedMail[] {
  return mails.filter(({ envelopeTo }) => envelopeTo.includes(address));
}

/** The next mail to an address beyond those that `seen` counts. */
export function nextMail(
  server: TestMailServer,
  { address, seen = 0 }: { readonly address: string; readonly seen?: number },
): Promise<ReceivedMail> {
  return until(() => mailsTo(server, address)[seen], {
    what: `mail ${seen + 1} is with ${address}`,
    timeoutMs: 60_000,
  });
}

/** The path of the link in a mail that leads below `/account/{page}/`. */
export function linkIn({ text = '' }: Pick<ReceivedMail, 'text'>, page: string): string {
  const found = new RegExp(`^https?://[^/\\s]+(/account/${page}/\\S+)$`, 'm').exec(text);
  if (found?.[1] === undefined) throw new Error(`the mail has no link to ${page}: ${text}`);
  return found[1];
}

/** Loads a page and sends the form on it that does `act`, or its first form. */
export async function act(
  browser: TestBrowser,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Step> {
  const page = await browser.get(path);
  const { act: wanted } = fields;
  const form = formsOf(page).find(({ hidden }) => wanted === undefined || hidden['act'] === wanted);
  if (form === undefined) throw new Error(`no such form: ${page.status} ${page.text}`);
  return browser.post(form.action, { ...form.hidden, ...fields });
}
