import { sql } from 'kysely';
import type { CollectionId, TenantId, UserId, WebhookId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { webhookStates, type WebhookEvent, type WebhookState } from '#contract/webhooks';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type WebhookRow = {
  readonly id: WebhookId;
  readonly url: string;
  readonly events: WebhookEvent[];
  readonly lock_ids: string[];
  readonly description: string | null;
  readonly active: boolean;
  readonly state: WebhookState;
  readonly failing_since: Date | null;
  readonly created_at: Date;
};

/** A webhook by the site it is of, as paths name it. */
export type SiteWebhook = { readonly siteId: CollectionId; readonly id: WebhookId };

const state = `case when not w.active then 'disabled' when w.failing_since is not null then 'failing' else 'ok' end`;

export const webhookFields = {
  id: { type: 'uuid', sql: sql`w.id`, isNotNull: true },
  url: { type: 'text', sql: sql`w.url`, isNotNull: true },
  description: { type: 'text', sql: sql`w.description` },
  active: { type: 'bool', sql: sql`w.active`, isNotNull: true },
  state: { type: 'enum', words: webhookStates, sql: sql.raw(state), isNotNull: true },
  failing_since: { type: 'instant', sql: sql`w.failing_since` },
  created_at: { type: 'instant', sql: sql`w.created_at`, isNotNull: true },
} as const satisfies SqlListFields;

const columns = `w.id, w.url, w.events, w.lock_ids, w.description, w.active, ${state} as state, w.failing_since, w.created_at`;

export async function findWebhook(
  scope: Scope,
  { siteId, id }: SiteWebhook,
): Promise<WebhookRow | undefined> {
  const [row] = await scope.query<WebhookRow>(
    `select ${columns} from webhooks w
      where w.tenant_id = $1 and w.collection_id = $2 and w.id = $3 and w.deleted_at is null`,
    [scope.tenantId, siteId, id],
    'webhook_find',
  );
  return row;
}

/** Keeps the webhook as it is by everybody else until the transaction ends; false when there is none. */
export async function holdWebhook(
  scope: WriteScope,
  { siteId, id }: SiteWebhook,
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from webhooks where tenant_id = $1 and collection_id = $2 and id = $3 and deleted_at is null
      for update`,
    [scope.tenantId, siteId, id],
  );
  return rows.length > 0;
}

export function listWebhooks(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<WebhookRow>> {
  return listRows<WebhookRow>(scope, {
    from: sql`webhooks w`,
    tenant: sql`w.tenant_id`,
    where: sql`w.collection_id = ${siteId}::uuid and w.deleted_at is null`,
    select: sql.raw(columns),
    fields: webhookFields,
    options,
    id: sql`w.id`,
    defaultOrder: [{ sql: sql`w.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** The number of the newest event of a tenant: where what begins at this moment begins. */
const newest = `(select greatest(
  coalesce((select max(number) from entries where tenant_id = $1), 0),
  coalesce((select max(number) from incidents where tenant_id = $1), 0)))`;

export async function insertWebhook(
  scope: WriteScope,
  row: {
    readonly id: WebhookId;
    readonly siteId: CollectionId;
    readonly url: string;
    readonly events: readonly WebhookEvent[];
    readonly lockIds: readonly string[];
    readonly description: string | null;
    readonly active: boolean;
    readonly secretSealed: Buffer;
    readonly createdBy: UserId;
    readonly now: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into webhooks (tenant_id, id, collection_id, url, events, lock_ids, description, active, secret_sealed,
       after_number, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, ${newest}, $10, $11)`,
    [
      scope.tenantId,
      row.id,
      row.siteId,
      row.url,
      row.events,
      row.lockIds,
      row.description,
      row.active,
      row.secretSealed,
      row.createdBy,
      row.now,
    ],
  );
  await beginPlace(scope);
}

/** The first webhook of a tenant begins where the events are; after that the place moves on by itself. */
async function beginPlace(scope: WriteScope): Promise<void> {
  await scope.query(
    `insert into webhook_places (tenant_id, number) values ($1, ${newest}) on conflict do nothing`,
    [scope.tenantId],
  );
}

/** Writes the members given; the others stay. */
export async function updateWebhook(
  scope: WriteScope,
  id: WebhookId,
  change: {
    readonly url?: string;
    readonly events?: readonly WebhookEvent[];
    readonly lock_ids?: readonly string[];
    readonly description?: string | null;
  },
): Promise<void> {
  const columns = ['url', 'events', 'lock_ids', 'description'];
  await updateColumns(scope, { table: 'webhooks', id, columns, change });
}

/** Switches a webhook on: it begins behind the newest event, and what still waits goes on at once. */
export async function enableWebhook(
  scope: WriteScope,
  { id, now }: { readonly id: WebhookId; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update webhooks set active = true, after_number = ${newest}, failing_since = null, told_failing_at = null,
       told_failed_at = null where tenant_id = $1 and id = $2 and not active`,
    [scope.tenantId, id],
  );
  await scope.query(
    `update webhook_lanes set next_at = $3 where tenant_id = $1 and webhook_id = $2 and next_at is null`,
    [scope.tenantId, id, now],
  );
}

/** Switches a webhook off: what waits stays waiting. True = it was on. */
export async function disableWebhook(scope: WriteScope, id: WebhookId): Promise<boolean> {
  const changed = await scope.query(
    `update webhooks set active = false where tenant_id = $1 and id = $2 and active returning 1`,
    [scope.tenantId, id],
  );
  // A claimed lane keeps its time: whoever has it finds the webhook switched off.
  await scope.query(
    `update webhook_lanes set next_at = null where tenant_id = $1 and webhook_id = $2 and claim is null`,
    [scope.tenantId, id],
  );
  return changed.length > 0;
}

/** Takes a webhook away, its secret at once; what it leaves is erased later (`eraseLeftDeliveries`). */
export async function removeWebhook(
  scope: WriteScope,
  { id, now }: { readonly id: WebhookId; readonly now: Date },
): Promise<void> {
  await disableWebhook(scope, id);
  await scope.query(
    `update webhooks set deleted_at = $3, secret_sealed = '', former_secret_sealed = null
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, now],
  );
}

/** Gives a webhook another secret; the present one signs too until the instant given. */
export async function replaceWebhookSecret(
  scope: WriteScope,
  {
    id,
    secretSealed,
    formerUntil,
  }: { readonly id: WebhookId; readonly secretSealed: Buffer; readonly formerUntil: Date },
): Promise<void> {
  await scope.query(
    `update webhooks set former_secret_sealed = secret_sealed, former_secret_until = $4, secret_sealed = $3
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, secretSealed, formerUntil],
  );
}

export type SealedSecrets = {
  readonly secretSealed: Buffer;
  readonly formerSecretSealed: Buffer | null;
  readonly formerSecretUntil: Date | null;
};

export async function findWebhookSecrets(
  scope: Scope,
  id: WebhookId,
): Promise<SealedSecrets | undefined> {
  const [row] = await scope.query<SealedSecrets>(
    `select secret_sealed as "secretSealed", former_secret_sealed as "formerSecretSealed",
       former_secret_until as "formerSecretUntil" from webhooks where tenant_id = $1 and id = $2 and deleted_at is null`,
    [scope.tenantId, id],
  );
  return row;
}

/** How a webhook does: what its last attempts mean for it, and whom that is told. */
export type WebhookHealth = {
  readonly siteId: CollectionId;
  readonly url: string;
  readonly createdBy: UserId | null;
};

/** An attempt was taken: the failing is over. */
export async function noteSuccess(scope: WriteScope, id: WebhookId): Promise<void> {
  await scope.query(
    `update webhooks set failing_since = null, told_failing_at = null, told_failed_at = null
      where tenant_id = $1 and id = $2 and failing_since is not null`,
    [scope.tenantId, id],
    'webhook_success',
  );
}

/** An attempt was not taken: the webhook is failing from the first such on. */
export async function noteFailure(
  scope: WriteScope,
  { id, now }: { readonly id: WebhookId; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update webhooks set failing_since = $3 where tenant_id = $1 and id = $2 and failing_since is null`,
    [scope.tenantId, id, now],
    'webhook_failure',
  );
}

const health = 'collection_id as "siteId", url, created_by as "createdBy"';

/** A delivery was given up: gives the webhook when nobody was told so in this series. */
export async function noteGivenUp(
  scope: WriteScope,
  { id, now }: { readonly id: WebhookId; readonly now: Date },
): Promise<WebhookHealth | undefined> {
  const [row] = await scope.query<WebhookHealth>(
    `update webhooks set told_failed_at = $3 where tenant_id = $1 and id = $2 and told_failed_at is null
     returning ${health}`,
    [scope.tenantId, id, now],
  );
  return row;
}

export async function findWebhookHealth(
  scope: Scope,
  id: WebhookId,
): Promise<WebhookHealth | undefined> {
  const [row] = await scope.query<WebhookHealth>(
    `select ${health} from webhooks where tenant_id = $1 and id = $2`,
    [scope.tenantId, id],
  );
  return row;
}

/** Tenants with webhooks that have failed since before an instant and of which nobody was told. */
export async function listLongFailingTenants(database: Database, since: Date): Promise<TenantId[]> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>(
    `select distinct tenant_id from webhooks where active and failing_since <= $1 and told_failing_at is null`,
    [since],
  );
  return rows.map((row) => row.tenant_id);
}

/** Those of the tenant that have failed since before an instant and of which nobody was told; they count as told from now on. */
export function takeLongFailing(
  scope: WriteScope,
  { since, now }: { readonly since: Date; readonly now: Date },
): Promise<(WebhookHealth & { readonly id: WebhookId })[]> {
  return scope.query(
    `update webhooks set told_failing_at = $3
      where tenant_id = $1 and active and failing_since <= $2 and told_failing_at is null
     returning id, ${health}`,
    [scope.tenantId, since, now],
  );
}
