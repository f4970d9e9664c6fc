import type { ConnectVersion } from '#contract/connect-version';
import type { Face } from '#server/http/face';
import { extFace } from './ext-face.ts';

/** connect-api.md 1.1: v1.1 alone tells of what happened. */
const ofEarlier = ['entries', 'entries/export', 'incidents', 'incidents/export'];

/** Both versions run the same handlers (connect-api.md 1.1); they sign in and fail alike. */
export function connectFace(version: ConnectVersion): Face {
  return {
    ...extFace,
    prefix: `/${version}`,
    name: `Connect ${version}`,
    operationPrefix: version.replace('.', '_'),
    absent: version === 'v1.2' ? ofEarlier.map((path) => `/sites/{site_id}/${path}`) : [],
  };
}
