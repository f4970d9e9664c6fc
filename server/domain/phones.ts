/** Phones: whose they are, what vouches for them, and what they open doors by (behaviour.md 11). */
import { createDeviceCertificates } from './device-certificates.ts';
import { createDevices } from './devices.ts';
import { createMobileKeys } from './mobile-keys.ts';
import { createOwnDevices, type OwnDeviceParts } from './own-devices.ts';
import { createOwnMobileKeys } from './own-mobile-keys.ts';
import type { OutsideKeys } from './outside-signer.ts';
import { builtInTenantSigner, createSigners } from './signers.ts';

type Parts = Omit<OwnDeviceParts, 'tenantSigner'> &
  Parameters<typeof createMobileKeys>[0] &
  Parameters<typeof createDeviceCertificates>[0] & {
    /** The vault that signs for tenants; null = the built-in signer does. */
    readonly outsideKeys: OutsideKeys | null;
  };

export function createPhones(parts: Parts) {
  const signers = createSigners(parts);
  const tenantSigner = parts.outsideKeys ?? builtInTenantSigner(signers);
  const ownDevices = createOwnDevices({ ...parts, tenantSigner });
  return {
    signers,
    devices: createDevices(parts),
    deviceCertificates: createDeviceCertificates(parts),
    mobileKeys: createMobileKeys(parts),
    ownDevices,
    ownMobileKeys: createOwnMobileKeys({ ...parts, ownDevices }),
  };
}
