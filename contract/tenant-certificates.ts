import { Type, type Static } from 'typebox';
import { listOf, orNull, Text, Uuid, words } from './fields.ts';

/** core-api.md 11: has each IQ the tenant certificate in use; a failed item carries the texts of error 2211. */
export const CertificateSync = Type.Object({
  items: listOf(
    Type.Object({
      iq_id: Uuid,
      state: words(['synced', 'failed'] as const),
      ErrorCode: orNull(Text),
      Message: orNull(Text),
    }),
  ),
});
export type CertificateSync = Static<typeof CertificateSync>;
