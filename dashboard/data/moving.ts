/** The export of a site in the browser: fetched with its progress, looked into, and the key pair of its secrets (docs/migrations.md). */
import { createClient } from '#client/client';
import { api } from './api.ts';

/** What is known of a file that has arrived. */
export type ExportFile = {
  readonly name: string;
  readonly blob: Blob;
  /** Rows by section, of those there are. */
  readonly counts: Readonly<Record<string, number>>;
  /** Name of the installation that signed it. */
  readonly installation: string;
  readonly hasSecrets: boolean;
  /** Older entries or incidents are left out. */
  readonly isCut: boolean;
};

export type KeyPair = {
  /** base64 DER, as the API takes it. */
  readonly publicKey: string;
  /** PKCS#8 in PEM, as `cardea import --key` takes it. */
  readonly privatePem: string;
};

/** Browsers make keys on secure pages only: https, or the machine itself. */
export const canMakeKeys = window.isSecureContext;

/** Makes a P-256 pair; its private key leaves the browser as a file of the person's own and in no other way. */
export async function makeKeyPair(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, [
    'deriveBits',
  ]);
  const [spki, pkcs8] = await Promise.all([
    crypto.subtle.exportKey('spki', pair.publicKey),
    crypto.subtle.exportKey('pkcs8', pair.privateKey),
  ]);
  const lines = base64(pkcs8).match(/.{1,64}/g) ?? [];
  return {
    publicKey: base64(spki),
    privatePem: ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join(
      '\n',
    ),
  };
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

type Wanted = {
  readonly siteId: string;
  readonly siteName: string;
  readonly events: boolean;
  /** null = secrets are left out. */
  readonly publicKey: string | null;
  readonly onBytes: (received: number) => void;
};

/** Fetches the file; `onBytes` tells how much has come. Throws CardeaError. */
export async function fetchExport(wanted: Wanted): Promise<ExportFile> {
  const { siteId, siteName, events, publicKey, onBytes } = wanted;
  const client = createClient({
    baseUrl: api.baseUrl,
    token: api.token,
    fetch: async (...sent) => counted(await fetch(...sent), onBytes),
  });
  const { blob } = await client.download('/ext/v1/sites/{site_id}/export', {
    path: { site_id: siteId },
    query: { events, ...(publicKey === null ? {} : { public_key: publicKey }) },
  });
  const file = JSON.parse(await blob.text()) as Sent;
  const day = file.exported_at.slice(0, 10);
  return {
    name: `${fileNameOf(siteName)}-${day}.json`,
    blob,
    counts: countsOf(file),
    installation: file.installation,
    hasSecrets: file.secrets !== null,
    isCut: file.events?.is_complete === false,
  };
}

type Rows = Readonly<Record<string, readonly unknown[] | undefined>>;
type Sent = Rows & {
  readonly exported_at: string;
  readonly installation: string;
  readonly secrets: string | null;
  readonly events: (Rows & { readonly is_complete: boolean }) | null;
};

/** Sections of the file that say something to whoever saves it. */
export const shownSections = [
  'people',
  'iqs',
  'repeaters',
  'locks',
  'tags',
  'access_groups',
  'pods',
  'message_rules',
  'entries',
  'incidents',
] as const;

function countsOf(file: Sent): Readonly<Record<string, number>> {
  const found = shownSections.map((name) => {
    const rows = file[name] ?? file.events?.[name];
    return [name, Array.isArray(rows) ? rows.length : undefined] as const;
  });
  return Object.fromEntries(found.filter(([, count]) => count !== undefined)) as Readonly<
    Record<string, number>
  >;
}

/** Letters and digits of a name; a file is called alike on every machine. */
function fileNameOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return plain === '' ? 'site' : plain;
}

/** The same answer, whose bytes are counted while they come. */
function counted(response: Response, onBytes: (received: number) => void): Response {
  if (!response.ok || response.body === null) return response;
  let received = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      received += piece.byteLength;
      onBytes(received);
      controller.enqueue(piece);
    },
  });
  return new Response(response.body.pipeThrough(counting), {
    status: response.status,
    headers: response.headers,
  });
}
