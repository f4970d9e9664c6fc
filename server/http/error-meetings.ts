/**
 * How to meet an error in the simulator: steps over both APIs, the control API of the demo building, the database and the data folder.
 * The reference renders them as commands; a test does what they say and meets each code.
 */
import { assertNever } from '#contract/assert-never';
import type { ErrorName } from '#contract/errors';

export type MeetingStep =
  | {
      readonly on: 'api';
      /** A client of the Core API, whose paths begin after `/v1.2`; the owner of the site, with whole paths; or nobody. */
      readonly by: 'program' | 'owner' | 'nobody';
      readonly method: string;
      /** `$NAME` stands for an id of the demo. */
      readonly path: string;
      readonly body?: object;
    }
  /** `spares` = the building of spare.json, which is plugged in beside the demo. */
  | { readonly on: 'simulator' | 'spares'; readonly path: string; readonly body: object }
  /** Reads until the answer holds this text. */
  | { readonly on: 'wait'; readonly path: string; readonly text: string }
  /** Keeps the first id of an answer under a name. */
  | { readonly on: 'keep'; readonly name: string; readonly call: ApiStep }
  | { readonly on: 'database'; readonly sql: string }
  /** Gives a file of the data folder another name. */
  | { readonly on: 'files'; readonly from: string; readonly to: string };

export type ApiStep = Extract<MeetingStep, { on: 'api' }>;

export type Meeting = {
  readonly cause: string;
  /** The last of them is answered with the error. */
  readonly steps: readonly MeetingStep[];
  /** Makes it good again. */
  readonly after: readonly MeetingStep[];
};

const call =
  (by: ApiStep['by']) =>
  (method: string, path: string, body?: object): ApiStep => ({
    on: 'api',
    by,
    method,
    path,
    ...(body === undefined ? {} : { body }),
  });
const api = call('program');
const owner = call('owner');
const keep = (name: string, kept: ApiStep): MeetingStep => ({ on: 'keep', name, call: kept });
/** Renames a table for the time of a request. */
const without = (table: string): readonly [MeetingStep, MeetingStep] => [
  { on: 'database', sql: `alter table ${table} rename to ${table}_away` },
  { on: 'database', sql: `alter table ${table}_away rename to ${table}` },
];
const simulator = (path: string, body: object = {}): MeetingStep => ({
  on: 'simulator',
  path,
  body,
});
const wait = (path: string, text: string): MeetingStep => ({ on: 'wait', path, text });
const open = api('PATCH', '/locks/$FRONT/locking', { locked_state: 'unlocked' });
const isOffline = wait('/iqs/$HUB', '"online":false');
const isOnline = wait('/iqs/$HUB', '"online":true');
const nothing = '11111111-1111-4111-8111-111111111111';
const [vendorsAway, vendorsBack] = without('vendors');
const [commandsAway, commandsBack] = without('commands');
const [entriesAway, entriesBack] = without('entries');
const pods = '/v1.2/sites/$SITE/pods';
const flat = (name: string, more: object = {}): object => ({
  customer_reference: name,
  max_guest_amount: 1,
  ...more,
});
/** Another person each time, as whoever is in one pod cannot be in the next. */
const person = (name: string, more: object = {}): object => ({
  first_name: name,
  last_name: 'Visser',
  ...more,
});
const mail = (name: string): string => `${name.toLowerCase()}@demo.example`;
const guest = (name: string, more: object = {}): object =>
  person(name, { access_rule: { access_rule_type: 'always' }, ...more });
const newPod = (more: object = {}): MeetingStep =>
  keep('POD', owner('POST', pods, flat('Flat 9', more)));
const removePod = owner('DELETE', `${pods}/$POD`);
const welcome = (...add_guests: readonly object[]): ApiStep =>
  owner('PATCH', `${pods}/$POD/guests`, { add_guests });
const plug = (isIn: boolean): MeetingStep =>
  simulator('/hubs/Ground%20floor%20hub/plug', { in: isIn });

/** What the names of the steps stand for, in the demo building. */
export const meetingThings: Readonly<
  Record<string, { readonly name: string; readonly id: string }>
> = {
  HUB: { name: 'Ground floor hub', id: '352d95ac-5671-8515-b856-62fc29c79163' },
  UPSTAIRS: { name: 'Upstairs hub', id: '7180e143-44fe-8857-a04f-761e7c58a1fc' },
  SITE: { name: 'Harbour House', id: '1e2238d1-f4b2-84fd-9385-a5520a19541c' },
  FRONT: { name: 'Front door', id: 'b2008bb3-031c-8ab0-9038-7840e8e968ca' },
  ROOF: { name: 'Roof terrace', id: '295d0422-87c0-82df-addf-a3fabd162cde' },
  NORA: { name: 'Nora Visser', id: '9943c6ca-fa94-8118-b72d-acbc51b15e8f' },
  DAAN: { name: 'Daan Bakker', id: '62e06d15-913b-856d-a676-0d1dcd2bec43' },
  PIOTR: { name: 'Piotr Nowak', id: '159fee55-28e9-8757-97c2-db2d4686634f' },
};

export const meetings: Readonly<Record<ErrorName, Meeting>> = {
  REQUEST_INVALID: {
    cause: 'A 7 is no UUID.',
    steps: [api('GET', '/locks/7')],
    after: [],
  },
  VALUE_INVALID: {
    cause: 'There is no such lock.',
    steps: [api('GET', `/locks/${nothing}`)],
    after: [],
  },
  ODATA_INVALID: {
    cause: 'Locks have no such member.',
    steps: [api('GET', '/locks?%24filter=nothing%20eq%201')],
    after: [],
  },
  UNAUTHORIZED: {
    cause: 'There is no token. The answer has no body: status and WWW-Authenticate say it all.',
    steps: [call('nobody')('GET', '/locks')],
    after: [],
  },
  INTERNAL_ERROR: {
    cause: 'A table of the database is gone.',
    steps: [vendorsAway, api('GET', '/vendors')],
    after: [vendorsBack],
  },
  ACTIVATION_CODE_INVALID: {
    cause: 'No hub with this code has ever called home.',
    steps: [api('POST', '/iqs', { activation_code: '03E4AD00112233445566778899' })],
    after: [],
  },
  NOT_FOUND: {
    cause: 'The hub upstairs asks for one-time codes, and none is sent.',
    steps: [
      api('PATCH', '/locks/$ROOF/locking', { locked_state: 'unlocked', accessor_id: '$NORA' }),
    ],
    after: [],
  },
  OPERATION_NOT_ALLOWED: {
    cause: 'The lock hangs on its hub: it must be detached first.',
    steps: [api('DELETE', '/locks/$FRONT')],
    after: [],
  },
  IQ_TREE_INVALID: {
    cause: 'The front door is no repeater.',
    steps: [
      api('PUT', '/iqs/$HUB/tree', {
        iq_tree_items: [{ id: '$FRONT', hardware_type: 'repeater' }],
      }),
    ],
    after: [],
  },
  OFFLINE_ACCESS_INVALID: {
    cause: 'There is no such key.',
    steps: [
      api('PATCH', '/locks/$FRONT/offline_keys', {
        add_ids: ['11111111-1111-4111-8111-111111111111'],
      }),
    ],
    after: [],
  },
  REPLACE_IQ_INVALID: {
    cause:
      'The hub that is to take the place of the one downstairs is the one upstairs, which is registered already.',
    steps: [api('POST', '/iqs/$HUB/replace', { activation_code: '03E4B278BC0008B575CC7A3110' })],
    after: [],
  },
  AVA_UPDATE_INVALID: {
    cause: 'There is an update for the hub, but its plug is out.',
    steps: [
      keep('UPDATE', api('GET', '/updates?%24filter=hardware_id%20eq%20$HUB')),
      plug(false),
      isOffline,
      api('POST', '/updates/$UPDATE/apply'),
    ],
    after: [plug(true), isOnline],
  },
  IQ_ACTIVATION_FAILED: {
    cause:
      'Somebody suspended sets a one-time code. With POST /iqs: a hub that was deleted here and has not been wiped yet.',
    steps: [api('PUT', '/iqs/$HUB/pins', { accessor_id: '$PIOTR', otp: '00000' })],
    after: [],
  },
  DELETE_IQ_PREREQUISITES: {
    cause: 'Locks hang on the hub.',
    steps: [api('DELETE', '/iqs/$HUB')],
    after: [],
  },
  SITE_NOT_RELEASED: {
    cause: 'Somebody else is still setting the site up.',
    steps: [
      {
        on: 'database',
        sql: "update collections set installation_state = 'installation', installer_user_id = (select user_id from accessors where id = '$DAAN') where id = '$SITE'",
      },
      owner('GET', '/v1.2/sites/$SITE'),
    ],
    after: [
      {
        on: 'database',
        sql: "update collections set installation_state = 'self_installed', installer_user_id = null where id = '$SITE'",
      },
    ],
  },
  TENANT_CERTIFICATE_SYNC_FAILED: {
    cause:
      'A hub is without power while the certificate is rotated: an item of the answer, which is a 200. It is told at its return.',
    steps: [plug(false), isOffline, api('POST', '/tenant/certificate')],
    after: [plug(true), isOnline],
  },
  NO_SUBSCRIPTION: {
    cause: 'People of the site may not choose a PIN of their own.',
    steps: [
      api('PATCH', '/collections/$SITE/options', { custom_pin_enabled: false }),
      api('PUT', '/accessors/$NORA/pin/custom', { pin: '4711' }),
    ],
    after: [api('PATCH', '/collections/$SITE/options', { custom_pin_enabled: true })],
  },
  POD_NAME_TAKEN: {
    cause: 'Neither case nor blanks make it another name.',
    steps: [newPod(), owner('POST', pods, flat(' FLAT 9'))],
    after: [removePod],
  },
  POD_LOCK_NOT_IN_SITE: {
    cause: 'There is no such lock in the site.',
    steps: [owner('POST', pods, flat('Flat 9', { locks: [nothing] }))],
    after: [],
  },
  POD_MEMBER_NEEDS_EMAIL: {
    cause: 'The only member has no address.',
    steps: [owner('POST', pods, flat('Flat 9', { members: [person('Ada')] }))],
    after: [],
  },
  POD_USER_TWICE: {
    cause: 'A member is to be a guest too.',
    steps: [
      newPod({ members: [person('Cleo', { email: mail('Cleo') })] }),
      welcome(guest('Cleo', { email: mail('Cleo') })),
    ],
    after: [removePod],
  },
  POD_MEMBER_ELSEWHERE: {
    cause: 'The person lives in another flat.',
    steps: [
      newPod({ members: [person('Emil', { email: mail('Emil') })] }),
      owner('POST', pods, flat('Flat 10', { members: [person('Emil', { email: mail('Emil') })] })),
    ],
    after: [removePod],
  },
  POD_TAG_TWICE: {
    cause: 'Two members are to have the same tag.',
    steps: [
      keep('TAG', api('GET', '/tags?%24top=1')),
      owner(
        'POST',
        pods,
        flat('Flat 9', {
          members: [
            person('Finn', { email: mail('Finn'), tag_id: '$TAG' }),
            person('Gaia', { email: mail('Gaia'), tag_id: '$TAG' }),
          ],
        }),
      ),
    ],
    after: [],
  },
  POD_GUEST_LIMIT_TOO_LOW: {
    cause: 'There is a guest already.',
    steps: [
      newPod(),
      welcome(guest('Hugo')),
      owner('PATCH', `${pods}/$POD`, { max_guest_amount: 0 }),
    ],
    after: [removePod],
  },
  USER_IS_POD_MEMBER: {
    cause: 'The person to be removed lives in a flat.',
    steps: [
      newPod({ members: [person('Iris', { email: mail('Iris') })] }),
      keep(
        'PERSON',
        owner('GET', `/v1.2/sites/$SITE/users?%24filter=user/email%20eq%20'iris@demo.example'`),
      ),
      owner('DELETE', '/v1.2/sites/$SITE/users/$PERSON'),
    ],
    after: [removePod],
  },
  POD_FULL: {
    cause: 'Two guests where there may be one.',
    steps: [newPod(), welcome(guest('Juno'), guest('Kaya'))],
    after: [removePod],
  },
  POD_LOCK_NOT_IN_POD: {
    cause: 'The rule names a lock that the pod does not have.',
    steps: [
      newPod(),
      welcome(
        guest('Lars', {
          access_rule: {
            access_rule_type: 'custom',
            locks: ['$FRONT'],
            schedules: [{ start_time: '08:00', end_time: '18:00', monday: true }],
          },
        }),
      ),
    ],
    after: [removePod],
  },
  MIGRATION_ABORTED: {
    cause: 'The file to import is not a whole one.',
    steps: [api('POST', '/migrations', { kind: 'site_import', export: { version: 1 } })],
    after: [],
  },
  PLATFORM_FUNCTION_FAILED: {
    cause: 'The signature of the catalogue of updates is gone.',
    steps: [
      { on: 'files', from: 'updates/index.json.sig', to: 'updates/index.json.away' },
      api('GET', '/updates'),
    ],
    after: [{ on: 'files', from: 'updates/index.json.away', to: 'updates/index.json.sig' }],
  },
  CCC_FAILED: {
    cause: 'The store of the commands is out of reach.',
    steps: [commandsAway, open],
    after: [commandsBack],
  },
  CCC_COMMAND_FAILED: {
    cause:
      'The bolt sticks. Other words: `privacy` of a lock, `out_of_range` (timeout, later lock_offline).',
    steps: [simulator('/locks/Front%20door/jam'), open],
    after: [simulator('/locks/Front%20door/unjam')],
  },
  CCC_ENTITY_NOT_FOUND: {
    cause:
      'A hub that called home once is registered while its plug is out: it has not confirmed the claim.',
    steps: [
      { on: 'spares', path: '/hubs/Spare%20hub/plug', body: { in: false } },
      keep('NEW', api('POST', '/iqs', { activation_code: '03E4CC0000000000000000CA4D' })),
      api('POST', '/iqs/$NEW/reset'),
    ],
    after: [
      api('DELETE', '/iqs/$NEW'),
      { on: 'spares', path: '/hubs/Spare%20hub/plug', body: { in: true } },
    ],
  },
  CCC_OPERATION_NOT_ALLOWED: {
    cause: 'The hub is not subscribed.',
    steps: [api('PATCH', '/iqs/$HUB', { subscribed: false }), open],
    after: [api('PATCH', '/iqs/$HUB', { subscribed: true })],
  },
  IQ_OFFLINE: {
    cause: 'The line of the hub is cut.',
    steps: [simulator('/hubs/Ground%20floor%20hub/link', { state: 'cut' }), isOffline, open],
    after: [simulator('/hubs/Ground%20floor%20hub/link', { state: 'up' }), isOnline],
  },
  REQUEST_FAILED: {
    cause: 'The store of the entries is out of reach.',
    steps: [entriesAway, api('GET', '/entries')],
    after: [entriesBack],
  },
  MESSAGE_INVALID: {
    cause: 'The rule has no channel to send by.',
    steps: [
      owner('POST', '/v1.1/sites/$SITE/entry_message_rule', {
        customer_reference: 'Night',
        type: 'entered',
      }),
    ],
    after: [],
  },
  INVITE_FAILED: {
    cause: 'The address is none.',
    steps: [owner('POST', '/v1.1/sites/$SITE/users', person('Grace', { email: 'no mailbox' }))],
    after: [],
  },
};

/** The steps as lines for a shell. */
export function commandsOf({ steps, after }: Meeting): readonly string[] {
  const undo = after.length === 0 ? [] : ['# and back', ...after.map(commandOf)];
  return [...steps.map(commandOf), ...undo];
}

/** How each of them says who it is, and where its paths begin. */
const callers = {
  program: { header: ' -H "$AUTH"', root: '$API' },
  owner: { header: ' -H "$ME"', root: '$CONNECT' },
  nobody: { header: ' -i', root: '$API' },
} as const;

function commandOf(step: MeetingStep): string {
  switch (step.on) {
    case 'api': {
      const { header, root } = callers[step.by];
      const body = step.body === undefined ? '' : ` -H "$JSON" -d ${quoted(step.body)}`;
      return `curl -s${header} -X ${step.method} "${root}${step.path}"${body}`;
    }
    case 'simulator':
      return `curl -s "$SIM${step.path}" -d ${quoted(step.body)}`;
    case 'spares':
      return `curl -s "$SPARES${step.path}" -d ${quoted(step.body)}`;
    case 'wait':
      return `until curl -s -H "$AUTH" "$API${step.path}" | grep -q '${step.text}'; do sleep 1; done`;
    case 'keep':
      return `${step.name}=$(${commandOf(step.call)} | grep -o '"id":"[^"]*"' | head -1 | cut -d'"' -f4)`;
    case 'database':
      return `$SQL "${step.sql}"`;
    case 'files':
      return `mv data/${step.from} data/${step.to}`;
    default:
      return assertNever(step);
  }
}

/** What the commands of the reference begin with. */
export const preparation: readonly string[] = [
  '# npm start in another terminal; here, in the folder where data/ is:',
  `demo() { node -p "require('./data/demo.json').$1"; }`,
  'token() { curl -s "$(demo identity_url)/connect/token" "$@" | sed \'s/.*"access_token":"\\([^"]*\\)".*/\\1/\'; }',
  'CONNECT=$(demo base_url) API=$(demo base_url)/v1.2 SIM=$(demo simulator_url) SPARES=http://localhost:8091',
  'AUTH="Authorization: Bearer $(token -u "$(demo core_client.id):$(demo core_client.secret)" \\',
  '  -d grant_type=client_credentials -d scope=core_api.full)"',
  'ME="Authorization: Bearer $(token -u "$(demo connect_client.id):$(demo connect_client.secret)" \\',
  '  -d grant_type=password -d scope=user_api.full_access \\',
  '  --data-urlencode "username=$(demo user.username)" --data-urlencode "password=$(demo user.password)")"',
  'JSON="Content-Type: application/json"',
  'export PGPASSWORD=$(cat data/postgres/password)',
  'SQL="psql -q -h $(sed -n 5p data/postgres/cluster/postmaster.pid) -U cardea cardea -c"',
  ...Object.entries(meetingThings).map(([short, { name, id }]) => `${short}=${id} # ${name}`),
  '# for 3104: a hub and a lock that belong to nobody',
  'npm run simulate -- --building simulator/buildings/spare.json --server mqtts://localhost:8883 \\',
  '  --ca data/device-ca.pem --data data/spares --port 8091 &',
];

function quoted(body: object): string {
  return `"${JSON.stringify(body).replaceAll('"', '\\"')}"`;
}
