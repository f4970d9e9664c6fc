import type { Database } from './pool.ts';

export type SigningKeyRow = {
  readonly kid: string;
  /** As the identity server sealed it; never a key that can be used as it stands. */
  readonly sealedPrivateJwk: unknown;
  readonly publicJwk: unknown;
  readonly publishedAt: Date;
  readonly activeFrom: Date;
};

type Row = {
  kid: string;
  private_jwk: unknown;
  public_jwk: unknown;
  published_at: Date;
  active_from: Date;
};

// Any fixed number: whoever adds or retires keys holds it, so that processes take turns.
const LOCK = 2_604_129_372;

const LIST = `select kid, private_jwk, public_jwk, published_at, active_from
  from signing_keys where retired_at is null order by active_from, kid`;

/** The keys that are published, oldest first. */
export async function listSigningKeys(database: Database): Promise<SigningKeyRow[]> {
  const { rows } = await database.pool.query<Row>(LIST);
  return rows.map(signingKey);
}

/**
 * Changes the set of keys while no other process does: `change` sees the published keys and says what to add and which to
 * retire. The private part of a retired key is erased.
 */
export async function changeSigningKeys(
  database: Database,
  {
    at,
    change,
  }: {
    readonly at: Date;
    readonly change: (rows: readonly SigningKeyRow[]) => {
      readonly add?: SigningKeyRow;
      readonly retire: readonly string[];
    };
  },
): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    const { rows } = await client.query<Row>(LIST);
    const { add, retire } = change(rows.map(signingKey));
    if (add) {
      await client.query(
        `insert into signing_keys (kid, private_jwk, public_jwk, published_at, active_from) values ($1, $2, $3, $4, $5)`,
        [
          add.kid,
          JSON.stringify(add.sealedPrivateJwk),
          JSON.stringify(add.publicJwk),
          add.publishedAt,
          add.activeFrom,
        ],
      );
    }
    if (retire.length > 0) {
      await client.query(
        `update signing_keys set retired_at = $2, private_jwk = '{}' where kid = any($1)`,
        [retire, at],
      );
    }
    await client.query('commit');
    client.release();
  } catch (error) {
    // Closing the connection rolls back, whatever state it is in.
    client.release(true);
    throw error;
  }
}

function signingKey(row: Row): SigningKeyRow {
  return {
    kid: row.kid,
    sealedPrivateJwk: row.private_jwk,
    publicJwk: row.public_jwk,
    publishedAt: row.published_at,
    activeFrom: row.active_from,
  };
}
