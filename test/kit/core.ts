import { everyDay } from '#contract/fields';
import { expect } from 'vitest';
import type { Answer, TestServer } from './cardea.ts';

/** Any object of the Core face. */
export type CoreObject = { readonly id: string } & Readonly<Record<string, unknown>>;

/** Creates by POST and gives the answer's object; anything but 200 fails the test. */
export async function create(
  cardea: TestServer,
  path: string,
  body: object = {},
): Promise<CoreObject> {
  const answer = await cardea.ask('POST', path, { body });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as CoreObject;
}

/** The items of a list's first page. */
export async function itemsOf(cardea: TestServer, path: string): Promise<CoreObject[]> {
  const answer = await cardea.ask('GET', path);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return (answer.json as { items: CoreObject[] }).items;
}

/** Status and code of a refusal, as `404 1101`. */
export function refusal({ status, json }: Answer): string {
  return `${status} ${(json as { ErrorCode?: string } | undefined)?.ErrorCode ?? 'no code'}`;
}

/** A group with a schedule for every hour of the week, these members and these locks. */
export async function createOpenGroup(
  cardea: TestServer,
  {
    accessors,
    locks,
  }: { readonly accessors: readonly string[]; readonly locks: readonly string[] },
): Promise<string> {
  const { id } = await create(cardea, '/access_groups');
  await create(cardea, `/access_groups/${id}/time_schedules`, everyDay);
  for (const [relation, ids] of Object.entries({ accessors, locks })) {
    const path = `/access_groups/${id}/${relation}`;
    const answer = await cardea.ask('PATCH', path, { body: { add_ids: ids } });
    expect(answer.status).toBe(204);
  }
  return id;
}
