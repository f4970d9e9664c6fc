/** `cardea why`: would this key open this lock, and which rule says so? docs/why.md. */
import { Value } from 'typebox/value';
import { EntryWhyResponse, WhyResponse } from '#contract/why';
import { CommandError, exitCodes, textOf, type Command, type OptionValues } from './command.ts';
import { openSiteApi, siteHelp, siteOptions } from './site-api.ts';

const ways = {
  key: 'key_id',
  tag: 'tag_number',
  rfid: 'rfid_uid',
  pin: 'pin',
  plate: 'license_plate',
} as const;

export const why: Command = {
  words: 'why',
  summary: 'says whether a key opens a lock, and by which rule',
  help: `
Asks by the very rules the door has, and says whether the door has them already. Exit code 1 = the door refuses.

  --lock <id>      the lock, with one of
  --tag <number>   the number of a tag
  --rfid <number>  the number of its chip
  --key <id>       a key of a person
  --pin <digits>   a PIN (it is read by everybody on this machine who lists processes: better --key)
  --plate <plate>  a licence plate
  --at <time>      an instant, 2026-06-01T16:04:10Z (default: at once, with the door as it is)
  --held           held to the reader for over 5 seconds
  --privacy        with privacy mode on
  --alone          with the IQ out of the lock's reach
  --entry <id>     a past entry, in place of all that
${siteHelp}

  cardea why --lock 7d0f… --tag 00007527
  cardea why --lock 7d0f… --tag 00007527 --at 2026-06-01T16:04:10Z --json
  cardea why --entry 91c4…
`,
  options: {
    ...siteOptions,
    lock: { type: 'string' },
    key: { type: 'string' },
    tag: { type: 'string' },
    rfid: { type: 'string' },
    pin: { type: 'string' },
    plate: { type: 'string' },
    at: { type: 'string' },
    held: { type: 'boolean' },
    privacy: { type: 'boolean' },
    alone: { type: 'boolean' },
    entry: { type: 'string' },
  },
  async run(call) {
    const { values } = call;
    const entryId = textOf(values, 'entry');
    if (entryId === undefined) {
      const body = bodyOf(values);
      const api = await openSiteApi(call);
      const json = Value.Parse(WhyResponse, await api.ask('POST', '/why', body));
      const code = json.outcome === 'refuse' ? exitCodes.found : exitCodes.fine;
      return { code, json, text: textOfWhy(json) };
    }
    const api = await openSiteApi(call);
    const path = `/entries/${encodeURIComponent(entryId)}/why`;
    const json = Value.Parse(EntryWhyResponse, await api.ask('GET', path));
    const code = json.recorded.reject_reason === null ? exitCodes.fine : exitCodes.found;
    return { code, json, text: textOfEntry(json) };
  },
};

function bodyOf(values: OptionValues): object {
  const lockId = textOf(values, 'lock');
  if (lockId === undefined) throw new CommandError('usage', 'Name the lock with --lock.');
  const given = Object.entries(ways).flatMap(([option, member]) => {
    const value = textOf(values, option);
    return value === undefined ? [] : [[member, value] as const];
  });
  if (given.length !== 1)
    throw new CommandError(
      'usage',
      'Say which key with one of --tag, --rfid, --key, --pin, --plate.',
    );
  const at = textOf(values, 'at');
  return {
    lock_id: lockId,
    ...Object.fromEntries(given),
    ...(at === undefined ? {} : { at }),
    ...(values['held'] === true ? { is_held: true } : {}),
    ...(values['privacy'] === true ? { privacy_mode: true } : {}),
    ...(values['alone'] === true ? { is_lock_alone: true } : {}),
  };
}

type Decided = Pick<WhyResponse, 'check' | 'rule' | 'holders' | 'local_date_time' | 'time_zone'>;

function textOfWhy(told: WhyResponse): string {
  const { door } = told;
  const state = door.is_in_hub
    ? 'The IQ holds these rules.'
    : `The IQ has not confirmed ${door.waiting.length} of the objects this rests on: ${
        door.decides === null
          ? 'it has proven to hold nothing yet.'
          : `the door still decides "${door.decides.rule}" (${door.decides.outcome}).`
      }`;
  return [`${told.outcome}: ${told.text}`, ...rulesOf(told), state].join('\n');
}

function textOfEntry(told: EntryWhyResponse): string {
  const changes = told.changed_since.map(
    (one) => `  changed since: ${one.object_type} ${one.object_id}, ${one.changed_at}`,
  );
  const rules = told.today === null ? [] : rulesOf(told.today);
  return [
    `${told.recorded.rule ?? told.recorded.event_category}: ${told.text}`,
    ...rules,
    ...changes,
  ].join('\n');
}

function rulesOf({
  check,
  rule,
  holders,
  local_date_time: local,
  time_zone: zone,
}: Decided): string[] {
  return [
    `  check ${check}, ${rule}, at ${local} ${zone}`,
    ...holders.flatMap((holder) => [
      `  accessor ${holder.accessor_id ?? '(of another site)'}: check ${holder.check}, ${holder.rule}`,
      ...holder.groups.flatMap((group) => [
        `    group ${group.access_group_id}${group.customer_reference === null ? '' : ` "${group.customer_reference}"`}`,
        ...group.schedules.map(
          (one) =>
            `      schedule ${one.schedule_id}: ${
              one.covers
                ? 'covers'
                : one.missed_by_seconds === null
                  ? 'does not cover'
                  : `${one.missed_side} by ${one.missed_by_seconds} s`
            }`,
        ),
      ]),
    ]),
  ];
}
