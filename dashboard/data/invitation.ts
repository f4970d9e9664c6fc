/**
 * Letting somebody in: a person, what opens, a key. The API has a call for each, so it goes step by step; whatever is done stays done,
 * and a step that failed can be taken again or left out.
 */
import { assertNever } from '#contract/assert-never';
import { api } from './api.ts';
import { personName, type Person } from './people.ts';
import { learnOneTag, readKnownTags } from './tag-registration.ts';
import { instantAt } from './wall-clock.ts';
import { wholeWeek, writtenSpan } from './week.ts';

type Thing = { readonly id: string; readonly name: string };

export type Who =
  | {
      readonly kind: 'guest';
      readonly alias: string;
      /** Clock of the site, `2026-12-24T18:00`; '' = without end. */
      readonly until: string;
    }
  | {
      readonly kind: 'person';
      readonly firstName: string;
      readonly lastName: string;
      readonly email: string;
      readonly roleIds: readonly string[];
    };

export type WishedKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'pin' }
  | { readonly kind: 'tag'; readonly tag: Thing }
  /** A tag that the lock learns meanwhile. */
  | { readonly kind: 'new_tag'; readonly lock: Thing }
  /** Added by its owner, after an invitation to the address. */
  | { readonly kind: 'phone'; readonly email: string };

export type Wish = {
  readonly who: Who;
  readonly groups: readonly Thing[];
  /** Doors beside those of the groups: in a group of the person's own. */
  readonly doors: readonly Thing[];
  /** When these doors begin; '' = at once. */
  readonly from: string;
  readonly key: WishedKey;
};

/** What is there already. */
export type Made = {
  readonly person: Person;
  /** The person's own group. */
  readonly ownGroup?: Thing;
  /** Shown this once. */
  readonly pin?: string;
  /** Ids of the tags that were there before a lock learned one. */
  readonly knownTags?: ReadonlySet<string>;
  /** Given, or learned to be given. */
  readonly tag?: Thing;
};

/** Steps of one line belong together: left out, they are so together. */
export type Line =
  | { readonly kind: 'group'; readonly group: Thing }
  | { readonly kind: 'doors' }
  | { readonly kind: 'key' };

export type Step = {
  readonly line: Line;
  readonly act: (made: Made, signal: AbortSignal) => Promise<Made>;
};

/** No tag was held to the lock while it learned. */
export class NoTagHeld extends Error {
  override readonly name = 'NoTagHeld';
}

type Site = { readonly siteId: string; readonly zone: string | null };

const userPath = '/v1.2/sites/{site_id}/users/{id}';
const groupsPath = '/v1.2/sites/{site_id}/access_groups';
const groupPath = `${groupsPath}/{access_group_id}` as const;
const learnsForSeconds = 120;

/** Makes the person; one with an address is invited. */
export function makePerson(who: Who, { siteId, zone }: Site): Promise<Person> {
  const path = { site_id: siteId };
  if (who.kind === 'guest') {
    const expires_at = who.until === '' ? null : instantAt(who.until, zone);
    return api.post('/v1.2/sites/{site_id}/guests', {
      path,
      body: { alias: who.alias.trim(), expires_at },
    });
  }
  const email = who.email.trim();
  return api.post('/v1.2/sites/{site_id}/users', {
    path,
    body: {
      first_name: who.firstName.trim(),
      last_name: who.lastName.trim(),
      ...(email === '' ? {} : { email }),
      role_ids: [...who.roleIds],
    },
  });
}

/** What comes after the person, in its order: the key last, since a PIN is shown once all else is settled. */
export function stepsOf(
  wish: Wish,
  {
    siteId,
    ownGroupName,
  }: { readonly siteId: string; readonly ownGroupName: (person: string) => string },
): readonly Step[] {
  const site = { site_id: siteId };
  const join = (groupId: string, { user }: Person) =>
    api.post(`${groupPath}/users`, {
      path: { ...site, access_group_id: groupId },
      body: { user_id: user.id },
    });
  const groups = wish.groups.map((group): Step => ({
    line: { kind: 'group', group },
    act: (made) => join(group.id, made.person).then(() => made),
  }));
  return [...groups, ...doorSteps(wish, { site, ownGroupName, join }), ...keySteps(wish, siteId)];
}

function doorSteps(
  { who, doors, from }: Wish,
  {
    site,
    ownGroupName,
    join,
  }: {
    readonly site: { readonly site_id: string };
    readonly ownGroupName: (person: string) => string;
    readonly join: (groupId: string, person: Person) => Promise<unknown>;
  },
): readonly Step[] {
  if (doors.length === 0) return [];
  const until = who.kind === 'guest' ? who.until : '';
  const inGroup = (act: (groupId: string, person: Person) => Promise<unknown>): Step => ({
    line: { kind: 'doors' },
    async act(made) {
      if (made.ownGroup !== undefined) await act(made.ownGroup.id, made.person);
      return made;
    },
  });
  return [
    {
      line: { kind: 'doors' },
      async act(made) {
        const name = ownGroupName(personName(made.person));
        const { id } = await api.post(groupsPath, {
          path: site,
          body: { customer_reference: name },
        });
        return { ...made, ownGroup: { id, name } };
      },
    },
    inGroup((groupId) =>
      api.post(`${groupPath}/time_schedules`, {
        path: { ...site, access_group_id: groupId },
        body: {
          ...writtenSpan(wholeWeek),
          start_date: from === '' ? null : `${from}:00`,
          end_date: until === '' ? null : `${until}:00`,
        },
      }),
    ),
    inGroup((groupId) =>
      api.patch(`${groupPath}/locks`, {
        path: { ...site, access_group_id: groupId },
        body: { add_ids: doors.map(({ id }) => id) },
      }),
    ),
    inGroup(join),
  ];
}

function keySteps({ key }: Wish, siteId: string): readonly Step[] {
  const step = (act: Step['act']): Step => ({ line: { kind: 'key' }, act });
  const at = ({ person }: Made) => ({ site_id: siteId, id: person.id });
  const giveTag = async (made: Made, tag: Thing): Promise<Made> => {
    await api.patch(userPath, { path: at(made), body: { tag_id: tag.id } });
    return { ...made, tag };
  };
  switch (key.kind) {
    case 'none':
      return [];
    case 'pin':
      return [step(async (made) => ({ ...made, pin: await makePin(siteId, made.person) }))];
    case 'tag':
      return [step(async (made) => giveTag(made, key.tag))];
    case 'new_tag':
      return [
        // Once: a tag that is held to the lock between two attempts is still a new one, and the one that was meant.
        step(async (made) => ({ ...made, knownTags: await readKnownTags(siteId) })),
        step(async ({ knownTags: known = new Set(), ...made }, signal) => {
          const place = { siteId, lockId: key.lock.id, seconds: learnsForSeconds };
          const learned = await learnOneTag(place, { known, signal });
          if (learned === undefined) throw new NoTagHeld();
          return { ...made, tag: { id: learned.id, name: learned.tag_number } };
        }),
        step((made) => (made.tag === undefined ? Promise.resolve(made) : giveTag(made, made.tag))),
      ];
    case 'phone': {
      const email = key.email.trim();
      return [
        step(async (made) =>
          // Whoever came with an address has been invited with it.
          made.person.user.email === email
            ? made
            : { ...made, person: await api.patch(userPath, { path: at(made), body: { email } }) },
        ),
      ];
    }
    default:
      return assertNever(key);
  }
}

/** Makes a keypad PIN, another than the one before, and gives it this once. */
export async function makePin(siteId: string, person: Person): Promise<string> {
  const path = { site_id: siteId, id: person.id };
  // A PIN that its owner may not type would be no key.
  if (!person.use_pin) await api.patch(userPath, { path, body: { use_pin: true } });
  return api.put(`${userPath}/pin`, { path, body: {} });
}
