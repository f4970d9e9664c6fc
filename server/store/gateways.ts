/**
 * Which gateway process holds the connection of which IQ. A gateway proves that it lives by writing its row; the clock of
 * the database is the only one compared, so machines need not agree about the time.
 */
import { nilUuid, type HubId, type IqId, type TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { WriteScope } from './scope.ts';

/** How often a gateway writes its row, and after which silence it counts as gone. */
export const gatewaySignOfLifeMs = 5_000;
const gatewayGoneAfter = `interval '15 seconds'`;

/** SQL that is true for a row `g` of gateways that lives. */
export const isGatewayAlive = `g.seen_at > now() - ${gatewayGoneAfter}`;

/** Says that this gateway lives. */
export async function signOfLife(database: Database, gatewayId: string): Promise<void> {
  await database.pool.query({
    name: 'gateway-sign-of-life',
    text: `insert into gateways (id, seen_at) values ($1, now())
             on conflict (id) do update set seen_at = excluded.seen_at`,
    values: [gatewayId],
  });
}

/** Forgets gateways gone for a day, and those that no IQ names any more. */
export async function forgetGoneGateways(database: Database): Promise<void> {
  await database.pool.query(
    `delete from gateways g where g.seen_at < now() - interval '1 day'
        and not exists (select 1 from iqs where gateway_id = g.id)`,
  );
}

/** Notes that this gateway holds the IQ and that the IQ is online; false = it was online already. */
export async function takePresence(
  scope: WriteScope,
  iqId: IqId,
  { gatewayId, now }: { readonly gatewayId: string; readonly now: Date },
): Promise<boolean> {
  const rows = await scope.query<{ was_online: boolean }>(
    `update iqs set online = true, gateway_id = $3, last_seen_at = $4
       from (select online as was_online from iqs
              where tenant_id = $1 and id = $2 for no key update) before
      where tenant_id = $1 and id = $2
      returning before.was_online`,
    [scope.tenantId, iqId, gatewayId, now],
    'gateway-take-presence',
  );
  return rows[0]?.was_online === false;
}

/**
 * Notes that the IQ is offline, unless another gateway holds it by now; false = it does, or the IQ was offline already or
 * is gone. `heardAt` null leaves the time it was last seen as it is.
 */
export async function dropPresence(
  scope: WriteScope,
  iqId: IqId,
  { gatewayId, heardAt }: { readonly gatewayId: string; readonly heardAt: Date | null },
): Promise<boolean> {
  const rows = await scope.query(
    `update iqs set online = false, gateway_id = null, last_seen_at = coalesce($4, last_seen_at)
      where tenant_id = $1 and id = $2 and online and (gateway_id = $3 or gateway_id is null)
      returning id`,
    [scope.tenantId, iqId, gatewayId, heardAt],
    'gateway-drop-presence',
  );
  return rows.length > 0;
}

export type DoubtfulPresence = {
  readonly tenantId: TenantId;
  readonly iqId: IqId;
  readonly hubId: HubId;
  /** The gateway named by the row; null = none is. */
  readonly gatewayId: string | null;
};

/**
 * IQs of all tenants shown online whose gateway is gone or not named; with `ownId` also those of that gateway, which knows
 * better than the rows what it holds. At most 20,000.
 */
export async function listDoubtfulPresence(
  database: Database,
  { ownId }: { readonly ownId: string | null },
): Promise<readonly DoubtfulPresence[]> {
  const result = await database.pool.query<DoubtfulPresence>({
    name: 'gateway-doubtful-presence',
    text: `select i.tenant_id as "tenantId", i.id as "iqId", i.gateway_id as "gatewayId",
                  coalesce(i.hub_id, '${nilUuid}') as "hubId"
             from iqs i left join gateways g on g.id = i.gateway_id and ${isGatewayAlive}
            where i.online and (g.id is null or g.id = $1)
            order by i.id limit 20000`,
    values: [ownId],
  });
  return result.rows;
}
