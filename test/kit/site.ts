import { expect } from 'vitest';
import type { ConnectVersion } from '#contract/connect-version';
import type { Answer, AskOptions, TestServer } from './cardea.ts';
import type { TestPerson } from './people.ts';

/** Any object of the Connect face. */
export type SiteObject = Readonly<Record<string, unknown>> & { readonly id: string };

/** Asks below one site as one person. */
export type AtTestSite = {
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same at another version, or with more than a body. */
  askAt(
    version: ConnectVersion | 'ext',
    method: string,
    path: string,
    options?: AskOptions,
  ): Promise<Answer>;
  /** The object of a 200. */
  read(method: string, path: string, body?: unknown): Promise<SiteObject>;
  /** The items of a list's first page. */
  items(path: string): Promise<SiteObject[]>;
};

/** A person's way into a site: `/locks` → `/v1.1/sites/{siteId}/locks`. */
export function atSite(
  server: TestServer,
  { siteId, person }: { readonly siteId: string; readonly person: Pick<TestPerson, 'token'> },
): AtTestSite {
  const askAt: AtTestSite['askAt'] = (version, method, path, options = {}) =>
    server.ask(method, `//${version === 'ext' ? 'ext/v1' : version}/sites/${siteId}${path}`, {
      token: person.token,
      ...options,
    });
  const ask: AtTestSite['ask'] = (method, path, body) =>
    askAt('v1.1', method, path, body === undefined ? {} : { body });
  const read: AtTestSite['read'] = async (method, path, body) => {
    const answer = await ask(method, path, body);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return answer.json as SiteObject;
  };
  return {
    ask,
    askAt,
    read,
    items: async (path) => (await read('GET', path))['items'] as SiteObject[],
  };
}
