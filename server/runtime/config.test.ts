import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allowedOrigins, readConfig, readEnvironment } from './config.ts';
import { environmentExample, settingsPage } from './settings-page.ts';
import { StartError } from './start-error.ts';

test('an empty environment gives a laptop a working server', () => {
  expect(readConfig({ DATABASE_URL: '', CARDEA_HTTP_PORT: ' ' })).toEqual({
    roles: ['http', 'gateway', 'stream', 'jobs'],
    dataDir: './data',
    databaseConnections: 20,
    httpHost: '127.0.0.1',
    httpPort: 8080,
    trustedProxies: [],
    corsOrigins: [],
    rateLimit: 0,
    streamConnections: 0,
    streamNegotiations: 0,
    mqttHost: '127.0.0.1',
    mqttPort: 8883,
    homeAssistantSites: [],
    homeAssistantOpening: 'off',
    demo: 'harbour',
    signerMount: 'transit',
    secondFactor: 'off',
    signInLimits: [],
    signUp: 'open',
    siteCreation: 'everybody',
    invitationDays: 7,
    webhookAllow: [],
    simulatorPort: 8090,
    logLevel: 'info',
    logFormat: 'auto',
  });
});

test('numbers and lists are read from their text', () => {
  const config = readConfig({
    ROLES: 'http, stream',
    CARDEA_HTTP_PORT: '9000',
    CARDEA_PUBLIC_URL: 'https://keys.example.com',
    CARDEA_TRUSTED_PROXIES: '10.0.0.0/8,::1',
    DATABASE_URL: 'postgres://cardea:secret@db/cardea',
  });
  expect(config).toMatchObject({
    roles: ['http', 'stream'],
    httpPort: 9000,
    publicUrl: 'https://keys.example.com',
    trustedProxies: ['10.0.0.0/8', '::1'],
    databaseUrl: 'postgres://cardea:secret@db/cardea',
  });
});

test('pages of every origin may call with *, and in the demo for clients of others unless some are named', () => {
  const allowed = (environment: Record<string, string>) => allowedOrigins(readConfig(environment));
  expect(allowed({})).toEqual([]);
  expect(allowed({ CARDEA_CORS_ORIGINS: '*' })).toEqual(['*']);
  expect(allowed({ CARDEA_DEMO: 'compat' })).toEqual(['*']);
  const named = { CARDEA_CORS_ORIGINS: 'https://app.example.com' };
  expect(allowed({ ...named, CARDEA_DEMO: 'compat' })).toEqual(['https://app.example.com']);
});

test('every fault is reported at once, and secrets stay unsaid', () => {
  const environment = {
    ROLES: 'http,kitchen',
    CARDEA_HTTP_PORT: '80800',
    CARDEA_MQTT_PORT: 'eighty',
    CARDEA_PUBLIC_URL: 'keys.example.com',
    CARDEA_DEMO: 'castle',
    CARDEA_TLS_CERT: '/etc/cert.pem',
    CARDEA_CORS_ORIGIN: 'https://a.example',
    DATABASE_URL: 'mysql://root:hunter2@db',
  };
  expect(() => readConfig(environment)).toThrow(
    new StartError(
      'CONFIG_INVALID',
      `The settings are not usable:
  - CARDEA_CORS_ORIGIN is not a setting.
  - ROLES must be a list with commas of \`http\`, \`gateway\`, \`stream\`, \`jobs\`, not \`http,kitchen\`.
  - DATABASE_URL must start with \`postgres://\`.
  - CARDEA_HTTP_PORT must be a whole number from 1 to 65535, not \`80800\`.
  - CARDEA_PUBLIC_URL must be a URL with http or https and without a path, not \`keys.example.com\`.
  - CARDEA_MQTT_PORT must be a whole number from 1 to 65535, not \`eighty\`.
  - CARDEA_DEMO must be one of \`harbour\`, \`compat\`, \`none\`, not \`castle\`.
  - CARDEA_TLS_CERT and CARDEA_TLS_KEY belong together: set both or neither.`,
    ),
  );
});

test('the environment wins over the file .env', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cardea-env-'));
  try {
    writeFileSync(join(dir, '.env'), 'PATH=/nowhere\nCARDEA_HTTP_PORT=9000\n');
    expect(readEnvironment(dir)).toMatchObject({
      PATH: process.env['PATH'],
      CARDEA_HTTP_PORT: '9000',
    });
    expect(readConfig({ ...readEnvironment(dir) }).httpPort).toBe(9000);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

// `npx vitest run server/runtime/config.test.ts -u` writes both files anew.
test('docs/settings.md and .env.example are current', async () => {
  await expect(settingsPage()).toMatchFileSnapshot('../../docs/settings.md');
  await expect(environmentExample()).toMatchFileSnapshot('../../.env.example');
});

test('an outside signer is named whole or not at all', () => {
  const url = { CARDEA_SIGNER_URL: 'https://vault.example.com/some/prefix' };
  expect(() => readConfig(url)).toThrow('belong together: set all or none.');
  const signer = { ...url, CARDEA_SIGNER_ROLE_ID: 'role', CARDEA_SIGNER_SECRET_ID: 'secret' };
  expect(readConfig(signer)).toMatchObject({ signerUrl: url.CARDEA_SIGNER_URL });
  expect(() => readConfig({ ...signer, CARDEA_SIGNER_URL: 'vault' })).toThrow(
    'CARDEA_SIGNER_URL must be a URL with http or https, not `vault`.',
  );
});

test('a mail server and whom mail is from belong together', () => {
  const url = { CARDEA_SMTP_URL: 'smtps://user:secret@mail.example.com' };
  expect(() => readConfig(url)).toThrow('CARDEA_SMTP_URL and CARDEA_MAIL_FROM belong together');
  for (const from of ['doors@example.com', 'Cardea at home <doors@example.com>'])
    expect(readConfig({ ...url, CARDEA_MAIL_FROM: from })).toMatchObject({ mailFrom: from });
  const wrong = { CARDEA_SMTP_URL: 'https://user:secret@mail', CARDEA_MAIL_FROM: 'Cardea' };
  let message = '';
  try {
    readConfig(wrong);
  } catch (error) {
    ({ message } = error as Error);
  }
  expect(message).toContain('CARDEA_SMTP_URL must start with `smtp://` or `smtps://`');
  expect(message).toContain('CARDEA_MAIL_FROM must be an address');
  expect(message).not.toContain('secret');
});

test('a Home Assistant and the sites in it belong together', () => {
  const url = { CARDEA_HOME_ASSISTANT_URL: 'mqtt://doors:hush@ha.local' };
  const sites = { CARDEA_HOME_ASSISTANT_SITES: '3f0c4a52-6f0e-4a8e-9a57-2f4a0c7c1f10' };
  expect(() => readConfig(url)).toThrow('belong together');
  expect(() => readConfig(sites)).toThrow('belong together');
  expect(readConfig({ ...url, ...sites }).homeAssistantOpening).toBe('off');
});

test('a limit against guessing is a name and a number', () => {
  const read = (limits: string) => readConfig({ CARDEA_SIGN_IN_LIMITS: limits }).signInLimits;
  expect(read('account_in_network=5, network=50')).toEqual(['account_in_network=5', 'network=50']);
  for (const wrong of ['accounts=5', 'network', 'network=0', 'network=-1', 'network=5x'])
    expect(() => read(wrong)).toThrow('CARDEA_SIGN_IN_LIMITS');
});
