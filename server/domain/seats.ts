/** What a collection may have at most, where the operator says so (behaviour.md 15). */
import { ApiError } from '#contract/api-error';
import type { CollectionId } from '#contract/ids';
import type { WriteScope } from '#server/store/scope';
import { hasFreeSeat, hasRoomFor } from '#server/store/seats';

/** Before an accessor takes a seat, by a setting that is not suspended. NO_SUBSCRIPTION: none is free. */
export async function takeSeat(scope: WriteScope, id: CollectionId, now: Date): Promise<void> {
  if (!(await hasFreeSeat(scope, id, now)))
    throw new ApiError('NO_SUBSCRIPTION', { reason: 'No seat is free in the collection.' });
}

/** Before an IQ is registered in a collection. NO_SUBSCRIPTION: it has all it may have. */
export async function takeIqPlace(scope: WriteScope, id: CollectionId): Promise<void> {
  if (!(await hasRoomFor(scope, id, 'iq_amount')))
    throw new ApiError('NO_SUBSCRIPTION', {
      reason: 'The collection has all the IQs it may have.',
    });
}
