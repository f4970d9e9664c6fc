import type { IqId } from '#contract/ids';
import type { WriteScope } from './scope.ts';

export type MovedContent = {
  readonly locks: number;
  readonly repeaters: number;
  readonly otp_activations: number;
};

/**
 * Hangs the tree of an IQ on another, which gets what decides about its doors too. Every device waits for its card; the
 * activations of the former IQ end (behaviour.md 4.8).
 */
export async function moveIqContent(
  scope: WriteScope,
  { from, to }: { readonly from: IqId; readonly to: IqId },
): Promise<MovedContent> {
  const values = [scope.tenantId, from, to];
  await scope.query(
    `update iqs t set time_zone = s.time_zone, collection_id = s.collection_id,
            otp_enabled = t.otp_enabled or s.otp_enabled, subscribed = t.subscribed or s.subscribed,
            has_been_subscribed = t.has_been_subscribed or s.has_been_subscribed
       from iqs s where t.tenant_id = $1 and t.id = $3 and s.tenant_id = $1 and s.id = $2`,
    values,
  );
  const move = `set iq_id = $3, iq_link_state = 'attached_pending'
    where tenant_id = $1 and iq_id = $2 and tree_position is not null returning id`;
  const repeaters = await scope.query(`update repeaters ${move}`, values);
  const locks = await scope.query(`update locks ${move}`, values);
  const pins = await scope.query(
    'delete from iq_pins where tenant_id = $1 and iq_id = $2 returning id',
    [scope.tenantId, from],
  );
  return { locks: locks.length, repeaters: repeaters.length, otp_activations: pins.length };
}
