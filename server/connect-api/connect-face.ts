import type { Face } from '#server/http/face';
import { extFace } from './ext-face.ts';

/** Both versions run the same handlers (connect-api.md 1.1); they sign in and fail alike. */
export const connectFaces: readonly Face[] = (['v1.1', 'v1.2'] as const).map((version) => ({
  ...extFace,
  prefix: `/${version}`,
  name: `Connect ${version}`,
  operationPrefix: version.replace('.', '_'),
}));
