import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { StartError } from './start-error.ts';

/**
 * Every setting of the server: name in the environment, form, default and meaning. The type, the docs page and
 * .env.example come from this one table.
 */
export const Settings = Type.Object({
  roles: Type.Array(words(['http', 'gateway', 'stream', 'jobs']), {
    env: 'ROLES',
    default: ['http', 'gateway', 'stream', 'jobs'],
    minItems: 1,
    description: 'The parts that this process runs.',
  }),
  dataDir: Type.String({
    env: 'CARDEA_DATA_DIR',
    default: './data',
    description:
      'Folder for everything that lasts: the embedded PostgreSQL, certificates, demo.json.',
  }),
  databaseUrl: Type.Optional(
    Type.String({
      env: 'DATABASE_URL',
      pattern: '^postgres(ql)?://',
      isSecret: true,
      description:
        'A PostgreSQL 14 or later to use, `postgres://user:password@host:port/name`. Without it an embedded PostgreSQL runs in the data folder.',
    }),
  ),
  databaseOwnerUrl: Type.Optional(
    Type.String({
      env: 'CARDEA_DATABASE_OWNER_URL',
      pattern: '^postgres(ql)?://',
      isSecret: true,
      description:
        'The same database as `DATABASE_URL` by the role that owns its tables. With it the role of `DATABASE_URL` gets the rights of a server only, and cannot change the audit log (docs/audit.md).',
    }),
  ),
  databaseConnections: Type.Integer({
    env: 'CARDEA_DATABASE_CONNECTIONS',
    default: 20,
    minimum: 2,
    maximum: 1000,
    description: 'The most database connections this process holds.',
  }),
  httpHost: Type.String({
    env: 'CARDEA_HTTP_HOST',
    default: '127.0.0.1',
    description: 'Address on which the APIs and the sign-in listen; `0.0.0.0` is every address.',
  }),
  httpPort: port({
    env: 'CARDEA_HTTP_PORT',
    default: 8080,
    description: 'Port of the APIs and the sign-in.',
  }),
  publicUrl: Type.Optional(
    url({
      env: 'CARDEA_PUBLIC_URL',
      description:
        'Where clients reach this server, such as `https://keys.example.com`. It is the issuer of tokens and the start of paging links. Without it the address of each request counts.',
    }),
  ),
  trustedProxies: Type.Array(Type.String({ pattern: '^[0-9a-fA-F.:]+(/\\d{1,3})?$' }), {
    env: 'CARDEA_TRUSTED_PROXIES',
    default: [],
    description:
      'Addresses or networks (`10.0.0.0/8`) whose `Forwarded` and `X-Forwarded-*` headers are believed.',
  }),
  metricsToken: Type.Optional(
    Type.String({
      env: 'CARDEA_METRICS_TOKEN',
      pattern: '^[\\x21-\\x7e]{16,}$',
      isSecret: true,
      expected: 'must have 16 or more visible characters',
      description:
        'Bearer token for `/metrics`. Without it only this machine itself may read them, not what a proxy hands on.',
    }),
  ),
  corsOrigins: Type.Array(Type.String({ pattern: '^(\\*|https?://[^/\\s]+)$' }), {
    env: 'CARDEA_CORS_ORIGINS',
    default: [],
    description:
      'Origins of web pages that may call the APIs from a browser; `*` is every page. With the demo `compat` every page may unless some are named.',
  }),
  rateLimit: Type.Integer({
    env: 'CARDEA_RATE_LIMIT',
    default: 0,
    minimum: 0,
    description: 'Requests a minute for each API client; 0 is no limit.',
  }),
  streamConnections: Type.Integer({
    env: 'CARDEA_STREAM_CONNECTIONS',
    default: 0,
    minimum: 0,
    description: 'Listeners of the event streams that this process holds at most; 0 is no limit.',
  }),
  streamNegotiations: Type.Integer({
    env: 'CARDEA_STREAM_NEGOTIATIONS',
    default: 0,
    minimum: 0,
    description:
      'Negotiations of event streams a minute for each API client in this process; 0 is no limit.',
  }),
  mqttHost: Type.String({
    env: 'CARDEA_MQTT_HOST',
    default: '127.0.0.1',
    description: 'Address on which the device gateway listens for IQs.',
  }),
  mqttPort: port({
    env: 'CARDEA_MQTT_PORT',
    default: 8883,
    description: 'Port of the device gateway, MQTT over TLS.',
  }),
  tlsCert: Type.Optional(
    Type.String({
      env: 'CARDEA_TLS_CERT',
      description:
        'PEM file with the certificate chain of the device gateway. Without it the gateway makes its own authority in the data folder.',
    }),
  ),
  tlsKey: Type.Optional(
    Type.String({
      env: 'CARDEA_TLS_KEY',
      description: 'PEM file with the private key that belongs to `CARDEA_TLS_CERT`.',
    }),
  ),
  tlsCa: Type.Optional(
    Type.String({
      env: 'CARDEA_TLS_CA',
      description: 'PEM file with the authority that IQs trust, when it is not a public one.',
    }),
  ),
  signerUrl: Type.Optional(
    Type.String({
      env: 'CARDEA_SIGNER_URL',
      pattern: '^https?://[^\\s]+$',
      expected: 'must be a URL with http or https',
      description:
        'A vault whose transit engine keeps the keys of phone certificates, up to the part before `/v1`. Without it a built-in signer keeps them. Each tenant has the key `tenant-<tenant id>` there.',
    }),
  ),
  signerRoleId: Type.Optional(
    Type.String({
      env: 'CARDEA_SIGNER_ROLE_ID',
      description: 'Role (AppRole) that may create, read, rotate and use the keys `tenant-*`.',
    }),
  ),
  signerSecretId: Type.Optional(
    Type.String({
      env: 'CARDEA_SIGNER_SECRET_ID',
      isSecret: true,
      description: 'Secret of `CARDEA_SIGNER_ROLE_ID`.',
    }),
  ),
  signerMount: Type.String({
    env: 'CARDEA_SIGNER_MOUNT',
    default: 'transit',
    description: 'Where the transit engine is mounted in the vault.',
  }),
  updateCatalogue: Type.Optional(
    Type.String({
      env: 'CARDEA_UPDATE_CATALOGUE',
      description:
        'Folder of signed firmware (docs/updates.md). Without it `updates` in the data folder, where the demo building keeps its own.',
    }),
  ),
  updateKey: Type.Optional(
    Type.String({
      env: 'CARDEA_UPDATE_KEY',
      description:
        'PEM file with the public key that signs the index of the catalogue. Without it `maker.pem` of the catalogue.',
    }),
  ),
  smtpUrl: Type.Optional(
    Type.String({
      env: 'CARDEA_SMTP_URL',
      pattern: '^smtps?://[^\\s]+$',
      isSecret: true,
      expected: 'must start with `smtp://` or `smtps://`',
      description:
        'The mail server that messages are handed to, `smtp://user:password@host:587`. Without it they stay in the outbox.',
    }),
  ),
  mailFrom: Type.Optional(
    Type.String({
      env: 'CARDEA_MAIL_FROM',
      pattern: '^[^\\s@<>]+@[^\\s@<>]+$|^[^<>\\r\\n]+<[^\\s@<>]+@[^\\s@<>]+>$',
      expected: 'must be an address, or a name and an address as in `Cardea <doors@example.com>`',
      description: 'Whom mail is from; belongs to `CARDEA_SMTP_URL`.',
    }),
  ),
  smsUrl: Type.Optional(
    Type.String({
      env: 'CARDEA_SMS_URL',
      pattern: '^https?://[^\\s]+$',
      expected: 'must be a URL with http or https',
      description:
        'A service that takes `{"id","to","text"}` by POST and sends it as SMS. Without it SMS stay in the outbox.',
    }),
  ),
  smsToken: Type.Optional(
    Type.String({
      env: 'CARDEA_SMS_TOKEN',
      isSecret: true,
      description: 'Bearer token for `CARDEA_SMS_URL`.',
    }),
  ),
  pushUrl: Type.Optional(
    Type.String({
      env: 'CARDEA_PUSH_URL',
      pattern: '^https?://[^\\s]+$',
      expected: 'must be a URL with http or https',
      description:
        'A service that takes `{"id","user_id","title","text"}` by POST and notifies the phones of that person. Without it such messages stay in the outbox.',
    }),
  ),
  pushToken: Type.Optional(
    Type.String({
      env: 'CARDEA_PUSH_TOKEN',
      isSecret: true,
      description: 'Bearer token for `CARDEA_PUSH_URL`.',
    }),
  ),
  signInLimits: Type.Array(
    Type.String({
      pattern:
        '^(account_in_network|account|network|client_secret|second_factor|recovery_code|access_code|access_code_of_client|requests_per_minute)=[1-9]\\d{0,6}$',
    }),
    {
      env: 'CARDEA_SIGN_IN_LIMITS',
      default: [],
      description:
        'Limits against guessing that are not the defaults, such as `account_in_network=5`: so many wrong tries before somebody has to wait. The names and defaults are in docs/identity.md; a weaker one is warned of at the start.',
    },
  ),
  secondFactor: words(['off', 'admins', 'everybody'], {
    env: 'CARDEA_SECOND_FACTOR',
    default: 'off',
    description:
      'Who must have a second factor to sign in with a browser: nobody, operators and owners and admins of sites, or everybody. Whoever lacks one sets it up when signing in.',
  }),
  signUp: words(['open', 'closed'], {
    env: 'CARDEA_SIGN_UP',
    default: 'open',
    description:
      'Whether people may make themselves an account; with `closed` they come by invitation only.',
  }),
  siteCreation: words(['everybody', 'operators'], {
    env: 'CARDEA_SITE_CREATION',
    default: 'everybody',
    description:
      'Who may create sites on the Connect API: everybody who is signed in, or operators.',
  }),
  homeTenant: Type.Optional(
    Type.String({
      env: 'CARDEA_HOME_TENANT',
      pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      expected: 'must be the id of a tenant, in lower case',
      description:
        'Id of the tenant in which sites are created that no client of a tenant creates. Without it the only tenant of the installation; with several, such sites are refused.',
    }),
  ),
  invitationDays: Type.Integer({
    env: 'CARDEA_INVITATION_DAYS',
    default: 7,
    minimum: 1,
    maximum: 30,
    description: 'For how many days the link of an invitation works.',
  }),
  webhookAllow: Type.Array(
    Type.String({ pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+)(:\\d{1,5})?$' }),
    {
      env: 'CARDEA_WEBHOOK_ALLOW',
      default: [],
      description:
        'Receivers of webhooks, `host` or `host:port`, that may be inside a private network and may be `http`. All others must be `https` and outside.',
    },
  ),
  homeAssistantUrl: Type.Optional(
    Type.String({
      env: 'CARDEA_HOME_ASSISTANT_URL',
      pattern: '^mqtts?://[^\\s]+$',
      isSecret: true,
      expected: 'must start with `mqtt://` or `mqtts://`',
      description:
        'The MQTT broker of a Home Assistant in which doors appear, `mqtt://user:password@host:1883`. Without it none do.',
    }),
  ),
  homeAssistantSites: Type.Array(
    Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    {
      env: 'CARDEA_HOME_ASSISTANT_SITES',
      default: [],
      description:
        'Ids of the sites that appear there, in lower case; belongs to `CARDEA_HOME_ASSISTANT_URL`.',
    },
  ),
  homeAssistantOpening: words(['off', 'on'], {
    env: 'CARDEA_HOME_ASSISTANT_OPENING',
    default: 'off',
    description:
      'With `on` whoever may write to that broker opens these doors; the audit log names them `home-assistant`.',
  }),
  demo: words(['harbour', 'compat', 'none'], {
    env: 'CARDEA_DEMO',
    default: 'harbour',
    description:
      'The demo building: `harbour` is small and believable, `compat` is large, `none` starts empty.',
  }),
  simulatorPort: port({
    env: 'CARDEA_SIMULATOR_PORT',
    default: 8090,
    description: 'Port of the control API of the simulated building.',
  }),
  logLevel: words(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    env: 'LOG_LEVEL',
    default: 'info',
    description: 'The least important kind of line that is logged.',
  }),
  logFormat: words(['auto', 'json', 'lines'], {
    env: 'LOG_FORMAT',
    default: 'auto',
    description:
      '`json` objects or human `lines`; `auto` is lines on a terminal and JSON otherwise.',
  }),
});

export type Config = Static<typeof Settings>;

/** Whose pages may call from a browser; the demo for clients of others lets all of them (docs/decisions/0320). */
export function allowedOrigins({ corsOrigins, demo }: Config): readonly string[] {
  return corsOrigins.length === 0 && demo === 'compat' ? ['*'] : corsOrigins;
}

/** One row of the table as JSON Schema, with the members of our own. */
export type Setting = Type.TSchema & {
  env: string;
  description: string;
  type?: string;
  default?: unknown;
  isSecret?: boolean;
  expected?: string;
  minimum?: number;
  maximum?: number;
  enum?: readonly string[];
  items?: { enum?: readonly string[] };
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings in the order of the table, by their names in Config. */
export function listSettings(): [string, Setting][] {
  return Object.entries(Settings.properties).map(([name, schema]) => [
    name,
    schema as unknown as Setting,
  ]);
}

/** The environment of this process over the file `.env` in `dir`, when there is one. */
export function readEnvironment(dir: string): Environment {
  const file = `${dir}/.env`;
  return existsSync(file)
    ? { ...parseEnv(readFileSync(file, 'utf8')), ...process.env }
    : process.env;
}

/**
 * Reads the settings from `environment`; an empty value counts as none. Throws StartError CONFIG_INVALID with every
 * fault in one message, without the values of secrets.
 */
export function readConfig(environment: Environment): Config {
  const faults = [...unknownNames(environment)];
  const found: Record<string, unknown> = {};
  for (const [name, setting] of listSettings()) {
    const text = environment[setting.env]?.trim() ?? '';
    if (text === '') {
      if ('default' in setting) found[name] = setting.default;
      continue;
    }
    const value = fromText(setting, text);
    if (Value.Check(setting, value)) found[name] = value;
    else faults.push(`${setting.env} ${expected(setting)}${given(setting, text)}.`);
  }
  if ('tlsCert' in found !== 'tlsKey' in found) {
    faults.push('CARDEA_TLS_CERT and CARDEA_TLS_KEY belong together: set both or neither.');
  }
  if ('smtpUrl' in found !== 'mailFrom' in found) {
    faults.push('CARDEA_SMTP_URL and CARDEA_MAIL_FROM belong together: set both or neither.');
  }
  const shown = found['homeAssistantSites'];
  if ('homeAssistantUrl' in found !== (Array.isArray(shown) && shown.length > 0))
    faults.push(
      'CARDEA_HOME_ASSISTANT_URL and CARDEA_HOME_ASSISTANT_SITES belong together: set both or neither.',
    );
  if ('databaseOwnerUrl' in found && !('databaseUrl' in found))
    faults.push('CARDEA_DATABASE_OWNER_URL needs DATABASE_URL beside it.');
  const signer = ['signerUrl', 'signerRoleId', 'signerSecretId'].filter((name) => name in found);
  if (signer.length > 0 && signer.length < 3) {
    faults.push(
      'CARDEA_SIGNER_URL, CARDEA_SIGNER_ROLE_ID and CARDEA_SIGNER_SECRET_ID belong together: set all or none.',
    );
  }
  if (faults.length > 0) {
    const list = faults.map((fault) => `  - ${fault}`).join('\n');
    throw new StartError('CONFIG_INVALID', `The settings are not usable:\n${list}`);
  }
  return Value.Parse(Settings, found);
}

/** A misspelt setting would otherwise be ignored without a word. */
function unknownNames(environment: Environment): string[] {
  const known = new Set(listSettings().map(([, setting]) => setting.env));
  return Object.keys(environment)
    .filter((name) => name.startsWith('CARDEA_') && !known.has(name))
    .map((name) => `${name} is not a setting.`);
}

function fromText(setting: Setting, text: string): unknown {
  if (setting.type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (setting.type === 'array') {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  return text;
}

function given(setting: Setting, text: string): string {
  return setting.isSecret ? '' : `, not \`${text}\``;
}

/** What a value must look like, to follow the setting's name in a sentence. */
function expected(setting: Setting): string {
  const { type, minimum = 0, maximum } = setting;
  const words = listWords(setting);
  if (type === 'array') return `must be a list with commas${words && ` of ${words}`}`;
  if (words) return `must be one of ${words}`;
  if (type === 'integer') {
    const upTo = maximum === undefined ? '' : ` to ${String(maximum)}`;
    return `must be a whole number from ${String(minimum)}${upTo}`;
  }
  if (setting.expected !== undefined) return setting.expected;
  if (setting.isSecret) return 'must start with `postgres://`';
  return 'must be a URL with http or https and without a path';
}

/** The words that a setting, or each part of its list, may be; empty when it is not about words. */
export function listWords(setting: Setting): string {
  const words = setting.enum ?? setting.items?.enum ?? [];
  return words.map((word) => `\`${word}\``).join(', ');
}

function words<W extends string[]>(list: readonly [...W], options: Type.TSchemaOptions = {}) {
  return Type.Enum(list, options);
}

function port(options: Type.TSchemaOptions) {
  return Type.Integer({ minimum: 1, maximum: 65_535, ...options });
}

function url(options: Type.TSchemaOptions) {
  return Type.String({ pattern: '^https?://[^/\\s]+/?$', ...options });
}
