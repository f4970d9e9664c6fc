/**
 * Requests to the server as whoever is signed in: `api.get('/v1.2/sites/{site_id}/locks', { path, query })`, typed by the API
 * description; each throws CardeaError, which an ErrorNote shows.
 */
import { createClient, type File } from '#client/client';
import { CardeaError } from '#client/errors';
import { serverClock } from './server-clock.ts';
import { accessToken } from './session.ts';

export const api = createClient({
  baseUrl: location.origin,
  async token(refused) {
    const token = await accessToken({ isRefused: refused !== undefined });
    if (token === undefined)
      throw new CardeaError({ name: 'UNAUTHORIZED', code: '1500', message: 'Signed out' });
    return token;
  },
  async fetch(...sent) {
    const answer = await fetch(...sent);
    serverClock.note(answer);
    return answer;
  },
});

/** Lets the browser save a file, of `api.download`. */
export function save({ name, blob }: File, fallbackName: string): void {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), {
    href: url,
    download: name ?? fallbackName,
  });
  link.click();
  URL.revokeObjectURL(url);
}

/** A text inside an OData filter. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
