import { Type, type Static } from 'typebox';
import { Bool, listOf, optional, orNull, page, Text, Uuid } from './fields.ts';

/** core-api.md 7.6. */
export const LicensePlateResponse = Type.Object({
  id: Uuid,
  license_plate: orNull(Text),
  blocked: Bool,
});
export type LicensePlateResponse = Static<typeof LicensePlateResponse>;
export const LicensePlatePage = page(LicensePlateResponse);

export const PostLicensePlateRequest = Type.Object({
  license_plate: optional(orNull(Text)),
  blocked: optional(Bool),
});

export const PatchLicensePlateRequest = Type.Object({
  license_plate: optional(orNull(Text)),
  blocked: optional(Bool),
});

export const LicensePlateAccessResponse = Type.Object({ access_granted: Bool });
export type LicensePlateAccessResponse = Static<typeof LicensePlateAccessResponse>;

/** The plates a camera may let pass by itself, normalised. */
export const AdmittedPlates = listOf(Text);

/**
 * A plate as it is stored and compared: letters and digits of any script, in upper case. null when nothing or more than 32
 * characters are left.
 */
export function plateText(sent: string): string | null {
  const text = sent
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{Nd}]/gu, '')
    .toUpperCase();
  const { length } = Array.from(text);
  return length >= 1 && length <= 32 ? text : null;
}
