/** What messages say, in English. Pure: names go in, and nowhere else. */
import { assertNever } from '#contract/assert-never';
import type { EntryCategory, IncidentCategory } from '#contract/events';
import type { TellableEvent } from '#server/store/message-events';

export type MessageText = {
  /** One line. */
  readonly subject: string;
  /** Paragraphs, divided by an empty line. */
  readonly text: string;
};

/** The message of an event; `leftOut` events of the same kind at the same place came since the last message and have none. */
export function textOf(event: TellableEvent, leftOut: number): MessageText {
  const place =
    event.lock_id === null ? plain(event.iq_name, 'A hub') : plain(event.lock_name, 'A door');
  const { subject, sentence } = saidOf(event, place);
  const more =
    leftOut === 0
      ? []
      : [
          leftOut === 1
            ? 'It happened once more since the last message.'
            : `It happened ${leftOut} more times since the last message.`,
        ];
  const where = [
    `When: ${event.local.replace('T', ' ')} (local time)`,
    ...named('Door', event.lock_name),
    ...named('Hub', event.iq_name),
    ...named('Site', event.site_name),
  ].join('\n');
  return { subject, text: [sentence, ...more, where].join('\n\n') };
}

type Said = { readonly subject: string; readonly sentence: string };

function saidOf(event: TellableEvent, place: string): Said {
  switch (event.category) {
    case 'lock_opened':
      return {
        subject: `${place}: opened`,
        sentence: event.exit_requested
          ? `${place} was opened from the inside.`
          : `${personOf(event)} opened ${place}${meansOf(event)}.`,
      };
    case 'lock_rejected':
      return {
        subject: `${place}: refused`,
        sentence: `${place} refused ${personOf(event)}${meansOf(event)}: ${reasonOf(event.reject_reason)}.`,
      };
    default:
      return incidentOf(event.category, { place, detail: event.detail });
  }
}

/** A name as one line: a line break or another control character would change the form of the message. */
function plain(name: string | null, otherwise: string): string {
  const text = (name ?? '').replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return text === '' ? otherwise : text;
}

function named(what: string, name: string | null): string[] {
  const text = plain(name, '');
  return text === '' ? [] : [`${what}: ${text}`];
}

function personOf({ first_name: first, last_name: last, alias }: TellableEvent): string {
  return plain(`${first ?? ''} ${last ?? ''}`, plain(alias, 'Somebody unknown'));
}

const means: Readonly<Record<string, string>> = {
  tag: ' with a tag',
  pin_code: ' with a PIN',
  mkey: ' with a phone',
  wallet: ' with a wallet key',
  remote: ' from afar',
  license_plate: ' with a licence plate',
};

function meansOf({ access_by: by }: TellableEvent): string {
  return by === null ? '' : (means[by] ?? '');
}

const reasons: Readonly<Record<string, string>> = {
  keypad_locked: 'the keypad is locked after wrong PINs',
  unknown_credential: 'the key is unknown',
  foreign_tag: 'the tag belongs to another site',
  key_expired: 'the key has expired',
  key_blocked: 'the key is blocked',
  accessor_blocked: 'the person is blocked',
  suspended: 'the person is suspended',
  credential_not_allowed: 'this kind of key is not allowed here',
  not_in_group: 'the person has no access to this door',
  no_schedule: 'the access group has no time schedule',
  outside_schedule: 'it is outside the time schedule',
  privacy_mode: 'the door is in privacy mode',
  lock_offline: 'the lock is offline',
  hub_table_damaged: 'the hub cannot read its rights',
  offline_validity_over: 'the hub has been without the server for too long',
};

function reasonOf(reason: string | null): string {
  return (reason === null ? undefined : reasons[reason]) ?? 'no reason was given';
}

type IncidentPlace = { readonly place: string; readonly detail: string | null };

function incidentOf(
  category: Exclude<EntryCategory | IncidentCategory, 'lock_opened' | 'lock_rejected'>,
  { place, detail }: IncidentPlace,
): Said {
  const note = plain(detail, '') === '' ? '' : ` (${plain(detail, '')})`;
  const say = (subject: string, sentence: string): Said => ({
    subject: `${place}: ${subject}`,
    sentence: `${place} ${sentence}${note}.`,
  });
  switch (category) {
    case 'intrusion_alarm_start':
      return say('intrusion alarm', 'was opened without a valid opening');
    case 'intrusion_alarm_end':
      return say('intrusion alarm over', 'is closed again after an intrusion alarm');
    case 'tamper_alarm_start':
      return say('tamper alarm', 'reports that its hardware is disturbed');
    case 'tamper_alarm_end':
      return say('tamper alarm over', 'reports that its hardware is undisturbed again');
    case 'door_left_open_alarm_start':
      return say('left open', 'has been left open');
    case 'door_left_open_alarm_end':
      return say('closed again', 'is closed again after it was left open');
    case 'lock_connection_lost':
      return say('connection lost', 'is no longer heard by its hub');
    case 'lock_connection_restored':
      return say('connection restored', 'is heard by its hub again');
    case 'iq_connection_lost':
      return say('hub offline', 'is no longer heard by the server; its doors go on by themselves');
    case 'iq_connection_restored':
      return say('hub online again', 'is heard by the server again');
    case 'low_battery_warning':
      return say('battery low', 'needs a new battery');
    case 'lock_clock_failure':
      return say('clock failure', 'has lost its time');
    case 'lock_time_set':
      return say('clock set', 'has got its time');
    case 'lock_ppd_connected':
      return say('programming device', 'was connected to a programming device');
    case 'operation_not_completed':
      return say('operation not completed', 'did not complete what it was asked for');
    case 'lock_reset':
      return say('reset', 'was reset at its hardware');
    case 'easy_office_mode_end_failed':
      return say('may still be open', 'did not confirm the end of its office mode');
    case 'easy_office_mode':
    case 'office_mode':
    case 'privacy_mode':
    case 'unknown':
      return say('incident', 'reports something');
    default:
      return assertNever(category);
  }
}

/** The same text as an HTML page that a screen reader reads well: one heading, paragraphs, nothing else. */
export function htmlOf({ subject, text }: MessageText): string {
  const paragraphs = text
    .split('\n\n')
    .map((paragraph) => `<p>${lineHtml(paragraph)}</p>`)
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(subject)}</title></head>
<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1a1a1a; background: #ffffff;">
<h1 style="font-size: 20px;">${escaped(subject)}</h1>
${paragraphs}
</body>
</html>
`;
}

/** A paragraph that is nothing but an address of ours can be followed; one within a text might be somebody's name. */
function lineHtml(paragraph: string): string {
  const text = escaped(paragraph).replaceAll('\n', '<br>');
  return /^https?:\/\/\S+$/.test(paragraph) ? `<a href="${text}">${text}</a>` : text;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const longestSms = 300;

/** The beginning of a message as one line, for channels that take no more. */
export function lineOf({ text }: MessageText): string {
  const line = text.split('\n\n').join(' ').replaceAll('\n', ', ');
  const characters = Array.from(line);
  return characters.length <= longestSms
    ? line
    : `${characters.slice(0, longestSms - 1).join('')}…`;
}
