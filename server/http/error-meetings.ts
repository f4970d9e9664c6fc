/**
 * How to meet an error in the simulator: steps over the Core API, the control API of the demo building, the database and the data
 * folder. The reference renders them as commands; a test does what they say and meets each code.
 */
import { assertNever } from '#contract/assert-never';
import type { ErrorName } from '#contract/errors';

export type MeetingStep =
  | {
      readonly on: 'api';
      readonly method: string;
      /** After `/v1.2`; `$NAME` stands for an id of the demo. */
      readonly path: string;
      readonly body?: object;
    }
  /** `spares` = the building of spare.json, which is plugged in beside the demo. */
  | { readonly on: 'simulator' | 'spares'; readonly path: string; readonly body: object }
  /** Reads until the answer holds this text. */
  | { readonly on: 'wait'; readonly path: string; readonly text: string }
  /** Keeps the first id of a list, or that of what is created, under a name. */
  | { readonly on: 'keep'; readonly name: string; readonly path: string; readonly body?: object }
  | { readonly on: 'database'; readonly sql: string }
  /** Gives a file of the data folder another name. */
  | { readonly on: 'files'; readonly from: string; readonly to: string };

export type Meeting = {
  readonly cause: string;
  /** The last of them is answered with the error. */
  readonly steps: readonly MeetingStep[];
  /** Makes it good again. */
  readonly after: readonly MeetingStep[];
};

const api = (method: string, path: string, body?: object): MeetingStep => ({
  on: 'api',
  method,
  path,
  ...(body === undefined ? {} : { body }),
});
const simulator = (path: string, body: object = {}): MeetingStep => ({
  on: 'simulator',
  path,
  body,
});
const wait = (path: string, text: string): MeetingStep => ({ on: 'wait', path, text });
const open = api('PATCH', '/locks/$FRONT/locking', { locked_state: 'unlocked' });
const isOffline = wait('/iqs/$HUB', '"online":false');
const isOnline = wait('/iqs/$HUB', '"online":true');
const plug = (isIn: boolean): MeetingStep =>
  simulator('/hubs/Ground%20floor%20hub/plug', { in: isIn });

/** Where the names of the steps come from, in the demo building. */
export const meetingNames: Readonly<Record<string, string>> = {
  HUB: 'Ground floor hub',
  UPSTAIRS: 'Upstairs hub',
  FRONT: 'Front door',
  ROOF: 'Roof terrace',
  NORA: 'Nora Visser',
  PIOTR: 'Piotr Nowak',
};

export const meetings: Readonly<Partial<Record<ErrorName, Meeting>>> = {
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
      { on: 'keep', name: 'UPDATE', path: '/updates?$filter=hardware_id eq $HUB' },
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
  TENANT_CERTIFICATE_SYNC_FAILED: {
    cause:
      'A hub is without power while the certificate is rotated: an item of the answer, which is a 200. It is told at its return.',
    steps: [plug(false), isOffline, api('POST', '/tenant/certificate')],
    after: [plug(true), isOnline],
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
    steps: [{ on: 'database', sql: 'alter table commands rename to commands_away' }, open],
    after: [{ on: 'database', sql: 'alter table commands_away rename to commands' }],
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
      {
        on: 'keep',
        name: 'NEW',
        path: '/iqs',
        body: { activation_code: '03E4CC0000000000000000CA4D' },
      },
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
    steps: [
      { on: 'database', sql: 'alter table entries rename to entries_away' },
      api('GET', '/entries'),
    ],
    after: [{ on: 'database', sql: 'alter table entries_away rename to entries' }],
  },
};

/** The steps as lines for a shell. */
export function commandsOf({ steps, after }: Meeting): readonly string[] {
  const undo = after.length === 0 ? [] : ['# and back', ...after.map(commandOf)];
  return [...steps.map(commandOf), ...undo];
}

function commandOf(step: MeetingStep): string {
  switch (step.on) {
    case 'api': {
      const body = step.body === undefined ? '' : ` -H "$JSON" -d ${quoted(step.body)}`;
      return `curl -s -H "$AUTH" -X ${step.method} "$API${step.path}"${body}`;
    }
    case 'simulator':
      return `curl -s "$SIM${step.path}" -d ${quoted(step.body)}`;
    case 'spares':
      return `curl -s "$SPARES${step.path}" -d ${quoted(step.body)}`;
    case 'wait':
      return `until curl -s -H "$AUTH" "$API${step.path}" | grep -q '${step.text}'; do sleep 1; done`;
    case 'keep': {
      const call =
        step.body === undefined
          ? listed(step.path)
          : commandOf({ on: 'api', method: 'POST', path: step.path, body: step.body });
      return `${step.name}=$(${call} | grep -o '"id":"[^"]*"' | head -1 | cut -d'"' -f4)`;
    }
    case 'database':
      return `$SQL '${step.sql}'`;
    case 'files':
      return `mv data/${step.from} data/${step.to}`;
    default:
      return assertNever(step);
  }
}

/** What the commands of the reference begin with; `ids` by the names of the steps. */
export function preparation(ids: Readonly<Record<string, string>>): readonly string[] {
  return [
    '# npm start in another terminal; here, in the folder where data/ is:',
    `demo() { node -p "require('./data/demo.json').$1"; }`,
    'API=$(demo base_url)/v1.2 SIM=$(demo simulator_url) SPARES=http://localhost:8091',
    'AUTH="Authorization: Bearer $(curl -s -u "$(demo core_client.id):$(demo core_client.secret)" \\',
    '  -d grant_type=client_credentials -d scope=core_api.full "$(demo identity_url)/connect/token" \\',
    `  | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')"`,
    'JSON="Content-Type: application/json"',
    'export PGPASSWORD=$(cat data/postgres/password)',
    'SQL="psql -q -h $(sed -n 5p data/postgres/cluster/postmaster.pid) -U cardea cardea -c"',
    ...Object.entries(ids).map(([name, id]) => `${name}=${id} # ${meetingNames[name] ?? ''}`),
    '# for 3104: a hub and a lock that belong to nobody',
    'npm run simulate -- --building simulator/buildings/spare.json --server mqtts://localhost:8883 \\',
    '  --ca data/device-ca.pem --data data/spares --port 8091 &',
  ];
}

/** A filter has blanks and a dollar sign of its own. */
function listed(path: string): string {
  const [plain = '', filter = ''] = path.split('?$filter=');
  return `curl -s -H "$AUTH" -G "$API${plain}" --data-urlencode "\\$filter=${filter}"`;
}

function quoted(body: object): string {
  return `"${JSON.stringify(body).replaceAll('"', '\\"')}"`;
}
