import type { Caller } from '#server/http/caller';
import type { Face } from '#server/http/face';
import type { Access } from '#server/http/route';
import { insufficientScope } from '#server/http/token';

/** Which of the face's accesses each scope opens (core-api.md 1). */
const scopeAccess: Readonly<Record<string, readonly Access[]>> = {
  'core_api.full': ['read', 'write', 'hardware'],
  hardware_api: ['read', 'write', 'hardware', 'plates'],
  'core_api.standard': ['read', 'write'],
  'core_api.license_plate': ['plates'],
};

/** The Core API, version 1.2. */
export const coreFace: Face = {
  prefix: '/v1.2',
  name: 'Core',
  audiences: ['core_api', 'hardware_api'],
  authorize(caller: Caller, access: Access): void {
    for (const scope of caller.scopes) if (scopeAccess[scope]?.includes(access)) return;
    throw insufficientScope();
  },
};
