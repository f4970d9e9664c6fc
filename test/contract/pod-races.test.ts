/** Many at once who want what only one can have of pods (behaviour.md 14): exactly one gets it, and the others are told why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { freshPodName, podGuest, podMember, startPodSite, type PodSite } from '#test/kit/pods';
import { insertTag } from '#test/kit/rows';
import { freshAddress } from '#test/kit/site-people';

const atOnce = 40;
/** Names are cheap; a person costs a password, and each of many pods a request. */
const rounds = { ofNames: 10, ofPeople: 3 };

let site: PodSite;
beforeAll(async () => {
  site = await startPodSite();
}, 120_000);
afterAll(() => site.stop());

/** How many of the answers were alike: `{ '204': 1, '400 2217': 39 }`. */
async function tally(asked: readonly Promise<Answer>[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const answer of await Promise.all(asked)) {
    const word = answer.status < 300 ? String(answer.status) : refusal(answer);
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

async function count(text: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await site.server.database.pool.query<{ n: number }>(text, [...values]);
  return rows[0]?.n ?? 0;
}

/** Pods with a member who can be reached, so that others may come without an address. */
async function addPods(howMany: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < howMany; n++)
    ids.push((await site.addPod({ members: [podMember({ email: freshAddress() })] })).id);
  return ids;
}

const addMember = (pod: string, member: object): Promise<Answer> =>
  site.asAdmin.ask('PATCH', `/pods/${pod}/members`, { add_members: [podMember(member)] });

describe('of many requests at once', () => {
  it('one pod gets a name, made or renamed', async () => {
    const present = await Promise.all(
      Array.from({ length: atOnce / 2 }, async () => (await site.addPod()).id),
    );
    for (let round = 0; round < rounds.ofNames; round++) {
      const name = freshPodName();
      const made = present.map((_, n) =>
        site.asAdmin.ask('POST', '/pods', {
          customer_reference: n % 2 === 0 ? name : ` ${name.toUpperCase()}`,
          max_guest_amount: 0,
        }),
      );
      const renamed = present.map((id) =>
        site.asAdmin.ask('PATCH', `/pods/${id}`, { customer_reference: name }),
      );
      const { '400 2213': refused, ...won } = await tally([...made, ...renamed]);
      expect([won, refused]).toEqual([expect.toBeOneOf([{ '200': 1 }, { '204': 1 }]), atOnce - 1]);
      const named =
        'select count(*)::int as n from pods where lower(btrim(customer_reference)) = $1';
      expect(await count(named, [name.toLowerCase()])).toBe(1);
    }
  }, 120_000);

  it('one member gets a tag, and one pod a person', async () => {
    const pods = await addPods(atOnce);
    for (let round = 0; round < rounds.ofPeople; round++) {
      const tag = await insertTag(site.server, { collection_id: site.siteId });
      const tagged = await tally(pods.map((pod) => addMember(pod, { tag_id: tag.id })));
      expect(tagged).toEqual({ '204': 1, '400 2218': atOnce - 1 });
      const held = 'select count(*)::int as n from keys where credential_id = $1';
      expect(await count(held, [tag.id])).toBe(1);

      const { email, accessorId } = await addPerson(site.server, {
        siteId: site.siteId,
        role: 'site_user',
      });
      const joined = await tally(pods.map((pod) => addMember(pod, { email })));
      expect(joined).toEqual({ '204': 1, '400 2217': atOnce - 1 });
      const places = 'select count(*)::int as n from pod_users where accessor_id = $1';
      expect(await count(places, [accessorId])).toBe(1);
    }
    const strangers = 'select count(*)::int as n from pod_users where pod_id = any ($1)';
    expect(await count(strangers, [pods])).toBe(atOnce + 2 * rounds.ofPeople);
  }, 240_000);

  it('none fails as its pod is cleaned and ended, and nobody is left behind', async () => {
    const [lock, pods] = [await site.addLock(), await addPods(8)];
    const asked = pods.flatMap((pod) => {
      const ask = (method: string, path: string, body?: object) =>
        site.asAdmin.ask(method, `/pods/${pod}${path}`, body);
      return [
        addMember(pod, { email: freshAddress() }),
        ask('PATCH', '/guests', { add_guests: [podGuest(), podGuest()] }),
        ask('PATCH', '/locks', { lock_to_add_ids: [lock] }),
        ask('PATCH', '/clean'),
        ask('PUT', '/access_rule', { access_rule_type: 'always' }),
        ask('DELETE', ''),
        addMember(pod, { email: freshAddress() }),
      ];
    });
    const { '202': ended, ...others } = await tally(asked);
    expect(ended).toBeGreaterThanOrEqual(pods.length);
    expect(['204', '404 2202', '400 2221']).toEqual(expect.arrayContaining(Object.keys(others)));
    expect(await count('select count(*)::int as n from pods where id = any ($1)', [pods])).toBe(0);
    const stranded = `select count(*)::int as n from accessors a where a.came_by_pod
      and not exists (select 1 from pod_users u where u.accessor_id = a.id)`;
    expect(await count(stranded, [])).toBe(0);
    expect(await site.groupsAtHub(lock)).toEqual([]);
  }, 120_000);
});
