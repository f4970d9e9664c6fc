/** What somebody did at a door, as its reader, keypad or handle reports it. */

export type TagShown = {
  readonly type: 'tag';
  readonly tagNumber: string | null;
  readonly rfidUid: string | null;
};
export type PinTyped = { readonly type: 'pin'; readonly code: string };
/**
 * What came of the check of a phone (phones.ts): `not_trusted` = chain, signature, place or revocation list speak against it,
 * so that nobody is known to stand there.
 */
export type MobileKeyShown =
  | { readonly type: 'mkey'; readonly standing: 'good' | 'expired'; readonly mkeyId: string }
  | { readonly type: 'mkey'; readonly standing: 'not_trusted'; readonly mkeyId: null };
export type WalletShown = { readonly type: 'wallet'; readonly passId: string };
export type PlateSeen = { readonly type: 'license_plate'; readonly plate: string };
/** A handle opens by itself; a button asks the hub to open. */
export type ExitAsked = { readonly type: 'exit'; readonly by: 'handle' | 'button' };

export type Credential = TagShown | PinTyped | MobileKeyShown | WalletShown | PlateSeen;

export type Presentation = {
  readonly what: Credential | ExitAsked;
  /** How long the credential stayed in the field; above 5,000 asks for manual office mode (7.3). */
  readonly heldMs: number;
};
