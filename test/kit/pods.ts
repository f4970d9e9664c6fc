import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { everyDay } from '#contract/fields';
import type { Answer } from './cardea.ts';
import { refusal } from './core.ts';
import { insertIq, insertLock } from './rows.ts';
import { atSite, type AtTestSite, type SiteObject } from './site.ts';
import { startSitePeople, type SitePeople } from './site-people.ts';

/** A site with people, a hub out of reach and pods. */
export type PodSite = SitePeople & {
  readonly asAdmin: AtTestSite;
  /** The other site of the tenant. */
  readonly asOther: AtTestSite;
  /** A lock at the hub, or of another site. */
  addLock(site?: string): Promise<string>;
  /** A pod for two guests, unless told otherwise. */
  addPod(body?: object, by?: AtTestSite): Promise<SiteObject>;
  /** The refusal of such a pod: `400 2213`. */
  refusedPod(body: object): Promise<string>;
  /** Groups at a lock as the hub is to know them. */
  groupsAtHub(lockId: string): Promise<readonly string[]>;
};

export async function startPodSite(): Promise<PodSite> {
  const people = await startSitePeople();
  const { server, siteId, otherSiteId, admin } = people;
  const iqId = await insertIq(server, { collection_id: siteId });
  const asAdmin = atSite(server, { siteId, person: admin });
  return {
    ...people,
    asAdmin,
    asOther: atSite(server, { siteId: otherSiteId, person: admin }),
    addLock: (site = siteId) =>
      insertLock(server, {
        collection_id: site,
        ...(site === siteId ? { iq_id: iqId, iq_link_state: 'attached' } : {}),
      }),
    addPod: (body = {}, by = asAdmin) => by.read('POST', '/pods', podBody(body)),
    refusedPod: async (body) => refusal(await asAdmin.ask('POST', '/pods', podBody(body))),
    async groupsAtHub(lockId) {
      const { rows } = await server.database.pool.query<{ groups: string[] }>(
        `select value -> 'group_ids' as groups from desired_items where iq_id = $1 and key = 'lock/' || $2`,
        [iqId, lockId],
      );
      return rows[0]?.groups ?? [];
    },
  };
}

export const freshPodName = (): string => `Flat ${randomUUID()}`;
const podBody = (body: object) => ({
  customer_reference: freshPodName(),
  max_guest_amount: 2,
  ...body,
});

/** A member as bodies have it. */
export const podMember = (more: object = {}) => ({
  first_name: 'Ada',
  last_name: 'Visser',
  ...more,
});
/** A guest with all of the pod, as bodies have it. */
export const podGuest = (more: object = {}) => ({
  ...podMember(),
  access_rule: { access_rule_type: 'always' },
  ...more,
});

/** A stay from check-in to check-out, as it is shown. */
export const podStay = (checkIn: string, checkOut: string) => ({
  ...everyDay,
  start_time: '00:00:00',
  end_time: '23:59:59',
  start_date: checkIn,
  end_date: checkOut,
});

/** An answer of this status without a body. */
export async function isDone(status: number, answer: Promise<Answer>): Promise<void> {
  const { status: given, text } = await answer;
  expect([given, text]).toEqual([status, '']);
}

export async function idsAt(by: AtTestSite, path: string): Promise<string[]> {
  return (await by.items(path)).map(({ id }) => id);
}
