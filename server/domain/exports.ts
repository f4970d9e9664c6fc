import { ApiError } from '#contract/api-error';
import {
  exportFormat,
  exportVersion,
  type ExportFile,
  type ExportSecrets,
} from '#contract/exports';
import type { CollectionId } from '#contract/ids';
import { instantText } from '#contract/time-text';
import type { Actor, Audit } from '#server/events/audit';
import type { Seal } from '#server/runtime/seal';
import {
  findCollectionParts,
  inSnapshot,
  readExportCollection,
  readExportEvents,
  readExportRows,
  readOtp,
  readPinHashes,
  readPinHashKeys,
  type CollectionParts,
} from '#server/store/exports';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import { getCollection, noCollection } from './collections.ts';
import { encryptSecrets, readPublicKey } from './export-secrets.ts';
import { openExportSigner } from './export-signature.ts';

export type Exports = {
  /**
   * Everything of a collection as one signed file (behaviour.md 20). VALUE_INVALID: no such collection (404), not a public
   * key on P-256. PLATFORM_FUNCTION_FAILED: it could not be read whole.
   */
  read(actor: Actor, id: CollectionId, asked: AskedExport): Promise<ExportFile>;
};

export type AskedExport = {
  readonly events: boolean;
  /** base64 DER of a P-256 key to which secrets are encrypted; null = they are left out. */
  readonly public_key: string | null;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly seal: Seal;
};

export function createExports(parts: Parts): Exports {
  const { database, audit } = parts;
  return {
    async read(actor, id, asked) {
      await getCollection(readScope(database, actor.tenantId), id);
      const key = asked.public_key === null ? null : readPublicKey(asked.public_key);
      try {
        const { document, secrets } = await readWhole(parts, { actor, id, asked });
        const signer = await openExportSigner(parts);
        const { installation } = signer;
        const sealed = key === null || secrets === null ? null : await encryptSecrets(secrets, key);
        const file = await signer.sign({ ...document, installation, secrets: sealed });
        await inTransaction({ database, tenantId: actor.tenantId }, async (scope) =>
          audit.record(scope, actor, {
            action: 'collection.export',
            objectType: 'collection',
            objectId: id,
            collectionId: id,
            detail: [
              key === null ? 'without secrets' : 'with secrets',
              ...(asked.events ? ['with events'] : []),
            ].join(', '),
          }),
        );
        return file;
      } catch (cause) {
        if (cause instanceof ApiError) throw cause;
        throw new ApiError('PLATFORM_FUNCTION_FAILED', { cause });
      }
    },
  };
}

type Reading = { readonly actor: Actor; readonly id: CollectionId; readonly asked: AskedExport };
type Whole = {
  readonly document: Omit<ExportFile, 'installation' | 'secrets' | 'signature'>;
  readonly secrets: ExportSecrets | null;
};

function readWhole(
  { database, clock, seal }: Parts,
  { actor, id, asked }: Reading,
): Promise<Whole> {
  const withCodes = asked.public_key !== null;
  return inSnapshot({ database, tenantId: actor.tenantId }, async (scope) => {
    const collection = await readExportCollection(scope, id);
    if (collection === undefined) throw noCollection();
    const parts = await findCollectionParts(scope, id);
    const rows = await readExportRows(scope, { collectionId: id, parts, withCodes });
    const { iqs } = parts;
    const events = asked.events ? await readExportEvents(scope, { collectionId: id, iqs }) : null;
    const head = { format: exportFormat, version: exportVersion } as const;
    return {
      document: {
        ...head,
        exported_at: instantText(clock.now()),
        collection,
        ...rows,
        events,
      },
      secrets: withCodes ? await readSecrets(scope, { parts, seal }) : null,
    };
  });
}

async function readSecrets(
  scope: Scope,
  { parts, seal }: { readonly parts: CollectionParts; readonly seal: Seal },
): Promise<ExportSecrets> {
  const otp = await readOtp(scope, parts);
  return {
    pin_hash_keys: await readPinHashKeys(scope),
    pin_hashes: await readPinHashes(scope, parts.accessors),
    otp: otp.map(({ secret_sealed: secret, pin_sealed: pin, activation_date: at, ...row }) => ({
      ...row,
      secret: seal.open(secret).toString(),
      pin: seal.open(pin).toString(),
      activation_date: at === null ? null : instantText(at),
    })),
  };
}
