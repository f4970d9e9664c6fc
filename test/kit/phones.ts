import { Phone, type PhoneApi, type PhoneSigner } from '#simulator/phones';
import type { TestServer, TestTenant } from './cardea.ts';

/** A phone that was added to an accessor, with what it needs to renew its certificate. */
export type EnrolledPhone = {
  readonly phone: Phone;
  readonly deviceId: string;
  readonly path: string;
  /** A new certificate for the same key pair. */
  readonly renew: (expiryDate?: string) => Promise<void>;
};

/** Far ahead of every clock that tests move. */
export const farAhead = '2050-01-01';

export async function apiOf(server: TestServer, tenant = server.tenant): Promise<PhoneApi> {
  return { url: server.url, token: await server.token('core_api.full', tenant) };
}

/** The built-in signer of a tenant, with a fresh secret. */
export async function signerOf(
  server: TestServer,
  tenant: TestTenant = server.tenant,
): Promise<PhoneSigner> {
  const credentials = await server.cardea.domain.signers.issueCredentials(tenant.tenantId);
  return { url: `${server.url}/signer`, ...credentials };
}

/** A phone with certificate and key, made over HTTP as an integrator would. */
export async function enrolPhone(
  server: TestServer,
  order: {
    readonly accessorId: string;
    readonly expiryDate?: string;
    readonly tenant?: TestTenant;
    readonly signer?: PhoneSigner;
  },
): Promise<EnrolledPhone> {
  const { accessorId, expiryDate = farAhead, tenant = server.tenant } = order;
  const api = await apiOf(server, tenant);
  const signer = order.signer ?? (await signerOf(server, tenant));
  const phone = new Phone('a phone');
  const deviceId = await phone.enrol({ api, signer, accessorId, expiryDate });
  return {
    phone,
    deviceId,
    path: `/accessors/${accessorId}/devices/${deviceId}`,
    renew: (until = expiryDate) =>
      phone.certify({ api, signer, accessorId, deviceId, expiryDate: until, method: 'PUT' }),
  };
}

/** The signed keys that a phone finds in `mkey_data`. */
export async function mobileKeysIn(phone: Phone, mkeyData: string): Promise<readonly string[]> {
  await phone.keep({ mkeyData });
  return phone.keys;
}
