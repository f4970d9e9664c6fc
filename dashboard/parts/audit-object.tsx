/** What a record of the audit history is about, by the name it has in the site; what is gone has none. */
import { personName } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import type { AuditRecord } from '../data/audit.ts';
import { SiteLink } from './site-link.tsx';

type Known = {
  readonly name: string | null;
  /** Its page. */
  readonly to?: string;
};
type KnownById = ReadonlyMap<string, Known>;

/** Who did something and what it was about, by id; only lists that one of these records may be in are read. */
export function useAuditNames(records: readonly AuditRecord[]): KnownById {
  const types = new Set(records.map(({ object_type: type }) => type));
  const query = { $top: 1000 };
  const locks = useRead('/v1.2/sites/{site_id}/locks', { query, isOn: types.has('lock') });
  const hubs = useRead('/v1.2/sites/{site_id}/iqs', { query, isOn: types.has('iq') });
  const tags = useRead('/v1.2/sites/{site_id}/tags', { query, isOn: types.has('tag') });
  const pods = useRead('/v1.2/sites/{site_id}/pods', { query, isOn: types.has('pod') });
  const groups = useRead('/v1.2/sites/{site_id}/access_groups', {
    query,
    isOn: types.has('access_group'),
  });
  const people = useRead('/v1.2/sites/{site_id}/users', { query: { $top: 200 } });
  const known = new Map<string, Known>();
  for (const { id, customer_reference: name, mac } of locks.data?.items ?? [])
    known.set(id, { name: name ?? mac, to: `locks/${id}` });
  for (const { id, customer_reference: name } of hubs.data?.items ?? [])
    known.set(id, { name, to: `hubs/${id}` });
  for (const { id, tag_number: name } of tags.data?.items ?? []) known.set(id, { name });
  for (const { id, customer_reference: name } of pods.data?.items ?? [])
    known.set(id, { name, to: `pods/${id}` });
  for (const { id, customer_reference: name } of groups.data?.items ?? [])
    known.set(id, { name, to: `groups/${id}` });
  for (const person of people.data?.items ?? []) {
    const found = { name: personName(person), to: `people/${person.id}` };
    known.set(person.id, found);
    known.set(person.user.id, found);
  }
  return known;
}

export function AuditObject({
  record: { object_id: id },
  known,
}: {
  readonly record: AuditRecord;
  readonly known: KnownById;
}) {
  const found = id === null ? undefined : known.get(id);
  if (found === undefined || found.name === null) return null;
  const { name, to } = found;
  return <div>{to === undefined ? name : <SiteLink to={to}>{name}</SiteLink>}</div>;
}
