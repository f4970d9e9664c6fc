/** What oidc-provider keeps between requests. Ids are bearer secrets (codes, session cookies), so only their hash is stored. */
import { hash } from 'node:crypto';
import type { Database } from './pool.ts';

export type OidcPayload = {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Seconds since 1970 at which a one-time thing was used. */
  readonly consumedAtSeconds?: number;
};

type Row = { payload: Record<string, unknown>; consumed_at: Date | null };

export type OidcPayloadKey = { readonly model: string; readonly id: string };

export async function upsertOidcPayload(
  database: Database,
  entry: OidcPayloadKey & {
    readonly payload: Readonly<Record<string, unknown>>;
    readonly grantId: string | undefined;
    readonly uid: string | undefined;
    readonly expiresAt: Date | undefined;
  },
): Promise<void> {
  await database.pool.query(
    `insert into oidc_payloads (model, id_hash, payload, grant_id, uid, expires_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (model, id_hash) do update
       set payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`,
    [
      entry.model,
      idHash(entry.id),
      JSON.stringify(entry.payload),
      hashed(entry.grantId),
      hashed(entry.uid),
      entry.expiresAt ?? null,
    ],
  );
}

/** Finds by id an entry that has not expired at `at`. */
export function findOidcPayload(
  database: Database,
  { model, id, at }: OidcPayloadKey & { readonly at: Date },
): Promise<OidcPayload | undefined> {
  return find(database, 'id_hash', [model, idHash(id), at]);
}

/** Finds by the uid of a session or interaction an entry that has not expired at `at`. */
export function findOidcPayloadByUid(
  database: Database,
  { model, uid, at }: { readonly model: string; readonly uid: string; readonly at: Date },
): Promise<OidcPayload | undefined> {
  return find(database, 'uid', [model, idHash(uid), at]);
}

/** Marks a one-time thing as used, by its first use. False when it had been used, or is not there. */
export async function consumeOidcPayload(
  database: Database,
  { model, id, at }: OidcPayloadKey & { readonly at: Date },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'update oidc_payloads set consumed_at = $3 where model = $1 and id_hash = $2 and consumed_at is null',
    [model, idHash(id), at],
  );
  return rowCount === 1;
}

/** Takes an entry away that has not expired at `at`: of two who try at once one gets it. */
export async function takeOidcPayload(
  database: Database,
  { model, id, at }: OidcPayloadKey & { readonly at: Date },
): Promise<OidcPayload['payload'] | undefined> {
  const { rows } = await database.pool.query<Row>(
    'delete from oidc_payloads where model = $1 and id_hash = $2 and expires_at > $3 returning payload, consumed_at',
    [model, idHash(id), at],
  );
  return rows[0]?.payload;
}

export async function deleteOidcPayload(
  database: Database,
  { model, id }: OidcPayloadKey,
): Promise<void> {
  await database.pool.query('delete from oidc_payloads where model = $1 and id_hash = $2', [
    model,
    idHash(id),
  ]);
}

/** Removes all of a model that came from one grant: a revoked family of tokens. */
export async function deleteOidcPayloadsOfGrant(
  database: Database,
  { model, grantId }: { readonly model: string; readonly grantId: string },
): Promise<void> {
  await database.pool.query('delete from oidc_payloads where model = $1 and grant_id = $2', [
    model,
    idHash(grantId),
  ]);
}

export async function deleteExpiredOidcPayloads(database: Database, at: Date): Promise<void> {
  await database.pool.query('delete from oidc_payloads where expires_at < $1', [at]);
}

async function find(
  database: Database,
  column: 'id_hash' | 'uid',
  values: readonly [string, string, Date],
): Promise<OidcPayload | undefined> {
  const { rows } = await database.pool.query<Row>(
    `select payload, consumed_at from oidc_payloads
     where model = $1 and ${column} = $2 and (expires_at is null or expires_at > $3)`,
    [...values],
  );
  const row = rows[0];
  if (!row) return undefined;
  return row.consumed_at === null
    ? { payload: row.payload }
    : { payload: row.payload, consumedAtSeconds: Math.floor(row.consumed_at.getTime() / 1000) };
}

function hashed(id: string | undefined): string | null {
  return id === undefined ? null : idHash(id);
}

function idHash(id: string): string {
  return hash('sha256', id, 'base64url');
}
