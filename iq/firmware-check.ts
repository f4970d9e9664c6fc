/** Whether a device may run an image: its maker's word, the bytes, the fit, and never backwards (behaviour.md 20). */
import { createHash, createPublicKey, verify } from 'node:crypto';
import {
  compareVersions,
  statementText,
  type HardwareType,
  type SignedFirmware,
  type UpdateFailure,
} from '#contract/firmware';

export type FirmwareImage = { readonly firmware: SignedFirmware; readonly content: Buffer };

/** The part of a device an image is for. */
export type FirmwarePlace = {
  readonly hardwareType: HardwareType;
  readonly model: string;
  readonly component: string;
  /** What runs there. */
  readonly version: string;
};

/** Why the image must not run there, or null; `key` = PEM of the maker's public key, known from the manufacture. */
export function imageFault(
  { firmware, content }: FirmwareImage,
  { key, place }: { readonly key: string | null; readonly place: FirmwarePlace },
): UpdateFailure | null {
  if (key === null) return 'no_key';
  if (!isSigned(firmware, key)) return 'signature_invalid';
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (content.length !== firmware.size_bytes || sha256 !== firmware.sha256) return 'image_damaged';
  const { hardware_type: hardwareType, model, component } = firmware;
  const isFit =
    hardwareType === place.hardwareType && model === place.model && component === place.component;
  if (!isFit) return 'wrong_hardware';
  const difference = compareVersions(firmware.version, place.version);
  return difference === null || difference < 0 ? 'downgrade' : null;
}

function isSigned(firmware: SignedFirmware, key: string): boolean {
  const signature = Buffer.from(firmware.signature, 'base64');
  try {
    return verify(null, Buffer.from(statementText(firmware)), createPublicKey(key), signature);
  } catch {
    // A key that cannot be read vouches for nothing.
    return false;
  }
}
