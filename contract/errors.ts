/**
 * The error catalogue: the only place where number, name, HTTP status, message, retry and effect of a failure are written.
 * The reference page (docs/generated/errors.md, /docs/errors) and the OpenAPI description are made from this table.
 */

export type Retry = 'never' | 'later' | 'after-change';
export type Effect = 'none' | 'unknown';

export type ErrorRow = {
  readonly code: number;
  /** The statuses this row may be answered with; the first is the usual one. */
  readonly statuses: readonly [number, ...number[]];
  readonly message: string;
  readonly raisedWhen: string;
  /** What the caller can do about it. */
  readonly whatToDo: string;
  readonly retry: Retry;
  readonly effect: Effect;
};

const never = { retry: 'never', effect: 'none' } as const;
const later = { retry: 'later', effect: 'none' } as const;
const laterUnknown = { retry: 'later', effect: 'unknown' } as const;
const afterChange = { retry: 'after-change', effect: 'none' } as const;

export const errorTable = {
  REQUEST_INVALID: {
    code: 1100,
    statuses: [400, 404, 405, 413, 415, 429, 503],
    message: 'The request received is invalid',
    raisedWhen:
      'The body cannot be read, a required member or parameter is missing, a JSON type is wrong, an id is not a UUID; ' +
      'also an unknown route (404), a wrong method (405), a body that is too large (413), an unsupported media type (415), ' +
      'too many requests (429) and a server that is starting or stopping (503).',
    whatToDo: 'Correct the request; the message names every member at fault.',
    ...never,
  },
  VALUE_INVALID: {
    code: 1101,
    statuses: [400, 404],
    message: "Value of '{parameterName}' is invalid.",
    raisedWhen:
      'A well-formed value is not allowed (400), an id in a Core body names nothing (400), an id in a Core path names ' +
      'nothing the caller may see (404), an easy office mode schedule is not set (404), or duration_in_seconds lies ' +
      'outside 15 to 600 (404).',
    whatToDo: 'Send another value; the message names the parameter as you wrote it.',
    ...never,
  },
  ODATA_INVALID: {
    code: 1102,
    statuses: [400],
    message: 'The OData filter format is invalid.',
    raisedWhen:
      '$filter, $orderby, $top or $skip does not parse, names an unknown field, compares wrong types, nests deeper than ' +
      '32, is longer than 4,096 characters, or $skip is above 0 on entries or incidents.',
    whatToDo: 'Correct the list option at the position in the message.',
    ...never,
  },
  UNAUTHORIZED: {
    code: 1500,
    statuses: [401],
    message: 'Unauthorized request',
    raisedWhen:
      'There is no token, or it is expired, revoked, wrongly signed or for another audience, or its user or client is ' +
      'disabled. On the wire the body is empty; the code is what the audit log and the metrics record.',
    whatToDo: 'Fetch a new token; the WWW-Authenticate header says what is wrong with this one.',
    ...afterChange,
  },
  ACTIVATION_CODE_INVALID: {
    code: 1501,
    statuses: [400],
    message: 'Activation code invalid',
    raisedWhen:
      'An activation code is malformed, unknown to the factory register, of another hardware type or already used.',
    whatToDo: 'Check the code on the hardware; free hardware that is in use elsewhere first.',
    ...afterChange,
  },
  INTERNAL_ERROR: {
    code: 2201,
    statuses: [500],
    message: 'An internal error has occurred. Please contact the administrator',
    raisedWhen: 'Anything unforeseen, and the database not answering.',
    whatToDo: 'Try again later; give the request id to the operator.',
    ...laterUnknown,
  },
  NOT_FOUND: {
    code: 2202,
    statuses: [404],
    message: '{Thing} not found',
    raisedWhen:
      'Connect face: an id names nothing the caller may see. Both faces: "Otp is invalid" when an OTP is needed and left out.',
    whatToDo: 'Check the id, or send the otp member.',
    ...never,
  },
  OPERATION_NOT_ALLOWED: {
    code: 2203,
    statuses: [403],
    message: 'Operation cannot be executed.',
    raisedWhen:
      'The state forbids it: dependants exist and force was not sent, the first secret is asked twice, hardware is not ' +
      'detached, an accessor is blocked, suspended or without remote access.',
    whatToDo:
      'Change the state named in the message first, or send force=true where it is offered.',
    ...afterChange,
  },
  IQ_TREE_INVALID: {
    code: 2204,
    statuses: [400],
    message: 'Iq tree is invalid',
    raisedWhen:
      'PUT tree: unknown or foreign hardware, a cycle, a lock as parent, the IQ as an item, duplicates, hardware of another ' +
      'IQ, over the limits, a lock beside a repeater on the IQ, another vendor or collection, an attached lock left out.',
    whatToDo: 'Correct the item whose number is in the message.',
    ...afterChange,
  },
  OFFLINE_ACCESS_INVALID: {
    code: 2205,
    statuses: [400],
    message: 'Offline access is invalid',
    raisedWhen:
      "Offline keys over the lock's limit, a key without access to that lock, blocked, of type PIN or plate, an unknown key " +
      'or lock, a lock that is not attached.',
    whatToDo: 'Send only keys that may open this lock, within its limit.',
    ...afterChange,
  },
  REPLACE_IQ_INVALID: {
    code: 2206,
    statuses: [400],
    message: 'Replace iq is invalid',
    raisedWhen:
      'The new hub is already registered in this tenant, the same, of another model generation or vendor, or with smaller ' +
      'limits than the tree; the old IQ is not active or in installation; a replacement is already running.',
    whatToDo: 'Use a free hub of the same family.',
    ...afterChange,
  },
  AVA_UPDATE_INVALID: {
    code: 2207,
    statuses: [400],
    message: 'Ava update is invalid',
    raisedWhen:
      'The available update is not for this hardware, a downgrade, already running, withdrawn, or the hardware is offline.',
    whatToDo: 'Read the list of updates again.',
    ...afterChange,
  },
  IQ_ACTIVATION_FAILED: {
    code: 2208,
    statuses: [400],
    message: 'IqActivationException',
    raisedWhen:
      'The code is right but the hub cannot be claimed: never in contact, refusing the claim, or not yet wiped after its ' +
      'last IQ was deleted; also an OTP activation by a suspended user or accessor.',
    whatToDo: 'Power the hub and connect it to the network, then try again.',
    ...later,
  },
  DELETE_IQ_PREREQUISITES: {
    code: 2209,
    statuses: [400],
    message: 'Delete iq prerequisites are not met',
    raisedWhen:
      'Hardware is in the tree of the IQ or not detached, or an update, a replacement or a migration runs.',
    whatToDo: 'Detach its locks and empty the tree first.',
    ...afterChange,
  },
  SITE_NOT_RELEASED: {
    code: 2210,
    statuses: [400],
    message: 'Site cannot be accessed if not released',
    raisedWhen: 'Any Connect call on a site in installation, by anyone but its installer.',
    whatToDo: 'Wait until the installer has released the site.',
    ...later,
  },
  TENANT_CERTIFICATE_SYNC_FAILED: {
    code: 2211,
    statuses: [200],
    message: 'Tenant Certificate Sync failed for Iq',
    raisedWhen:
      'Per IQ inside the answer of the certificate rotation: that IQ was offline or refused.',
    whatToDo: 'Nothing; it is tried again at the next contact with that IQ.',
    ...later,
  },
  NO_SUBSCRIPTION: {
    code: 2212,
    statuses: [403],
    message:
      'You cannot access this feature on this site at this moment because you don’t have a valid subscription.',
    raisedWhen:
      "A feature the site's subscription lacks or whose end date passed, no seat left, or no IQ left.",
    whatToDo: 'Extend the subscription, or free a seat.',
    ...afterChange,
  },
  POD_NAME_TAKEN: {
    code: 2213,
    statuses: [400],
    message: 'Pod with this name already exists in site',
    raisedWhen: 'Create or rename of a pod, compared without case and outer blanks.',
    whatToDo: 'Choose another name.',
    ...afterChange,
  },
  POD_LOCK_NOT_IN_SITE: {
    code: 2214,
    statuses: [400],
    message: 'Locks can not be added to the pod because they are not part of the site',
    raisedWhen: 'Create of a pod, or adding locks to it.',
    whatToDo: 'Send locks of the same site only.',
    ...afterChange,
  },
  POD_MEMBER_NEEDS_EMAIL: {
    code: 2215,
    statuses: [400],
    message: 'At least one Pod Member must have an email.',
    raisedWhen:
      'Create of a pod with members, or removing or changing the last member with an e-mail.',
    whatToDo: 'Keep a member who can be reached by e-mail.',
    ...afterChange,
  },
  POD_USER_TWICE: {
    code: 2216,
    statuses: [400],
    message: 'Can not add the same user to the Pod twice.',
    raisedWhen: 'The same person twice in one request, or already in this pod.',
    whatToDo: 'Send each person once.',
    ...afterChange,
  },
  POD_MEMBER_ELSEWHERE: {
    code: 2217,
    statuses: [400],
    message: "Can't add member(s) to the Pod. They belong to another Pod in this site already.",
    raisedWhen: 'A member of the request belongs to another pod of the site.',
    whatToDo: 'Remove the person from the other pod first.',
    ...afterChange,
  },
  POD_TAG_TWICE: {
    code: 2218,
    statuses: [400],
    message: 'Can not add the same tag to different Pod members.',
    raisedWhen: 'The same tag for two members, in one request or across requests.',
    whatToDo: 'Give each member an own tag.',
    ...afterChange,
  },
  POD_GUEST_LIMIT_TOO_LOW: {
    code: 2219,
    statuses: [400],
    message: 'New guest limit must be equal to or higher than the current number of guests.',
    raisedWhen: 'PATCH of a pod with a limit below the number of its guests.',
    whatToDo: 'Remove guests first, or choose a higher limit.',
    ...afterChange,
  },
  USER_IS_POD_MEMBER: {
    code: 2220,
    statuses: [403],
    message:
      'Can not perform this operation on the site user because they are a pod member. Please remove them from the pod first.',
    raisedWhen: 'Delete, role change or access-group change of a site user who is a pod member.',
    whatToDo: 'Remove the user from the pod first.',
    ...afterChange,
  },
  POD_FULL: {
    code: 2221,
    statuses: [400],
    message: 'Can not add all guests. Max guest amount reached for pod.',
    raisedWhen: 'Adding guests over the limit; none of the request is added.',
    whatToDo: 'Raise the limit or send fewer guests.',
    ...afterChange,
  },
  POD_LOCK_NOT_IN_POD: {
    code: 2222,
    statuses: [400],
    message: 'Locks can not be used because they are not part of the pod.',
    raisedWhen: "A guest's access rule names a lock outside the pod.",
    whatToDo: 'Choose locks of the pod.',
    ...afterChange,
  },
  MIGRATION_ABORTED: {
    code: 2223,
    statuses: [400],
    message: 'Migration aborted',
    raisedWhen: 'A check of a migration failed; the message names the first one; nothing changed.',
    whatToDo: 'Mend what the check names, then send the migration again.',
    ...afterChange,
  },
  PLATFORM_FUNCTION_FAILED: {
    code: 3010,
    statuses: [500],
    message: 'ClpFunctionException',
    raisedWhen:
      'A platform function that a request waits for failed: report generation, export, update catalogue.',
    whatToDo: 'Try again later.',
    ...later,
  },
  CCC_FAILED: {
    code: 3101,
    statuses: [500],
    message: 'Ccc generic exception',
    raisedWhen: 'The device cloud itself failed: broker down, command store unavailable.',
    whatToDo: 'Look at the door before trying again; tell the operator.',
    ...laterUnknown,
  },
  CCC_COMMAND_FAILED: {
    code: 3102,
    statuses: [500, 408, 404, 400, 403],
    message: 'Request execution failed with code: {word}',
    raisedWhen:
      'The IQ answered with a refusal, or not in time. timeout 408; hardware_not_found, accessor_not_found 404; ' +
      'otp_invalid, pin_not_changed, lock_offline, not_attached 400; otp_blocked, command_forbidden, privacy_mode, ' +
      'access_denied 403; hardware_error, jammed and every other word 500.',
    whatToDo: 'Act on the word; after 408 and 500 the door may have opened: read the lock again.',
    ...laterUnknown,
  },
  CCC_OPERATION_NOT_ALLOWED: {
    code: 3103,
    statuses: [403],
    message: 'Ccc operation cannot be executed.',
    raisedWhen:
      'The device cloud refuses before sending: a door command while the IQ is not subscribed, in installation or needs a ' +
      'restore; any command while it is updated or replaced, or over 100 commands wait.',
    whatToDo: 'Bring the IQ into the state named in the message, then try again.',
    ...later,
  },
  CCC_ENTITY_NOT_FOUND: {
    code: 3104,
    statuses: [404],
    message: 'Ccc entity not found',
    raisedWhen:
      'A hub command to an IQ of which the device cloud has no record, as its hub has not confirmed the claim.',
    whatToDo: 'Wait until the IQ has left the state initialized.',
    ...never,
  },
  IQ_OFFLINE: {
    code: 3105,
    statuses: [400],
    message: 'Iq is offline it is not connected to CCC',
    raisedWhen:
      'Any command to an IQ without a live connection; answered at once, nothing happened.',
    whatToDo: 'Check power and network of the IQ; the doors go on with its own table.',
    ...later,
  },
  REQUEST_FAILED: {
    code: 3201,
    statuses: [500],
    message: 'RequestFailedException',
    raisedWhen:
      'A service the platform depends on refused or failed: event store, certificate signer, file store, identity provider.',
    whatToDo: 'Try again later.',
    ...later,
  },
  MESSAGE_INVALID: {
    code: 4101,
    statuses: [400],
    message: 'Invalid try to send a message',
    raisedWhen:
      'An invitation is sent again to someone who has a profile or no address; a message rule has no channel; an SMS has no ' +
      'phone number; a PIN by e-mail or a report has no e-mail.',
    whatToDo: 'Add the missing address, or choose another channel.',
    ...afterChange,
  },
  INVITE_FAILED: {
    code: 4201,
    statuses: [400],
    message: 'We could not invite the user',
    raisedWhen:
      'The address is malformed or refused by the mail server, the person blocked invitations, or the identity server refused.',
    whatToDo: 'Correct the address, or ask the person.',
    ...later,
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorName = keyof typeof errorTable;

export const errorNames = Object.keys(errorTable) as readonly ErrorName[];

/** The row of a name, widened so that callers see one shape. */
export function errorRow(name: ErrorName): ErrorRow {
  return errorTable[name];
}
