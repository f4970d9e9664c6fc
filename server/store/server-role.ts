/**
 * The role that a running server has in the database. It reads and writes everything, owns nothing, and can neither change nor
 * remove what the audit log holds: there it may read, append by one function and erase by another, which keep the rules of
 * migration 0016. The role that owns the tables migrates and makes the tables of event months.
 */
import { escapeIdentifier, escapeLiteral, type PoolClient } from 'pg';
import { StartError } from '#server/runtime/start-error';
import type { Database } from './pool.ts';

export type ServerRole = {
  readonly name: string;
  /** To set for a role of our own, made when it is missing; null = the role exists and its password is its own affair. */
  readonly password: string | null;
};

// Any fixed number but that of the migrations: processes that start together give these rights in turn.
const LOCK = 2_604_129_372;

const rightsOfAudit = [
  ['audit_log', 'select'],
  ['audit_heads', 'select'],
  ['audit_checkpoints', 'select, insert'],
  // Erasing what is known of a person beside the chain is no change of the chain.
  ['audit_changes', 'select, delete'],
] as const;

/** Gives the role its rights on the migrated database. Throws StartError DATABASE_RIGHTS. */
export async function prepareServerRole(owner: Database, role: ServerRole): Promise<void> {
  const client = await owner.pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await ensureRole(client, role);
    for (const statement of await grants(client, role)) await client.query(statement);
    await client.query('commit');
    client.release();
  } catch (cause) {
    client.release(true);
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `The rights of the database role ${role.name} cannot be set: ${why}`;
    throw new StartError('DATABASE_RIGHTS', message, { cause });
  }
}

async function ensureRole(client: PoolClient, { name, password }: ServerRole): Promise<void> {
  if (password === null) return;
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [name]);
  const verb = rowCount === 0 ? 'create' : 'alter';
  await client.query(
    `${verb} role ${escapeIdentifier(name)} login nosuperuser nocreatedb nocreaterole password ${escapeLiteral(password)}`,
  );
}

async function grants(client: PoolClient, { name }: ServerRole): Promise<string[]> {
  const { rows } = await client.query<{ database: string; schema: string }>(
    'select current_database() as database, current_schema() as schema',
  );
  const place = rows[0];
  if (place === undefined) return [];
  const [role, schema] = [escapeIdentifier(name), escapeIdentifier(place.schema)];
  const all = 'select, insert, update, delete';
  const inSchema = `in schema ${schema}`;
  return [
    `grant connect, temporary on database ${escapeIdentifier(place.database)} to ${role}`,
    `grant usage on schema ${schema} to ${role}`,
    `grant ${all} on all tables ${inSchema} to ${role}`,
    `grant usage, select, update on all sequences ${inSchema} to ${role}`,
    `grant execute on all functions ${inSchema} to ${role}`,
    // Tables of event months that are made while the server runs.
    `alter default privileges ${inSchema} grant ${all} on tables to ${role}`,
    `revoke insert, update, delete on schema_migrations from ${role}`,
    ...rightsOfAudit.flatMap(([table, rights]) => [
      `revoke all on ${table} from ${role}`,
      `grant ${rights} on ${table} to ${role}`,
    ]),
  ];
}
