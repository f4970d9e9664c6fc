/** What a person is told by mail about factors and devices, in the language of the account. */
import { writtenLanguage, type Words } from '#contract/languages';
import { paragraphs } from '#server/domain/message-text';
import type { Account } from '#server/store/accounts';
import type { AccountMail } from './mails.ts';

type Text = { readonly subject: string; readonly text: (what: string) => string };

const advice: Words<string> = {
  en: 'If it was not you, change your password at once and end the devices you do not know, under "Devices and apps" in your account.',
  de: 'Waren Sie das nicht, ändern Sie sofort Ihr Passwort und beenden Sie unbekannte Geräte unter „Geräte und Programme“ in Ihrem Konto.',
};

const texts: Words<{ readonly [Word in 'factor_added' | 'factor_removed' | 'new_device']: Text }> =
  {
    en: {
      factor_added: {
        subject: 'A second factor was added to your account',
        text: (name) => `“${name}” can be used to sign in to your account from now on.`,
      },
      factor_removed: {
        subject: 'A second factor was removed from your account',
        text: (name) => `“${name}” can no longer be used to sign in to your account.`,
      },
      new_device: {
        subject: 'Your account was used on a new device',
        text: (device) => `Somebody signed in to your account with ${device}.`,
      },
    },
    de: {
      factor_added: {
        subject: 'Ihr Konto hat einen zweiten Faktor mehr',
        text: (name) => `Mit „${name}“ kann man sich von jetzt an bei Ihrem Konto anmelden.`,
      },
      factor_removed: {
        subject: 'Ihr Konto hat einen zweiten Faktor weniger',
        text: (name) => `Mit „${name}“ kann man sich nicht mehr bei Ihrem Konto anmelden.`,
      },
      new_device: {
        subject: 'Ihr Konto wurde auf einem neuen Gerät benutzt',
        text: (device) => `Jemand hat sich mit ${device} bei Ihrem Konto angemeldet.`,
      },
    },
  };

/** The mail that a factor was added or removed. */
export function factorMail(
  account: Account,
  { word, name }: { readonly word: 'factor_added' | 'factor_removed'; readonly name: string },
): AccountMail {
  return mailOf(account, { word, what: name });
}

/** The mail that somebody signed in in a browser the account does not know. */
export function newDeviceMail(
  account: Account,
  { device, network }: { readonly device: string; readonly network: string },
): AccountMail {
  return mailOf(account, { word: 'new_device', what: `${device} (${network})` });
}

function mailOf(
  account: Account,
  { word, what }: { readonly word: keyof (typeof texts)['en']; readonly what: string },
): AccountMail {
  const language = writtenLanguage(account.language);
  const { subject, text } = texts[language][word];
  return {
    loginId: account.id,
    address: account.email,
    word,
    subject,
    text: paragraphs(text(what), advice[language]),
  };
}
