/** Guests of pods who come and go at the same time, against PostgreSQL (issue 6, connect-api.md 4.9). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { podPeople, type PodPeople } from '#test/kit/pod-people';
import { isDone, podGuest, startPodSite, type PodSite } from '#test/kit/pods';
import { freshAddress } from '#test/kit/site-people';

/** Ten rounds are written down in decision 0269; three tell a race from none. */
const rounds = 3;
const requests = 40;

let site: PodSite;
let people: PodPeople;
beforeAll(async () => {
  site = await startPodSite();
  people = podPeople(site);
});
afterAll(() => site.stop());

/** How many requests were answered how: `204` or a refusal. */
function count(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const key = answer.status === 204 ? '204' : refusal(answer);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const atOnce = (ask: () => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: requests }, ask));

it('gives the last place of a pod to one of many', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { id: pod } = await site.addPod({ max_guest_amount: 1 });
    const answers = await atOnce(() => people.guests(pod, { add_guests: [podGuest()] }));
    expect(count(answers)).toEqual({ '204': 1, '400 2221': requests - 1 });
    expect(await people.usersOf(pod)).toHaveLength(1);
  }
}, 120_000);

it('lets one person in once', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const email = freshAddress();
    const { id } = await site.add({ email });
    const { id: pod } = await site.addPod({ max_guest_amount: requests });
    const answers = await atOnce(() => people.guests(pod, { add_guests: [podGuest({ email })] }));
    expect(count(answers)).toEqual({ '204': 1, '400 2216': requests - 1 });
    expect((await people.usersOf(pod)).map((one) => one.id)).toEqual([id]);
  }
}, 120_000);

it('lets whoever leaves the last pods at once leave the site', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const email = freshAddress();
    const pods = await Promise.all([1, 2, 3].map(async () => (await site.addPod()).id));
    for (const pod of pods)
      await isDone(204, people.guests(pod, { add_guests: [podGuest({ email })] }));
    const [guest] = await people.usersOf(pods[0] ?? '');
    const remove = { remove_guests_ids: [guest?.id] };
    await Promise.all(pods.map((pod) => isDone(204, people.guests(pod, remove))));
    expect(refusal(await site.asAdmin.ask('GET', `/users/${guest?.id ?? ''}`))).toBe('404 2202');
  }
}, 120_000);
