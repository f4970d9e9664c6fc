/** What the pages say of passwords. */
import type { Words } from '#contract/languages';
import type { PasswordFault } from '#server/identity/password-rules';

type PasswordWords = {
  readonly label: string;
  readonly newLabel: string;
  readonly hint: string;
  readonly faults: Readonly<Record<PasswordFault, string>>;
};

export const passwordWords: Words<PasswordWords> = {
  en: {
    label: 'Password',
    newLabel: 'New password',
    hint: '8 to 128 characters of any kind. A few words that do not belong together are best.',
    faults: {
      too_short: 'The password is too short: 8 characters at least.',
      too_long: 'The password is too long: 128 characters at most.',
      common: 'This password is on the list of those that are tried first. Choose another one.',
      personal: 'The password is your name or address. Choose another one.',
    },
  },
  de: {
    label: 'Passwort',
    newLabel: 'Neues Passwort',
    hint: '8 bis 128 beliebige Zeichen. Am besten sind einige Wörter, die nicht zusammengehören.',
    faults: {
      too_short: 'Das Passwort ist zu kurz: mindestens 8 Zeichen.',
      too_long: 'Das Passwort ist zu lang: höchstens 128 Zeichen.',
      common:
        'Dieses Passwort steht auf der Liste derer, die zuerst versucht werden. Wählen Sie ein anderes.',
      personal: 'Das Passwort ist Ihr Name oder Ihre Adresse. Wählen Sie ein anderes.',
    },
  },
};
