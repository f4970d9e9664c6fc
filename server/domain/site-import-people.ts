/**
 * The people of an export file where it comes to: whoever the tenant knows by the address is that person, whoever has an
 * account is linked to it, the others are known by what the file says (docs/decisions/0241).
 */
import type { ExportFile } from '#contract/exports';
import type { Scope } from '#server/store/scope';
import { findKnownAddresses, type Row } from '#server/store/site-imports';

export type PeopleHere = {
  /** Id in the file → the person of the tenant who has the address; only those whose id is another one. */
  readonly known: ReadonlyMap<string, string>;
  /** Ids in the file of those who need no row. */
  readonly present: ReadonlySet<string>;
  /** Id in the file → the account the address is proven for. */
  readonly logins: ReadonlyMap<string, string>;
};

export async function findPeopleHere(scope: Scope, { people }: ExportFile): Promise<PeopleHere> {
  const byAddress = new Map(
    people.flatMap(({ id, email }) => (email === null ? [] : [[email.toLowerCase(), id] as const])),
  );
  const known = new Map<string, string>();
  const present = new Set<string>();
  const logins = new Map<string, string>();
  for (const found of await findKnownAddresses(scope, [...byAddress.keys()])) {
    const id = byAddress.get(found.address);
    if (id === undefined) continue;
    if (found.user_id !== null) {
      present.add(id);
      if (found.user_id !== id) known.set(id, found.user_id);
    } else if (found.login_id !== null) logins.set(id, found.login_id);
  }
  return { known, present, logins };
}

/** The rows of those who are new to the tenant; of those with an account it says everything. */
export function newPeople(
  { people }: ExportFile,
  {
    here,
    logins,
    present,
    siteId,
  }: PeopleHere & {
    readonly here: (id: string) => string;
    readonly siteId: string;
  },
): readonly Row[] {
  return people
    .filter(({ id }) => !present.has(id))
    .map(({ id, email, first_name: first, last_name: last, language, created_at: at }) => {
      const login = logins.get(id) ?? null;
      return {
        id: here(id),
        login_id: login,
        email: login === null ? email : null,
        first_name: login === null ? first : '',
        last_name: login === null ? last : '',
        language: login === null ? language : null,
        managing_site_id: siteId,
        created_at: at,
      };
    });
}

/** Two people who would be one, a place of nobody: what is wrong with the people of a file by themselves; null = nothing. */
export function findPeopleFault(
  file: ExportFile,
  builtIn: ReadonlyMap<string, number | null>,
): string | null {
  const addresses = file.people.flatMap(({ email }) =>
    email === null ? [] : [email.toLowerCase()],
  );
  if (new Set(addresses).size < addresses.length) return 'two people have the same address';
  const depths = new Map(builtIn);
  for (const { id, depth } of file.site_roles) {
    if (builtIn.has(id)) return 'site_roles.id is that of a role that is built in';
    depths.set(id, depth);
  }
  for (const { parent_id: parent, depth } of file.site_roles)
    if (depths.get(parent) !== depth - 1)
      return 'site_roles.parent_id names no role one step above';
  for (const { user_id: user, role_ids: roles } of file.accessors) {
    if (user === undefined || user === null) {
      if (roles !== undefined && roles.length > 0) return 'accessors.role_ids of nobody';
    } else if ((roles ?? []).some((role) => !depths.has(role)))
      return 'accessors.role_ids names no role';
  }
  return null;
}
