/** Causes of the codes of pods (errors.md 2213 to 2222), for an owner of the site. */
import { randomUUID } from 'node:crypto';
import type { Answer, TestServer } from './cardea.ts';
import type { Fixture } from './fixture.ts';
import { addPerson } from './people.ts';
import { podGuest, podMember } from './pods.ts';

/** A pod with one member, in the site of the fixture. */
type Home = {
  readonly pod: string;
  readonly email: string;
  readonly userId: string;
  readonly tagId: string;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>;
};

async function openHome(server: TestServer, ids: Fixture): Promise<Home> {
  const siteId = ids['collections'] ?? '';
  const { token } = await addPerson(server, { siteId, role: 'owner' });
  const { email, accessorId } = await addPerson(server, { siteId, role: 'site_user' });
  const ask: Home['ask'] = (method, path, body) =>
    server.ask(method, `//v1.2/sites/${siteId}${path}`, {
      token,
      ...(body === undefined ? {} : { body }),
    });
  const members = [podMember({ email })];
  const { json } = await ask('POST', '/pods', podOf('Flat 1', { members }));
  const pod = (json as { readonly id: string }).id;
  return { pod, email, userId: accessorId ?? '', tagId: ids['tags'] ?? '', ask };
}

const podOf = (name: string, more: object = {}) => ({
  customer_reference: name,
  max_guest_amount: 1,
  ...more,
});
const withGuests = (...add_guests: object[]) => ({ add_guests });
const withMembers = (...members: object[]) => podOf('Flat 2', { members: members.map(podMember) });

const asked: Readonly<Record<string, (home: Home) => Promise<Answer>>> = {
  '2213': ({ ask }) => ask('POST', '/pods', podOf(' FLAT 1')),
  '2214': ({ ask }) => ask('POST', '/pods', podOf('Flat 2', { locks: [randomUUID()] })),
  '2215': ({ ask }) => ask('POST', '/pods', withMembers({})),
  '2216': ({ ask, pod, email }) =>
    ask('PATCH', `/pods/${pod}/guests`, withGuests(podGuest({ email }))),
  '2217': ({ ask, email }) => ask('POST', '/pods', withMembers({ email })),
  '2218': ({ ask, tagId: tag_id }) => ask('POST', '/pods', withMembers({ tag_id }, { tag_id })),
  '2219': async ({ ask, pod }) => {
    await ask('PATCH', `/pods/${pod}/guests`, withGuests(podGuest()));
    return ask('PATCH', `/pods/${pod}`, { max_guest_amount: 0 });
  },
  '2220': ({ ask, userId }) => ask('DELETE', `/users/${userId}`),
  '2221': ({ ask, pod }) => ask('PATCH', `/pods/${pod}/guests`, withGuests(podGuest(), podGuest())),
  '2222': ({ ask, pod }) => {
    const week = { start_time: '08:00', end_time: '18:00', monday: true };
    const access_rule = { access_rule_type: 'custom', locks: [randomUUID()], schedules: [week] };
    return ask('PATCH', `/pods/${pod}/guests`, withGuests(podGuest({ access_rule })));
  },
};

/** What raises each code of pods, by its number. */
export function podRefusals(
  server: () => TestServer,
): Readonly<Record<string, (scene: { readonly ids: Fixture }) => Promise<Answer>>> {
  return Object.fromEntries(
    Object.entries(asked).map(([code, ask]) => [
      code,
      async ({ ids }: { readonly ids: Fixture }) => ask(await openHome(server(), ids)),
    ]),
  );
}
