/**
 * People by their e-mail address or, without one, by their alias (decision 0245). Who is on the site keeps what a row does not say;
 * groups and tags of a row are added to those that the person has.
 */
import { ApiError } from '#contract/api-error';
import type { CsvRowNote } from '#contract/csv-imports';
import type { AccessGroupId, AccessorId, TagId, UserId } from '#contract/ids';
import { builtInRoles, type Role } from '#contract/roles';
import {
  findKnownAddresses,
  findPresentPeople,
  findTagsByNumber,
  listNamedGroups,
  type PresentPerson,
} from '#server/store/csv-imports';
import { findOwnRoles } from '#server/store/roles';
import type { WriteScope } from '#server/store/scope';
import type { SiteUserRow } from '#server/store/site-users';
import { writeMembers } from './access-groups.ts';
import type { Invitee } from './csv-import-invitations.ts';
import {
  byName,
  cellFault,
  failedRow,
  faultOfRule,
  isRead,
  type CsvRowOf,
  type RowFault,
  type RowResult,
} from './csv-import-rows.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { comesByItself } from './permissions.ts';
import { changeSiteUser, type PatchSiteUser } from './site-user-changes.ts';
import {
  addComer,
  comerOf,
  drawIds,
  giveTags,
  idOf,
  rolesOrUser,
  type Comer,
  type SiteUserParts,
} from './site-user-creation.ts';
import {
  checkEditable,
  checkNotInSite,
  checkTagFree,
  getSiteUser,
  type AtWork,
} from './site-user-rules.ts';

/** null and empty lists: the file does not say. */
export type PersonRow = {
  readonly email: string | null;
  readonly alias: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Codes or names. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Numbers. */
  readonly tags: readonly string[];
};

type ReadPerson = { readonly line: number; readonly value: PersonRow };

type Known = {
  readonly byAddress: ReadonlyMap<string, PresentPerson>;
  /** Those without an address. */
  readonly byAlias: ReadonlyMap<string, readonly PresentPerson[]>;
  readonly groups: ReadonlyMap<string, readonly AccessGroupId[]>;
  readonly tags: ReadonlyMap<string, TagId>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Addresses (lower case) of people who are known already, here or elsewhere. */
  readonly addresses: ReadonlySet<string>;
  /** Roles as they were chosen for the rows before, by the ids that were asked for. */
  readonly chosen: Map<string, readonly Role[]>;
};

/** A row with ids in place of names. */
type Wanted = ReadPerson & {
  readonly groupIds: readonly AccessGroupId[];
  readonly tagIds: readonly TagId[];
  readonly roleIds: readonly string[] | null;
};

type Done = {
  readonly result: RowResult;
  readonly joins: { readonly id: AccessorId; readonly groupIds: readonly AccessGroupId[] } | null;
  readonly invitee: Invitee | null;
};

export async function importPeople(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, rows }: { readonly at: AtWork; readonly rows: readonly CsvRowOf<PersonRow>[] },
): Promise<{ readonly rows: readonly RowResult[]; readonly invitees: readonly Invitee[] }> {
  const known = await lookAround(scope, parts, { at, rows: rows.filter(isRead) });
  const done: Done[] = [];
  for (const row of rows)
    done.push(
      isRead(row)
        ? await importPerson(scope, parts, { at, known, row })
        : failed(failedRow(row.line, row.faults)),
    );
  const results = done.map(({ result }) => result);
  if (!results.some(({ action }) => action === 'failed')) await join(scope, parts, { at, done });
  return { rows: results, invitees: done.flatMap(({ invitee }) => invitee ?? []) };
}

async function lookAround(
  scope: WriteScope,
  { clock }: SiteUserParts,
  { at: { siteId }, rows }: { readonly at: AtWork; readonly rows: readonly ReadPerson[] },
): Promise<Known> {
  const addresses = rows.flatMap(({ value }) => value.email?.toLowerCase() ?? []);
  const present = await findPresentPeople(scope, {
    siteId,
    addresses,
    aliases: rows.flatMap(({ value }) => value.alias ?? []),
    now: clock.now(),
  });
  const tags = await findTagsByNumber(
    scope,
    rows.flatMap(({ value }) => value.tags),
  );
  const roles: readonly Role[] = [
    ...Object.values(builtInRoles),
    ...(await findOwnRoles(scope, siteId)),
  ];
  return {
    byAddress: new Map(
      present.flatMap((one) => (one.email === null ? [] : [[one.email.toLowerCase(), one]])),
    ),
    byAlias: grouped(present.filter(({ email }) => email === null)),
    groups: byName(await listNamedGroups(scope, siteId)),
    tags: new Map(
      tags.flatMap((tag) => (tag.collection_id === siteId ? [[tag.tag_number, tag.id]] : [])),
    ),
    roles: byName(
      roles.flatMap(({ id, code, customer_reference }) =>
        [...new Set([code, customer_reference ?? code].map(folded))].map((name) => ({ id, name })),
      ),
    ),
    addresses: await findKnownAddresses(scope, addresses),
    chosen: new Map(),
  };
}

function grouped(people: readonly PresentPerson[]): ReadonlyMap<string, readonly PresentPerson[]> {
  const found = new Map<string, readonly PresentPerson[]>();
  for (const one of people) found.set(one.alias, [...(found.get(one.alias) ?? []), one]);
  return found;
}

/** `Site Super User` and `site_super_user` are one role. */
function folded(role: string): string {
  return role.toLowerCase().replaceAll(/[\s-]+/g, '_');
}

async function importPerson(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, known, row }: { readonly at: AtWork; readonly known: Known; readonly row: ReadPerson },
): Promise<Done> {
  const { wanted, faults } = wantedOf(row, known);
  const { person, fault } = personOf(row, known);
  const all = [...(fault === null ? [] : [fault]), ...faults];
  if (all.length > 0) return failed(failedRow(row.line, all));
  try {
    return person === undefined
      ? await addPerson(scope, parts, { at, known, wanted })
      : await changePerson(scope, parts, { at, wanted, person });
  } catch (error) {
    return failed(failedRow(row.line, [faultOfRule(error, cells)]));
  }
}

/** Which cell a member of a body stands in. */
const cells = { role_ids: 'roles', tag_id: 'tags', id: 'email' } as const;

function failed(result: RowResult): Done {
  return { result, joins: null, invitee: null };
}

function wantedOf(
  row: ReadPerson,
  known: Known,
): { readonly wanted: Wanted; readonly faults: readonly RowFault[] } {
  const { groups, roles, tags } = row.value;
  const faults: RowFault[] = [];
  const groupIds = groups.flatMap((name) => {
    const [id, ...more] = known.groups.get(name) ?? [];
    if (id === undefined)
      faults.push(
        cellFault(
          'groups',
          `The site has no group "${name}"; import the groups before the people.`,
        ),
      );
    else if (more.length > 0)
      faults.push(cellFault('groups', `Several groups are called "${name}"; rename one of them.`));
    return id === undefined ? [] : [id];
  });
  const tagIds = tags.flatMap((number) => {
    const id = known.tags.get(number);
    if (id === undefined)
      faults.push(
        cellFault(
          'tags',
          `The site has no tag ${number}; import the tags before the people, or show it at a lock in tag registration.`,
        ),
      );
    return id === undefined ? [] : [id];
  });
  const roleIds = roles.flatMap((name) => {
    const [id, ...more] = known.roles.get(folded(name)) ?? [];
    if (id === undefined) faults.push(cellFault('roles', `There is no role "${name}".`));
    else if (more.length > 0)
      faults.push(cellFault('roles', `Several roles are called "${name}"; use the code.`));
    return id === undefined ? [] : [id];
  });
  const wanted = {
    ...row,
    groupIds: [...new Set(groupIds)],
    tagIds: [...new Set(tagIds)],
    roleIds: roleIds.length === 0 ? null : roleIds,
  };
  return { wanted, faults };
}

/** The person of the site that a row is about; none = somebody new. */
function personOf(
  { value: { email, alias } }: ReadPerson,
  { byAddress, byAlias }: Known,
): { readonly person?: PresentPerson; readonly fault: RowFault | null } {
  const person = email === null ? undefined : byAddress.get(email.toLowerCase());
  if (person !== undefined) return { person, fault: null };
  const [first, ...more] = alias === null ? [] : (byAlias.get(alias) ?? []);
  if (first === undefined) return { fault: null };
  if (email !== null)
    return {
      fault: cellFault(
        'email',
        'Somebody without an e-mail address has this alias on the site; write the address there first.',
      ),
    };
  return more.length > 0
    ? { fault: cellFault('alias', 'Several people of the site have this alias.') }
    : { person: first, fault: null };
}

async function addPerson(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, known, wanted }: { readonly at: AtWork; readonly known: Known; readonly wanted: Wanted },
): Promise<Done> {
  const { line, value, groupIds, tagIds, roleIds } = wanted;
  const { email, alias, firstName, lastName } = value;
  if (firstName === null || lastName === null)
    return failed(
      failedRow(
        line,
        (
          [
            ['first_name', firstName],
            ['last_name', lastName],
          ] as const
        ).flatMap(([column, name]) =>
          name === null ? [cellFault(column, 'Somebody new needs it.')] : [],
        ),
      ),
    );
  const fresh = drawIds(parts.ids);
  const isNobody = email === null || !known.addresses.has(email.toLowerCase());
  const comer: Comer = isNobody ? { kind: 'new', email } : await comerOf(scope, email);
  const userId = idOf(comer, fresh);
  const now = parts.clock.now();
  if (comer.kind === 'known')
    await checkNotInSite(scope, { siteId: at.siteId, userId, now }, 'email');
  const made = await addComer(scope, parts, {
    at,
    fresh,
    comer,
    roles: await chosenRoles(scope, known, { at, roleIds }),
    place: { ...plain, first_name: firstName, last_name: lastName, alias },
    tagIds,
  });
  const language = comer.kind === 'known' ? comer.person.language : null;
  return {
    result: {
      line,
      action: 'created',
      faults: [],
      notes: [
        ...(isNamedSo(made, value) ? [] : ['names_stay' as const]),
        ...(made.subscription_state === 'suspended' ? ['seat_limit_reached' as const] : []),
      ],
    },
    joins: { id: made.id, groupIds },
    invitee: inviteeOf(made, { line, language }),
  };
}

/** The rules on roles are the same for every row that asks for the same. */
async function chosenRoles(
  scope: WriteScope,
  { chosen }: Known,
  { at, roleIds }: { readonly at: AtWork; readonly roleIds: readonly string[] | null },
): Promise<readonly Role[]> {
  const key = roleIds?.join(' ') ?? '';
  const roles = chosen.get(key) ?? (await rolesOrUser(scope, at, roleIds));
  chosen.set(key, roles);
  return roles;
}

/** Whoever was known before keeps the names. */
function isNamedSo(
  made: Pick<SiteUserRow, 'first_name' | 'last_name'>,
  { firstName, lastName }: PersonRow,
): boolean {
  return made.first_name === firstName && made.last_name === lastName;
}

/** As POST users has it without flags. */
const plain = {
  toggle_easy_office_mode: false,
  toggle_manual_office_mode: false,
  blocked: false,
  override_privacy_mode: false,
  use_pin: false,
  expiresAt: null,
} as const;

function inviteeOf(
  row: { readonly user_id: UserId } & Pick<SiteUserRow, 'email' | 'has_profile'>,
  { line, language }: { readonly line: number; readonly language: string | null },
): Invitee | null {
  const { user_id: userId, email: address } = row;
  return address === null || row.has_profile ? null : { line, userId, address, language };
}

async function changePerson(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    wanted,
    person,
  }: { readonly at: AtWork; readonly wanted: Wanted; readonly person: PresentPerson },
): Promise<Done> {
  const { line } = wanted;
  const groupIds = wanted.groupIds.filter((id) => !person.group_ids.includes(id));
  const tagIds = wanted.tagIds.filter((id) => !person.tag_ids.includes(id));
  if (groupIds.length > 0 && person.role_ids.includes(builtInRoles.site_pod_member.id))
    throw new ApiError('USER_IS_POD_MEMBER');
  const { body, notes } = bodyOf(wanted, person);
  const { id } = person;
  if (Object.keys(body).length > 0) {
    const warn = (word: string): void => {
      if (word === 'seat_limit_reached') notes.push(word);
    };
    await changeSiteUser(scope, parts, { at, id, body, invited: undefined, warn });
  }
  if (tagIds.length > 0) {
    checkEditable(at, await getSiteUser(scope, { siteId: at.siteId, id, now: parts.clock.now() }));
    for (const tagId of tagIds) await checkTagFree(scope, { tagId, owner: person });
    await giveTags(scope, parts, { at, row: person, tagIds });
  }
  const isChanged = Object.keys(body).length + tagIds.length + groupIds.length > 0;
  return {
    result: { line, action: isChanged ? 'updated' : 'unchanged', faults: [], notes },
    joins: { id, groupIds },
    invitee: person.is_invited ? null : inviteeOf(person, { line, language: person.language }),
  };
}

/** What a row says otherwise than the site. Names of a profile, or looked after elsewhere, stay (connect-api.md 4.2). */
function bodyOf(
  { value: { alias, firstName, lastName }, roleIds }: Wanted,
  person: PresentPerson,
): { readonly body: PatchSiteUser; readonly notes: CsvRowNote[] } {
  const names = {
    ...(firstName === null || firstName === person.first_name ? {} : { first_name: firstName }),
    ...(lastName === null || lastName === person.last_name ? {} : { last_name: lastName }),
  };
  const staysNamed = !person.is_managed && Object.keys(names).length > 0;
  const body = {
    ...(staysNamed ? {} : names),
    ...(alias === null || alias === person.alias ? {} : { alias }),
    ...(roleIds === null || hasRoles(person, roleIds) ? {} : { role_ids: [...roleIds] }),
  };
  return { body, notes: staysNamed ? ['names_stay'] : [] };
}

/** Somebody without any role is a plain user; roles of pods and guests come and go by themselves. */
function hasRoles({ role_ids }: PresentPerson, asked: readonly string[]): boolean {
  const kept = new Set<string>(
    Object.values(builtInRoles)
      .filter(comesByItself)
      .map(({ id }) => id),
  );
  const own = role_ids.filter((id) => !kept.has(id));
  const present = new Set<string>(role_ids.length === 0 ? [builtInRoles.site_user.id] : own);
  const wanted = new Set(asked);
  return present.size === wanted.size && [...wanted].every((id) => present.has(id));
}

/** Each group once, however many come into it; what opens for them out of their hub's reach once for all of them. */
async function join(
  scope: WriteScope,
  parts: SiteUserParts,
  { at: { actor }, done }: { readonly at: AtWork; readonly done: readonly Done[] },
): Promise<void> {
  const members = new Map<AccessGroupId, AccessorId[]>();
  for (const { joins } of done)
    for (const groupId of joins?.groupIds ?? []) {
      const present = members.get(groupId);
      if (joins !== null && present === undefined) members.set(groupId, [joins.id]);
      if (joins !== null) present?.push(joins.id);
    }
  const touched = new Set<AccessorId>();
  for (const [id, add] of [...members].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const change = { relation: 'accessors', add, remove: [] } as const;
    const { accessorIds } = await writeMembers(scope, parts, { actor, id, change });
    for (const accessorId of accessorIds) touched.add(accessorId);
  }
  const accessorIds = [...touched];
  const lockIds = await settleOfflineKeys(scope, { accessorIds, now: parts.clock.now() });
  await parts.desiredState.refresh(scope, { groupIds: [...members.keys()], accessorIds, lockIds });
}
