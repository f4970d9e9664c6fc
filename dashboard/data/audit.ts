/** The audit history of a site, and its check in the browser, which believes nothing the server says of itself (docs/audit.md). */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ItemOf } from '#client/operations';
import { api } from './api.ts';
import { useSiteId } from './site.tsx';

const path = '/ext/v1/sites/{site_id}/audit_log';
export type AuditRecord = ItemOf<typeof path>;
type Following = { readonly $continuationToken?: string };
const first: Following = {};
const pageSize = 50;
const pollMs = 15_000;

/** The newest first; more by `fetchNextPage`. `filter`: OData. */
export function useAuditLog(filter: string) {
  const siteId = useSiteId();
  const query = { $top: pageSize, ...(filter === '' ? {} : { $filter: filter }) };
  return useInfiniteQuery({
    queryKey: ['site', siteId, 'audit_log', query],
    queryFn: ({ pageParam, signal }) =>
      api.get(path, { path: { site_id: siteId }, query: { ...query, ...pageParam }, signal }),
    initialPageParam: first,
    getNextPageParam: ({ continuation_token: token }) =>
      token === null ? undefined : { $continuationToken: token },
    refetchInterval: pollMs,
  });
}

export type AuditCheck = {
  readonly count: number;
  /** Neighbours in the log of the whole installation, of which the later one names the hash of the former. */
  readonly links: number;
  /** Numbers of records whose hash does not fit what they say, or what stands before them. */
  readonly wrong: readonly number[];
};

/** Fetches every record of the site and works out its hash anew; tells how many it has looked at. */
export async function checkAuditLog(
  siteId: string,
  { onCount, signal }: { readonly onCount: (count: number) => void; readonly signal: AbortSignal },
): Promise<AuditCheck> {
  const found = { count: 0, links: 0, wrong: [] as number[] };
  let later: AuditRecord | undefined;
  let next: Following | undefined = first;
  while (next !== undefined) {
    const query: Following & { readonly $top: number } = { $top: 200, ...next };
    const page: {
      readonly items: readonly AuditRecord[];
      readonly continuation_token: string | null;
    } = await api.get(path, { path: { site_id: siteId }, query, signal });
    for (const record of page.items) {
      if ((await auditHash(record)) !== record.hash) found.wrong.push(record.number);
      if (later?.number === record.number + 1) {
        found.links += 1;
        if (later.previous_hash !== record.hash) found.wrong.push(later.number);
      }
      later = record;
    }
    found.count += page.items.length;
    onCount(found.count);
    next =
      page.continuation_token === null
        ? undefined
        : { $continuationToken: page.continuation_token };
  }
  return found;
}

/** SHA-256 of the former hash and the record as canonical JSON without its own, in hex. */
async function auditHash({ hash: _own, ...record }: AuditRecord): Promise<string> {
  const ordered = Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  const bytes = new TextEncoder().encode(`${record.previous_hash ?? ''}${JSON.stringify(ordered)}`);
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Browsers work out hashes on secure pages only: https, or the machine itself. */
export const canCheck = window.isSecureContext;
