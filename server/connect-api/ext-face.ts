import { ApiError } from '#contract/api-error';
import type { Caller } from '#server/http/caller';
import type { Face } from '#server/http/face';
import type { Access } from '#server/http/route';
import { insufficientScope } from '#server/http/token';

/** What the compatible APIs lack, for people of a site (connect-api.md 8): signs in and fails as the Connect face does. */
export const extFace: Face = {
  prefix: '/ext/v1',
  name: 'Site',
  audiences: ['user_api'],
  authorize({ scopes }: Caller, access: Access): void {
    if (scopes.has('user_api.full_access')) return;
    // connect-api.md 1.1: a narrow scope for whoever builds lockers into something of his own.
    if (access === 'lockers' && scopes.has('user_api.eloxx')) return;
    throw insufficientScope();
  },
  isEmptyIdNull: true,
  missing: (parameter) => new ApiError('NOT_FOUND', { thing: thingOf(parameter) }),
};

/** Core's words for what the Connect face calls otherwise. */
const shown: Readonly<Record<string, string>> = {
  accessor: 'user',
  collection: 'site',
  'lock to add': 'lock',
};

/** What an id names, as a message says it: `site_id` → `Site`. */
function thingOf(parameter: string): string {
  const noun = parameter
    .replace(/^.*[.[\]]/, '')
    .replace(/_?ids?$/, '')
    .replaceAll('_', ' ')
    .trim();
  const words = shown[noun] ?? noun;
  return words === '' ? 'Object' : words.charAt(0).toUpperCase() + words.slice(1);
}
