/** What messages are made from: the events behind a place, the rules of their sites, and when each rule last told (behaviour.md 18). */
import type { EntryCategory, IncidentCategory } from '#contract/events';
import type { CollectionId, TenantId, UserId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';
import type { RuleKind } from './message-rules.ts';

/** Tenants with events that were not looked at yet. */
export async function listTenantsToTell(database: Database): Promise<TenantId[]> {
  const { rows } = await database.pool.query<{ id: TenantId }>({
    name: 'message_tenants',
    // One step down the index of numbers a tenant; `exists` would be planned as a look at every event there is.
    text: `select t.id from tenants t left join message_cursors c on c.tenant_id = t.id
     where (select e.number from entries e where e.tenant_id = t.id order by e.number desc limit 1)
         > coalesce(c.entry_number, 0)
       or (select i.number from incidents i where i.tenant_id = t.id order by i.number desc limit 1)
         > coalesce(c.incident_number, 0)`,
  });
  return rows.map(({ id }) => id);
}

/** The number of the last event looked at, by kind. */
export type MessageCursor = Readonly<Record<RuleKind, number>>;

/** How far a tenant's events were looked at, held until the transaction ends; null when another process holds it. */
export async function holdMessageCursor(scope: WriteScope): Promise<MessageCursor | null> {
  await scope.query('insert into message_cursors (tenant_id) values ($1) on conflict do nothing', [
    scope.tenantId,
  ]);
  const [row] = await scope.query<{ entry: string; incident: string }>(
    `select entry_number as entry, incident_number as incident from message_cursors
     where tenant_id = $1 for update skip locked`,
    [scope.tenantId],
  );
  return row === undefined ? null : { entry: Number(row.entry), incident: Number(row.incident) };
}

export async function moveMessageCursor(scope: WriteScope, to: MessageCursor): Promise<void> {
  await scope.query(
    'update message_cursors set entry_number = $2, incident_number = $3 where tenant_id = $1',
    [scope.tenantId, to.entry, to.incident],
  );
}

/** An event that some rule of its site may tell of. */
export type TellableEvent = {
  readonly number: number;
  readonly id: string;
  readonly collection_id: CollectionId;
  readonly category: EntryCategory | IncidentCategory;
  readonly detail: string | null;
  readonly at: Date;
  /** Wall clock of the IQ, YYYY-MM-DDTHH:mm:ss. */
  readonly local: string;
  readonly lock_id: string | null;
  readonly lock_name: string | null;
  readonly iq_id: string;
  readonly iq_name: string | null;
  readonly site_name: string | null;
  /** Of the site, else of the IQ. */
  readonly time_zone: string | null;
  readonly user_id: UserId | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly alias: string | null;
  readonly access_by: string | null;
  readonly reject_reason: string | null;
  readonly exit_requested: boolean;
};

const shared = `e.number::float8 as number, e.id, e.collection_id, e.event_category as category, e.event_detail as detail,
  e.utc_date_time as at, to_char(e.local_date_time, 'YYYY-MM-DD"T"HH24:MI:SS') as local, e.lock_id,
  e.lock_customer_reference as lock_name, e.iq_id, e.iq_customer_reference as iq_name,
  e.collection_customer_reference as site_name,
  coalesce(c.time_zone, (select q.time_zone from iqs q where q.tenant_id = e.tenant_id and q.id = e.iq_id)) as time_zone`;

const site = 'join collections c on c.tenant_id = e.tenant_id and c.id = e.collection_id';

const hasRule = `exists (select 1 from message_rules r where r.tenant_id = e.tenant_id and r.collection_id = e.collection_id
  and (r.send_mail or r.send_sms or r.send_push)`;

const range =
  'e.tenant_id = $1 and e.number > $2 and e.number <= $3 and e.utc_date_time > $4 order by e.number limit $5';

const sources: Readonly<Record<RuleKind, string>> = {
  entry: `select ${shared}, p.id as user_id, p.first_name, p.last_name, a.alias, e.access_by, e.reject_reason, e.exit_requested
    from entries e ${site}
    left join accessors a on a.tenant_id = e.tenant_id and a.id = e.accessor_id
    left join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
    where e.event_category in ('lock_opened', 'lock_rejected')
      and ${hasRule} and r.kind = 'entry'
        and r.word = case e.event_category when 'lock_opened' then 'entered' else 'rejected' end)
      and ${range}`,
  incident: `select ${shared}, null::uuid as user_id, null as first_name, null as last_name, null as alias, null as access_by,
      null as reject_reason, false as exit_requested
    from incidents e ${site}
    where ${hasRule} and r.kind = 'incident' and r.word = e.event_category) and ${range}`,
};

/** Events behind a number and up to another, not older than an instant, of which a rule may tell; in the order of storing. */
export function findTellableEvents(
  scope: Scope,
  {
    kind,
    after,
    upTo,
    since,
    limit,
  }: {
    readonly kind: RuleKind;
    readonly after: number;
    readonly upTo: number;
    readonly since: Date;
    readonly limit: number;
  },
): Promise<TellableEvent[]> {
  return scope.query<TellableEvent>(
    sources[kind],
    [scope.tenantId, after, upTo, since, limit],
    `message_events_${kind}`,
  );
}

/** A rule with everything it is matched by. */
export type TellingRule = {
  readonly id: string;
  readonly collection_id: CollectionId;
  readonly kind: RuleKind;
  readonly word: string;
  readonly send_mail: boolean;
  readonly send_sms: boolean;
  readonly send_push: boolean;
  readonly on_inside_handle: boolean;
  readonly some_users: boolean;
  readonly some_locks: boolean;
  readonly users: readonly string[];
  readonly locks: readonly string[];
  /** The IQs of those locks, of which incidents without a lock speak. */
  readonly iqs: readonly (string | null)[];
  /** The owner of the site and whoever was named, nobody twice. */
  readonly recipients: readonly UserId[];
};

/** The rules of these sites that have a channel, kept from being deleted until the transaction ends. */
export function readTellingRules(
  scope: WriteScope,
  siteIds: readonly CollectionId[],
): Promise<TellingRule[]> {
  return scope.query<TellingRule>(
    `select r.id, r.collection_id, r.kind, r.word, r.send_mail, r.send_sms, r.send_push, r.on_inside_handle, r.some_users,
       r.some_locks,
       array(select m.user_id from message_rule_users m where m.tenant_id = $1 and m.rule_id = r.id) as users,
       array(select m.lock_id from message_rule_locks m where m.tenant_id = $1 and m.rule_id = r.id) as locks,
       array(select distinct l.iq_id from message_rule_locks m join locks l on l.tenant_id = $1 and l.id = m.lock_id
         where m.tenant_id = $1 and m.rule_id = r.id) as iqs,
       array(select c.owner_user_id from collections c
             where c.tenant_id = $1 and c.id = r.collection_id and c.owner_user_id is not null
           union select m.user_id from message_rule_recipients m where m.tenant_id = $1 and m.rule_id = r.id) as recipients
     from message_rules r
     where r.tenant_id = $1 and r.collection_id = any ($2) and (r.send_mail or r.send_sms or r.send_push)
     order by r.created_at, r.id for key share of r`,
    [scope.tenantId, siteIds],
    'message_rules_telling',
  );
}

export type QuietHours = {
  readonly collection_id: CollectionId;
  readonly user_id: UserId;
  readonly quiet_from: string;
  readonly quiet_until: string;
};

/** The quiet hours of people of these sites. */
export function readQuietHours(
  scope: Scope,
  siteIds: readonly CollectionId[],
): Promise<QuietHours[]> {
  return scope.query<QuietHours>(
    `select collection_id, user_id, to_char(quiet_from, 'HH24:MI:SS') as quiet_from,
       to_char(quiet_until, 'HH24:MI:SS') as quiet_until
     from message_recipients where tenant_id = $1 and collection_id = any ($2) and quiet_from is not null`,
    [scope.tenantId, siteIds],
    'message_quiet_hours',
  );
}

/** When a rule last told of a word at a place, and how many events it has left out since. */
export type MessageTurn = {
  readonly rule_id: string;
  readonly place_id: string;
  readonly word: string;
  readonly told_at: Date;
  readonly left_out: number;
};

export function readMessageTurns(scope: Scope, ruleIds: readonly string[]): Promise<MessageTurn[]> {
  return scope.query<MessageTurn>(
    `select rule_id, place_id, word, told_at, left_out from message_turns
     where tenant_id = $1 and rule_id = any ($2)`,
    [scope.tenantId, ruleIds],
    'message_turns',
  );
}

export async function writeMessageTurns(
  scope: WriteScope,
  turns: readonly MessageTurn[],
): Promise<void> {
  if (turns.length === 0) return;
  await scope.query(
    `insert into message_turns (tenant_id, rule_id, place_id, word, told_at, left_out)
     select $1, rule_id, place_id, word, told_at, left_out
     from jsonb_to_recordset($2::jsonb) as t (rule_id uuid, place_id uuid, word text, told_at timestamptz, left_out integer)
     on conflict (tenant_id, rule_id, place_id, word)
       do update set told_at = excluded.told_at, left_out = excluded.left_out`,
    [scope.tenantId, JSON.stringify(turns)],
    'message_turns_write',
  );
}
