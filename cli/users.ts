/** `cardea user …`: people with an account. docs/personal-data.md. */
import { disableLogin } from '#server/store/logins';
import { insertResetLink } from '#server/store/account-links';
import { insertAccountMail } from '#server/store/account-mails';
import { findAccountByEmail, listAccounts, makeOperator } from '#server/store/accounts';
import type { Database } from '#server/store/pool';
import { deleteSecondFactors } from '#server/store/second-factors';
import { readConfig } from '#server/runtime/config';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { makeLinkToken } from '#server/runtime/link-tokens';
import { CommandError, exitCodes, textOf, type Command, type CommandCall } from './command.ts';
import { databaseHelp, databaseOptions, openDatabase } from './database.ts';

const linkWorksForMs = 30 * 60_000;
const mailTriedForMs = 24 * 3_600_000;
const emailHelp = `${databaseHelp}
  --email <address>  of the account (required)`;
const emailOptions = { ...databaseOptions, email: { type: 'string' } } as const;

const list: Command = {
  words: 'user list',
  summary: 'lists the people who have an account',
  help: `
Lists every account with its address, its names and what is particular about it.
${databaseHelp}

  cardea user list
`,
  options: databaseOptions,
  run: (call) =>
    withDatabase(call, async (database) => {
      const accounts = await listAccounts(database);
      const lines = accounts.map((account) =>
        [account.email, `${account.first_name} ${account.last_name}`.trim(), ...marksOf(account)]
          .filter((part) => part !== '')
          .join('  '),
      );
      return {
        code: exitCodes.fine,
        json: accounts,
        text: lines.length === 0 ? 'Nobody has an account.' : lines.join('\n'),
      };
    }),
};

function marksOf(account: Awaited<ReturnType<typeof listAccounts>>[number]): string[] {
  return [
    account.is_operator ? '(operator)' : '',
    account.is_disabled ? '(disabled)' : '',
    account.email_verified ? '' : '(not confirmed)',
  ];
}

const createLink: Command = {
  words: 'user create-link',
  summary: 'makes a link with which a person chooses another password',
  help: `
Prints a link that works once, for 30 minutes, in place of any before: for people who cannot be reached by mail. Hand it over
yourself; whoever has it can take the account over, unless it has a second factor.
${emailHelp}
  --url <origin>     where people reach the server (default: CARDEA_PUBLIC_URL, else the address of the settings)

  cardea user create-link --email ann@example.com
`,
  options: { ...emailOptions, url: { type: 'string' } },
  run: (call) =>
    withAccount(call, async (database, account) => {
      if (account.isDisabled)
        throw new CommandError('failed', `The account ${account.email} is disabled.`);
      const ids = createRandomIds();
      const { token, tokenHash } = makeLinkToken(ids);
      const createdAt = createSystemClock().now();
      await insertResetLink(database, {
        id: ids.next<string>(),
        loginId: account.id,
        tokenHash,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + linkWorksForMs),
      });
      const link = `${originOf(call)}/account/reset/${token}`;
      return { code: exitCodes.fine, json: { link }, text: link };
    }),
};

const disable: Command = {
  words: 'user disable',
  summary: 'ends an account: its person signs in nowhere any more',
  help: `
Sessions end at once, tokens that are out within a minute. What the person may open at doors is up to the sites.
${emailHelp}

  cardea user disable --email ann@example.com
`,
  options: emailOptions,
  run: (call) =>
    withAccount(call, async (database, { id: loginId, email }) => {
      await disableLogin(database, { loginId, at: createSystemClock().now() });
      return { code: exitCodes.fine, json: { id: loginId }, text: `${email} was disabled.` };
    }),
};

const promote: Command = {
  words: 'user make-operator',
  summary: 'gives a person the right to run the installation',
  help: `
An operator administers clients and vouchers and reads the mails about accounts, links included.
${emailHelp}

  cardea user make-operator --email ann@example.com
`,
  options: emailOptions,
  run: (call) =>
    withAccount(call, async (database, { id, email }) => {
      if (!(await makeOperator(database, id)))
        throw new CommandError('failed', `The account ${email} is disabled.`);
      return { code: exitCodes.fine, json: { id }, text: `${email} is an operator.` };
    }),
};

const removeFactors: Command = {
  words: 'user remove-factors',
  summary: 'takes lost second factors of a person away',
  help: `
Authenticators, passkeys and recovery codes go, and browsers are trusted no more; the password stays. Make sure who it is that
asks: a stranger with the password gets in afterwards. The person is told by mail.
${emailHelp}

  cardea user remove-factors --email ann@example.com
`,
  options: emailOptions,
  run: (call) =>
    withAccount(call, async (database, account) => {
      const createdAt = createSystemClock().now();
      const count = await deleteSecondFactors(database, account.id);
      if (count === 0)
        throw new CommandError('failed', `The account ${account.email} has no second factor.`);
      await insertAccountMail(database, {
        id: createRandomIds().next<string>(),
        loginId: account.id,
        channel: 'mail',
        address: account.email,
        word: 'factor_removed',
        ...factorsRemoved[account.language === 'de' ? 'de' : 'en'],
        hasLink: false,
        createdAt,
        giveUpAt: new Date(createdAt.getTime() + mailTriedForMs),
      });
      const text = `${account.email} has no second factor any more; ${String(count)} went.`;
      return { code: exitCodes.fine, json: { id: account.id, removed: count }, text };
    }),
};

const factorsRemoved = {
  en: {
    subject: 'Your second factors were removed',
    text: 'Whoever runs the server has removed all second factors of your account. If you did not ask for it, change your password and set up a second factor at once.',
  },
  de: {
    subject: 'Ihre zweiten Faktoren wurden entfernt',
    text: 'Wer den Server betreibt, hat alle zweiten Faktoren Ihres Kontos entfernt. Haben Sie nicht darum gebeten, ändern Sie sofort Ihr Passwort und richten Sie einen zweiten Faktor ein.',
  },
} as const;

export const userCommands: readonly Command[] = [createLink, disable, list, promote, removeFactors];

type Run<T> = (database: Database) => Promise<T>;

async function withDatabase<T>(call: CommandCall, run: Run<T>): Promise<T> {
  const open = await openDatabase(call);
  try {
    return await run(open.database);
  } finally {
    await open.close();
  }
}

type FoundAccount = NonNullable<Awaited<ReturnType<typeof findAccountByEmail>>>;

function withAccount<T>(
  call: CommandCall,
  run: (database: Database, account: FoundAccount) => Promise<T>,
): Promise<T> {
  const email = textOf(call.values, 'email');
  if (email === undefined) throw new CommandError('usage', '--email is missing.');
  return withDatabase(call, async (database) => {
    const account = await findAccountByEmail(database, email);
    if (account === undefined)
      throw new CommandError('failed', `Nobody has an account with the address ${email}.`);
    return run(database, account);
  });
}

const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Where people reach the server, as its settings say. */
function originOf({ values, environment }: CommandCall): string {
  const { publicUrl, httpHost, httpPort } = readConfig(environment);
  const host = everyAddress.has(httpHost) ? 'localhost' : httpHost;
  const given = textOf(values, 'url') ?? publicUrl ?? `http://${host}:${String(httpPort)}`;
  if (!URL.canParse(given)) throw new CommandError('usage', '--url must be http://… or https://….');
  return new URL(given).origin;
}
