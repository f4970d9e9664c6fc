/** Ids below a site: what lies in another site of the same tenant names nothing here. */
import { ApiError } from '#contract/api-error';
import type { CollectionId } from '#contract/ids';
import type { AtSite } from './site-route.ts';

/** The object that was found, when it is of the site. VALUE_INVALID (`path_id`) as if it had not been found. */
export async function ofSite<Row extends { readonly collection_id: CollectionId | null }>(
  { siteId }: AtSite,
  parameter: string,
  found: Promise<Row>,
): Promise<Row> {
  const row = await found;
  if (row.collection_id === siteId) return row;
  throw new ApiError('VALUE_INVALID', { parameter, case: 'path_id' });
}
