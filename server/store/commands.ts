/** Commands to IQs as rows (design.md law 2). The moves between states are those of gateway/command-machine.ts. */
import type { CommandId, IqId, LockId, TenantId } from '#contract/ids';
import type { Command } from '#contract/iq-link';
import type { Alongside } from './alongside.ts';
import type { Database } from './pool.ts';
import { underUpdate } from './firmware-runs.ts';
import { isGatewayAlive } from './gateways.ts';
import type { Scope } from './scope.ts';

export const commandStates = [
  'queued',
  'sent',
  'confirmed',
  'refused',
  'expired',
  'unknown',
] as const;
export type CommandStateName = (typeof commandStates)[number];

type WithoutFrameMembers<C> = C extends unknown ? Omit<C, 'id' | 'deadline'> : never;
/** What is asked of the hub: a command without the id and deadline that the queue gives it. */
export type CommandBody = WithoutFrameMembers<Command>;

export type NewCommand = {
  readonly id: CommandId;
  readonly iqId: IqId;
  readonly lockId: LockId | null;
  readonly body: CommandBody;
  readonly requestId: string | null;
  readonly queuedAt: Date;
  readonly deadline: Date;
  /** The connection of the hub is in this process. */
  readonly isConnectedHere: boolean;
  /** The gateway of this process; null = none runs here. */
  readonly ownGatewayId: string | null;
  /** More than so many commands that wait for one IQ are refused. */
  readonly waitingLimit: number;
};

export type QueueAnswer = {
  readonly isWritten: boolean;
  /** Commands of this IQ that waited before this one. */
  readonly waiting: number;
  /** Another living gateway that holds the connection; null = none does. */
  readonly gatewayId: string | null;
  readonly isAnyGatewayAlive: boolean;
  /** The IQ, or the lock for its minute, is being updated. */
  readonly isUpdating: boolean;
};

type InsertRow = {
  readonly waiting: string;
  readonly gateway_id: string | null;
  readonly any_gateway: boolean;
  readonly is_updating: boolean;
  readonly is_written: boolean;
};

/** `call` = what else is written with the command. */
function insertText(call: string): string {
  return `with facts as materialized (
       select (select count(*) from commands
                where tenant_id = $1 and iq_id = $3 and state in ('queued', 'sent') and deadline > $8) as waiting,
              (select i.gateway_id from iqs i join gateways g on g.id = i.gateway_id
                where i.tenant_id = $1 and i.id = $3 and i.online and ${isGatewayAlive}
                  and g.id is distinct from $11) as gateway_id,
              exists (select 1 from gateways g where ${isGatewayAlive}) as any_gateway,
              $5 not in ('update', 'wipe') and ${underUpdate({ tenant: '$1', iq: '$3', lock: '$4', now: '$8' })} as is_updating
     ), written as (
       insert into commands (tenant_id, id, iq_id, lock_id, kind, body, state, request_id, queued_at, deadline)
       select $1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9 from facts
        where waiting < $12 and not is_updating and ($10 or gateway_id is not null)
       returning 1
     ), alongside as materialized (
       select ${call} from written
     )
     select waiting, gateway_id, any_gateway, is_updating, exists (select 1 from alongside) as is_written from facts`;
}

const aloneText = insertText('1');

/**
 * Writes a command `queued` when its IQ is connected somewhere and not too many wait; one statement, one commit. What is
 * given `alongside` lands with the command or not at all.
 */
export async function insertCommand(
  scope: Scope,
  command: NewCommand,
  alongside?: Alongside,
): Promise<QueueAnswer> {
  const values = [
    scope.tenantId,
    command.id,
    command.iqId,
    command.lockId,
    command.body.kind,
    command.body,
    command.requestId,
    command.queuedAt,
    command.deadline,
    command.isConnectedHere,
    command.ownGatewayId,
    command.waitingLimit,
  ];
  const [row] =
    alongside === undefined
      ? await scope.query<InsertRow>(aloneText, values, 'command-insert')
      : await scope.query<InsertRow>(
          insertText(alongside.call({ tenant: '$1', value: '$13' })),
          [...values, alongside.value],
          'command-insert-alongside',
        );
  if (row === undefined) throw new Error('inserting a command answered nothing');
  return {
    isWritten: row.is_written,
    waiting: Number(row.waiting),
    gatewayId: row.gateway_id,
    isAnyGatewayAlive: row.any_gateway,
    isUpdating: row.is_updating,
  };
}

export type WaitingCommand = {
  readonly tenantId: TenantId;
  readonly id: CommandId;
  readonly iqId: IqId;
  readonly body: CommandBody;
  readonly deadline: Date;
};

type WaitingRow = { id: CommandId; iq_id: IqId; body: CommandBody; deadline: Date };

/**
 * Marks a queued command as sent and gives it to the one who asked first; undefined = another took it or it is too late.
 * Written without waiting for the disk: after a crash the command is `expired` or `unknown` either way.
 */
export async function takeCommand(
  scope: Scope,
  id: CommandId,
  now: Date,
): Promise<WaitingCommand | undefined> {
  const [row] = await scope.query<WaitingRow>(
    `update commands set state = 'sent', sent_at = $3
       from (select set_config('synchronous_commit', 'off', true)) lazily
      where tenant_id = $1 and id = $2 and state = 'queued' and deadline > $3
      returning id, iq_id, body, deadline`,
    [scope.tenantId, id, now],
    'command-take',
  );
  return row === undefined
    ? undefined
    : {
        tenantId: scope.tenantId,
        id: row.id,
        iqId: row.iq_id,
        body: row.body,
        deadline: row.deadline,
      };
}

/** Notes afterwards that commands were sent, without waiting for the disk. */
export async function noteCommandsSent(
  scope: Scope,
  sent: readonly { readonly id: CommandId; readonly at: Date }[],
): Promise<void> {
  await scope.query(
    `update commands c set state = 'sent', sent_at = note.at
       from (select set_config('synchronous_commit', 'off', true)) lazily,
            unnest($2::uuid[], $3::timestamptz[]) as note (id, at)
      where c.tenant_id = $1 and c.id = note.id and c.state = 'queued'`,
    [scope.tenantId, sent.map(({ id }) => id), sent.map(({ at }) => at)],
    'command-note-sent',
  );
}

/** How a command stands; `late` is what the hub said after its caller was told `expired` or `unknown`. */
export type CommandStanding = {
  readonly name: CommandStateName;
  readonly word: string | null;
  readonly late: { readonly result: 'confirmed' | 'refused'; readonly word: string | null } | null;
};

/** Finds how a command stands, and which IQ it went to. */
export async function findCommandStanding(
  scope: Scope,
  id: CommandId,
): Promise<(CommandStanding & { readonly iqId: IqId }) | undefined> {
  const [row] = await scope.query<{
    iq_id: IqId;
    state: CommandStateName;
    word: string | null;
    late_result: 'confirmed' | 'refused' | null;
    late_word: string | null;
  }>(
    `select iq_id, state, word, late_result, late_word from commands where tenant_id = $1 and id = $2`,
    [scope.tenantId, id],
    'command-standing',
  );
  if (row === undefined) return undefined;
  const { late_result: result, late_word: word } = row;
  const late = result === null ? null : { result, word };
  return { iqId: row.iq_id, name: row.state, word: row.word, late };
}

/** Writes how a command ended, unless it has ended already; false = it has. */
export async function finishCommand(
  scope: Scope,
  id: CommandId,
  end: {
    readonly name: CommandStateName;
    readonly word: string | null;
    readonly sentAt: Date | null;
    readonly now: Date;
  },
): Promise<boolean> {
  const rows = await scope.query(
    `update commands set state = $3, word = $4, sent_at = coalesce(sent_at, $5), finished_at = $6
      where tenant_id = $1 and id = $2 and state in ('queued', 'sent')
      returning 1`,
    [scope.tenantId, id, end.name, end.word, end.sentAt, end.now],
    'command-finish',
  );
  return rows.length > 0;
}

/** Keeps what the hub said about a command whose caller was told `expired` or `unknown`; the first word stays. */
export async function noteLateOutcome(
  scope: Scope,
  id: CommandId,
  late: {
    readonly result: 'confirmed' | 'refused';
    readonly word: string | null;
    readonly now: Date;
  },
): Promise<void> {
  await scope.query(
    `update commands set late_result = $3, late_word = $4, late_at = $5
      where tenant_id = $1 and id = $2 and state in ('expired', 'unknown') and late_result is null`,
    [scope.tenantId, id, late.result, late.word, late.now],
  );
}

/**
 * Ends commands of all tenants whose deadline passed before `before` with nobody left to do it: a process died. Queued
 * ones are `expired`, sent ones `unknown`; gives how many.
 */
export async function endForgottenCommands(
  database: Database,
  { before, now }: { readonly before: Date; readonly now: Date },
): Promise<number> {
  const result = await database.pool.query({
    name: 'command-end-forgotten',
    text: `update commands set state = case state when 'queued' then 'expired' else 'unknown' end,
                  word = case state when 'queued' then null else 'timeout' end, finished_at = $2
            where state in ('queued', 'sent') and deadline < $1`,
    values: [before, now],
  });
  return result.rowCount ?? 0;
}

/** Commands that wait for IQs whose connection this gateway holds: the safety net under the wake-up. */
export async function listQueuedFor(
  database: Database,
  { gatewayId, now }: { readonly gatewayId: string; readonly now: Date },
): Promise<readonly { readonly tenantId: TenantId; readonly id: CommandId }[]> {
  const result = await database.pool.query<{ tenantId: TenantId; id: CommandId }>({
    name: 'command-queued-for',
    text: `select c.tenant_id as "tenantId", c.id from commands c
             join iqs i on i.tenant_id = c.tenant_id and i.id = c.iq_id
            where c.state = 'queued' and c.deadline > $2 and i.gateway_id = $1
            order by c.queued_at limit 1000`,
    values: [gatewayId, now],
  });
  return result.rows;
}
