import type { Answer } from './cardea.ts';
import { addPerson, type TestPerson } from './people.ts';
import { idsAt, isDone, podGuest, podMember, type PodSite } from './pods.ts';
import { atSite, type AtTestSite, type SiteObject } from './site.ts';
import { freshAddress, type ShownUser } from './site-people.ts';

/** What lets people into pods of a site and out of them, by its admin unless another is named. */
export type PodPeople = {
  readonly members: (pod: string, body: object) => Promise<Answer>;
  readonly guests: (pod: string, body: object, by?: AtTestSite) => Promise<Answer>;
  readonly usersOf: (pod: string) => Promise<SiteObject[]>;
  /** A pod with one member who has an address, and the member. */
  readonly addLivedIn: (
    body?: object,
  ) => Promise<{ readonly pod: string; readonly memberId: string; readonly email: string }>;
  /** Lets one guest in and gives the site user. */
  readonly addGuest: (pod: string, more?: object) => Promise<ShownUser>;
  /** Somebody with a login who is a member of the pod. */
  readonly addSignedIn: (pod: string) => Promise<TestPerson & { readonly by: AtTestSite }>;
};

export function podPeople(site: PodSite): PodPeople {
  const { server, siteId, asAdmin } = site;
  const members: PodPeople['members'] = (pod, body) =>
    asAdmin.ask('PATCH', `/pods/${pod}/members`, body);
  const guests: PodPeople['guests'] = (pod, body, by = asAdmin) =>
    by.ask('PATCH', `/pods/${pod}/guests`, body);
  const usersOf: PodPeople['usersOf'] = (pod) => asAdmin.items(`/pods/${pod}/users?$top=1000`);
  return {
    members,
    guests,
    usersOf,
    async addLivedIn(body = {}) {
      const email = freshAddress();
      const { id: pod } = await site.addPod(body);
      await isDone(204, members(pod, { add_members: [podMember({ email })] }));
      const [member] = await usersOf(pod);
      return { pod, memberId: member?.id ?? '', email };
    },
    async addGuest(pod, more = {}) {
      const before = await idsAt(asAdmin, `/pods/${pod}/users`);
      await isDone(204, guests(pod, { add_guests: [podGuest(more)] }));
      const added = (await usersOf(pod)).find(({ id }) => !before.includes(id));
      if (added === undefined) throw new Error('the guest is not listed');
      return added as unknown as ShownUser;
    },
    async addSignedIn(pod) {
      const person = await addPerson(server, { siteId, role: null });
      await isDone(204, members(pod, { add_members: [podMember({ email: person.email })] }));
      return { ...person, by: atSite(server, { siteId, person }) };
    },
  };
}
