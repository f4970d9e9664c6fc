/**
 * Signed firmware (behaviour.md 20): what a maker signs, what a catalogue lists, how versions compare.
 *
 * A catalogue is a folder: `index.json` (CatalogueIndex), `index.json.sig` (Ed25519 over its bytes, base64), the images, and
 * `maker.pem`, the public key. Each image is signed by itself too, so that a device believes nobody but its maker: it knows the
 * key from its manufacture and needs neither the index nor the server's word.
 */
import { Type, type Static } from 'typebox';
import { words } from './frame-fields.ts';

export const hardwareTypes = ['iq', 'lock', 'repeater'] as const;
export type HardwareType = (typeof hardwareTypes)[number];

/** The parts of a hub that have firmware of their own; `<component>_version` is their member in the hub's report. */
export const hubComponents = [
  'modem_application',
  'modem_firmware',
  'router_firmware',
  'node_firmware',
] as const;
export type HubComponent = (typeof hubComponents)[number];
/** The one part of a lock or repeater. */
export const deviceComponent = 'firmware';

/** One to four numbers of up to six digits with dots. */
export const versionForm = /^\d{1,6}(\.\d{1,6}){0,3}$/;

/** An image travels in parts of this size, well below the frame bound after base64. */
export const imagePartBytes = 192 * 1024;
export const maxImageBytes = 32 * 1024 * 1024;

const statement = {
  hardware_type: words(hardwareTypes),
  /** Hardware model as the device reports it. */
  model: Type.String({ minLength: 1, maxLength: 100 }),
  component: Type.String({ minLength: 1, maxLength: 50 }),
  version: Type.String({ pattern: versionForm.source }),
  size_bytes: Type.Integer({ minimum: 1, maximum: maxImageBytes }),
  /** Of the image, hex in lower case. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
};

/** What the maker says of an image. */
export const FirmwareStatement = Type.Object(statement);
export type FirmwareStatement = Static<typeof FirmwareStatement>;

/** A statement with the maker's Ed25519 signature over `statementText`, base64. */
export const SignedFirmware = Type.Object({
  ...statement,
  signature: Type.String({ minLength: 1, maxLength: 200 }),
});
export type SignedFirmware = Static<typeof SignedFirmware>;

export const CatalogueImage = Type.Object({
  ...SignedFirmware.properties,
  /** Name of the file beside the index. */
  file: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' }),
  published_at: Type.String(),
  /** Listed still, offered no more. */
  withdrawn: Type.Boolean(),
});
export type CatalogueImage = Static<typeof CatalogueImage>;

export const CatalogueIndex = Type.Object({
  format: Type.Literal(1),
  images: Type.Array(CatalogueImage),
});
export type CatalogueIndex = Static<typeof CatalogueIndex>;

/** The text that is signed: the members in this order, as JSON without blanks. */
export function statementText(said: FirmwareStatement): string {
  const { hardware_type, model, component, version, size_bytes, sha256 } = said;
  return JSON.stringify({ hardware_type, model, component, version, size_bytes, sha256 });
}

/** Negative, zero or positive as `a` is before, the same as or after `b`; null when one of them is no version. */
export function compareVersions(a: string, b: string): number | null {
  if (!versionForm.test(a) || !versionForm.test(b)) return null;
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** What a device says of one part of itself. */
export const FirmwareFact = Type.Object({ model: Type.String(), version: Type.String() });
export type FirmwareFact = Static<typeof FirmwareFact>;

/** Why an update failed; the version before it goes on running. */
export const updateFailures = [
  /** The device was made without a key, so that it believes nobody. */
  'no_key',
  'signature_invalid',
  'image_damaged',
  'wrong_hardware',
  'downgrade',
  /** It did not start with the new image and went back to the old one. */
  'rolled_back',
  'no_answer',
  'not_attached',
  'image_unavailable',
] as const;
export type UpdateFailure = (typeof updateFailures)[number];

/** How an update stands at the hub; told with every first report of a session until another update of the same hardware. */
export const UpdateReport = Type.Object({
  run_id: Type.String(),
  state: words(['running', 'installed', 'failed'] as const),
  failure: Type.Union([words(updateFailures), Type.Null()]),
});
export type UpdateReport = Static<typeof UpdateReport>;
