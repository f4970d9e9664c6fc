/** What mails about accounts say, in the language of the person. Pure. */
import type { Language, Words } from '#contract/languages';
import { paragraphs, type MessageText } from '#server/domain/message-text';

type Texts = {
  confirmAddress(link: string): MessageText;
  addressKnown(links: { readonly login: string; readonly forgot: string }): MessageText;
  reset(link: string): MessageText;
  passwordChanged(forgot: string): MessageText;
  changeFromOld(change: {
    readonly address: string;
    readonly link: string;
    readonly aloneAt: string;
  }): MessageText;
  changeToNew(link: string): MessageText;
  phoneCode(code: string): MessageText;
};

const texts: Words<Texts> = {
  en: {
    confirmAddress: (link) => ({
      subject: 'Confirm your address',
      text: paragraphs(
        'Somebody, probably you, wants an account with this address. To confirm, follow this link within 24 hours; you will be asked for the password you chose:',
        link,
        'If it was not you, leave this mail: without you there is no account.',
      ),
    }),
    addressKnown: ({ login, forgot }) => ({
      subject: 'You have an account already',
      text: paragraphs(
        'Somebody, probably you, wanted to make an account with this address or use it for one. There is an account with it already; you can sign in here:',
        login,
        'If you have forgotten the password, choose another one here:',
        forgot,
        'If it was not you, you need not do anything.',
      ),
    }),
    reset: (link) => ({
      subject: 'Choose another password',
      text: paragraphs(
        'To choose another password, follow this link within 30 minutes. It works once:',
        link,
        'If you did not ask for it, leave this mail: your password stays as it is.',
      ),
    }),
    passwordChanged: (forgot) => ({
      subject: 'Your password was changed',
      text: paragraphs(
        'The password of your account was changed, and you were signed out everywhere else.',
        'If it was not you, choose another password at once:',
        forgot,
      ),
    }),
    changeFromOld: ({ address, link, aloneAt }) => ({
      subject: 'Your address is to be changed',
      text: paragraphs(
        `Your account is to have the address ${address}. To say yes, or to stop it, follow this link:`,
        link,
        `If you do not answer, the new mailbox alone decides from ${aloneAt} on. If it was not you, stop it and change your password.`,
      ),
    }),
    changeToNew: (link) => ({
      subject: 'Confirm your new address',
      text: paragraphs(
        'An account is to have this address. If it is yours, follow this link to confirm:',
        link,
        'If it is not, leave this mail.',
      ),
    }),
    phoneCode: (code) => ({
      subject: 'Your code',
      text: `${code} is your code for Cardea. It works for 10 minutes. Give it to nobody.`,
    }),
  },
  de: {
    confirmAddress: (link) => ({
      subject: 'Bestätigen Sie Ihre Adresse',
      text: paragraphs(
        'Jemand, vermutlich Sie, möchte ein Konto mit dieser Adresse. Zum Bestätigen folgen Sie innerhalb von 24 Stunden diesem Link; Sie werden nach dem gewählten Passwort gefragt:',
        link,
        'Wenn Sie es nicht waren, lassen Sie diese Nachricht liegen: Ohne Sie entsteht kein Konto.',
      ),
    }),
    addressKnown: ({ login, forgot }) => ({
      subject: 'Sie haben schon ein Konto',
      text: paragraphs(
        'Jemand, vermutlich Sie, wollte ein Konto mit dieser Adresse anlegen oder sie für eines verwenden. Es gibt schon ein Konto mit ihr; hier melden Sie sich an:',
        login,
        'Wenn Sie das Passwort vergessen haben, wählen Sie hier ein neues:',
        forgot,
        'Wenn Sie es nicht waren, brauchen Sie nichts zu tun.',
      ),
    }),
    reset: (link) => ({
      subject: 'Wählen Sie ein neues Passwort',
      text: paragraphs(
        'Um ein neues Passwort zu wählen, folgen Sie innerhalb von 30 Minuten diesem Link. Er funktioniert einmal:',
        link,
        'Wenn Sie nicht darum gebeten haben, lassen Sie diese Nachricht liegen: Ihr Passwort bleibt, wie es ist.',
      ),
    }),
    passwordChanged: (forgot) => ({
      subject: 'Ihr Passwort wurde geändert',
      text: paragraphs(
        'Das Passwort Ihres Kontos wurde geändert, und Sie wurden überall sonst abgemeldet.',
        'Wenn Sie es nicht waren, wählen Sie sofort ein neues:',
        forgot,
      ),
    }),
    changeFromOld: ({ address, link, aloneAt }) => ({
      subject: 'Ihre Adresse soll geändert werden',
      text: paragraphs(
        `Ihr Konto soll die Adresse ${address} bekommen. Um zuzustimmen oder es zu verhindern, folgen Sie diesem Link:`,
        link,
        `Wenn Sie nicht antworten, entscheidet ab dem ${aloneAt} das neue Postfach allein. Wenn Sie es nicht waren, verhindern Sie es und ändern Sie Ihr Passwort.`,
      ),
    }),
    changeToNew: (link) => ({
      subject: 'Bestätigen Sie Ihre neue Adresse',
      text: paragraphs(
        'Ein Konto soll diese Adresse bekommen. Wenn es Ihres ist, folgen Sie zum Bestätigen diesem Link:',
        link,
        'Wenn nicht, lassen Sie diese Nachricht liegen.',
      ),
    }),
    phoneCode: (code) => ({
      subject: 'Ihr Code',
      text: `${code} ist Ihr Code für Cardea. Er gilt 10 Minuten. Geben Sie ihn niemandem.`,
    }),
  },
};

/** The texts in one language. */
export function textsIn(language: Language): Texts {
  return texts[language];
}
