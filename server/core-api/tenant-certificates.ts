import { errorRow } from '#contract/errors';
import { CertificateSync } from '#contract/tenant-certificates';
import type { TenantCertificates } from '#server/domain/tenant-certificates';
import { route, type Route } from '#server/http/route';
import type { CertificateHolder } from '#server/store/tenant-certificates';
import { actorOf } from './actor.ts';

const tag = 'tenant';
const path = '/tenant/certificate';

/** core-api.md 11: the certificate under which the phones of the tenant stand. */
export function tenantCertificateRoutes({
  tenantCertificates,
}: {
  readonly tenantCertificates: TenantCertificates;
}): Route[] {
  return [
    route({
      method: 'GET',
      path,
      access: 'read',
      summary: 'Which IQ has the tenant certificate in use',
      tag,
      answer: CertificateSync,
      handle: async (call) => toCertificateSync(await tenantCertificates.list(actorOf(call))),
    }),
    route({
      method: 'POST',
      path,
      access: 'hardware',
      summary:
        'Rotate the key of the signer and give the new certificate to every IQ; when all have it, phones signed by a former key must renew theirs',
      tag,
      answer: CertificateSync,
      errors: ['REQUEST_FAILED'],
      handle: async (call) => toCertificateSync(await tenantCertificates.rotate(actorOf(call))),
    }),
  ];
}

function toCertificateSync(holders: readonly CertificateHolder[]): CertificateSync {
  const { code, message } = errorRow('TENANT_CERTIFICATE_SYNC_FAILED');
  return {
    items: holders.map(({ iq_id, is_synced }) => ({
      iq_id,
      state: is_synced ? 'synced' : 'failed',
      ErrorCode: is_synced ? null : String(code),
      Message: is_synced ? null : message,
    })),
  };
}
