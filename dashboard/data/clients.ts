/** Programs that may ask for tokens: what each is for, what it may be allowed, and the lines with which its maker begins. */
import type { ItemOf } from '#client/operations';

export type Client = ItemOf<'/ext/v1/clients'>;
export type Grant = Client['grants'][number];
export type Scope = Client['scopes'][number];

export type Purpose = 'program' | 'person' | 'web' | 'app' | 'guests';

type Uses = Pick<Client, 'kind' | 'grants' | 'scopes'>;
const ofPeople: readonly Scope[] = ['openid', 'profile', 'email', 'offline_access'];

/** What a client of each purpose begins with; what it reaches is chosen on top. */
export const startOf: Readonly<Record<Purpose, Uses>> = {
  program: { kind: 'confidential', grants: ['client_credentials'], scopes: [] },
  person: {
    kind: 'confidential',
    grants: ['password', 'refresh_token'],
    scopes: ['offline_access'],
  },
  web: {
    kind: 'confidential',
    grants: ['authorization_code', 'refresh_token'],
    scopes: [...ofPeople],
  },
  app: { kind: 'public', grants: ['authorization_code', 'refresh_token'], scopes: [...ofPeople] },
  guests: {
    kind: 'public',
    grants: ['access_code', 'refresh_token'],
    scopes: ['offline_access'],
  },
};
export const purposes = Object.keys(startOf) as readonly Purpose[];

export function purposeOf({ kind, grants }: Pick<Client, 'kind' | 'grants'>): Purpose {
  if (kind === 'public') return grants.includes('authorization_code') ? 'app' : 'guests';
  if (grants.includes('authorization_code')) return 'web';
  return grants.includes('password') ? 'person' : 'program';
}

const coreReach: readonly Scope[] = [
  'core_api.full',
  'core_api.standard',
  'core_api.license_plate',
  'hardware_api',
];
const connectReach: readonly Scope[] = ['user_api.full_access', 'user_api.eloxx'];

/** What is offered for a purpose; the first is the usual one (identity.md 3: without a person there is Core alone). */
export function reachOf(purpose: Purpose): readonly Scope[] {
  if (purpose === 'program') return coreReach;
  if (purpose === 'guests') return ['user_api.full_access'];
  return [...connectReach, 'core_api.full', 'core_api.standard'];
}

const grantsOfKind: Readonly<Record<Client['kind'], readonly Grant[]>> = {
  confidential: ['client_credentials', 'password', 'authorization_code', 'refresh_token'],
  public: ['authorization_code', 'access_code', 'refresh_token'],
};

/** How a client of a kind may get tokens. */
export const grantsFor = (kind: Client['kind']): readonly Grant[] => grantsOfKind[kind];

/** What a client may be allowed that gets its tokens this way. */
export function scopesFor(grants: readonly Grant[]): readonly Scope[] {
  const isOfPeople = grants.some(
    (grant) => grant === 'authorization_code' || grant === 'password' || grant === 'access_code',
  );
  if (!isOfPeople) return coreReach;
  const people: readonly Scope[] = ['openid', 'profile', 'email', 'phone'];
  const later: readonly Scope[] = grants.includes('refresh_token') ? ['offline_access'] : [];
  return [...connectReach, ...coreReach, ...people, ...later];
}

/**
 * Lines for a shell that get a token and read something with it, with `…` where its maker fills in what is known to nobody else.
 * `origin`: the address of the server.
 */
export function firstLines(client: Client, origin: string): string {
  const purpose = purposeOf(client);
  const { id, kind } = client;
  const isSecret = kind === 'confidential';
  const known = isSecret ? ["CLIENT_SECRET='…'"] : [];
  const reads = client.scopes.some((scope) => scope.startsWith('user_api'))
    ? `${origin}/v1.2/sites`
    : `${origin}/v1.2/locks`;
  const token = (grant: Grant, ...fields: readonly string[]) =>
    [
      `curl -sf ${origin}/connect/token -d grant_type=${grant}`,
      `-d client_id=${id}`,
      ...(isSecret ? ['--data-urlencode "client_secret=$CLIENT_SECRET"'] : []),
      ...fields,
    ].join(' \\\n  ');
  const reading = (asked: string) => [
    `TOKEN=$(${asked} |\n  grep -o '"access_token":"[^"]*' | cut -d'"' -f4)`,
    `curl -s ${reads} -H "Authorization: Bearer $TOKEN"`,
  ];
  const lines: Readonly<Record<Purpose, () => readonly string[]>> = {
    program: () => [...known, ...reading(token('client_credentials'))],
    person: () => [
      ...known,
      "EMAIL='…'",
      "PASSWORD='…'",
      ...reading(
        token(
          'password',
          '--data-urlencode "username=$EMAIL"',
          '--data-urlencode "password=$PASSWORD"',
        ),
      ),
    ],
    guests: () => [
      "ACCESS_CODE='…'",
      token('access_code', '--data-urlencode "access_code=$ACCESS_CODE"'),
    ],
    web: () => [...known, ...byBrowser()],
    app: byBrowser,
  };
  function byBrowser(): readonly string[] {
    const back = client.redirect_uris[0] ?? '';
    const asked = new URLSearchParams({
      response_type: 'code',
      client_id: id,
      redirect_uri: back,
      scope: client.scopes.join(' '),
      code_challenge_method: 'S256',
    }).toString();
    return [
      'VERIFIER=$(openssl rand -hex 32)',
      `CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=')`,
      `echo "${origin}/connect/authorize?${asked}&code_challenge=$CHALLENGE"`,
      "read -r -p 'code: ' CODE",
      ...reading(
        token(
          'authorization_code',
          `--data-urlencode ${shellText(`redirect_uri=${back}`)}`,
          '-d "code=$CODE" -d "code_verifier=$VERIFIER"',
        ),
      ),
    ];
  }
  return lines[purpose]().join('\n');
}

/** A text that no shell reads anything into. */
function shellText(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
