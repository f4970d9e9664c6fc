/** /account/forgot and the link that is sent by it (identity.md 9). */
import type { Words } from '#contract/languages';
import { isMailAddress } from '#server/domain/mail-address';
import type { Afterwards } from './afterwards.ts';
import { faultNote, textField } from './fields.ts';
import type { Form } from './forms.ts';
import { markup, type Page } from './page.ts';
import type { PasswordChanges } from './password-changes.ts';
import { passwordWords } from './password-words.ts';
import type { AccountPage, Visit } from './visits.ts';

const words: Words<{
  title: string;
  intro: string;
  email: string;
  send: string;
  address: string;
  sentTitle: string;
  sent: string;
  resetTitle: string;
  reset: string;
  gone: string;
  again: string;
  changedTitle: string;
  changed: string;
  signIn: string;
}> = {
  en: {
    title: 'Forgotten password',
    intro:
      'Give the address of your account. We send a link with which you choose another password.',
    email: 'E-mail',
    send: 'Send the link',
    address: 'This is not the address of a mailbox.',
    sentTitle: 'Look into your mailbox',
    sent: 'If there is an account with this address, a mail is on its way. Its link works for 30 minutes.',
    resetTitle: 'Choose another password',
    reset: 'Change the password',
    gone: 'This link does not work any more.',
    again: 'Ask for another link',
    changedTitle: 'Your password was changed',
    changed: 'You were signed out everywhere. Sign in with the new password.',
    signIn: 'Sign in',
  },
  de: {
    title: 'Passwort vergessen',
    intro:
      'Geben Sie die Adresse Ihres Kontos an. Wir senden einen Link, mit dem Sie ein neues Passwort wählen.',
    email: 'E-Mail',
    send: 'Link senden',
    address: 'Das ist nicht die Adresse eines Postfachs.',
    sentTitle: 'Sehen Sie in Ihr Postfach',
    sent: 'Wenn es ein Konto mit dieser Adresse gibt, ist eine Nachricht unterwegs. Ihr Link gilt 30 Minuten.',
    resetTitle: 'Neues Passwort wählen',
    reset: 'Passwort ändern',
    gone: 'Dieser Link funktioniert nicht mehr.',
    again: 'Neuen Link anfordern',
    changedTitle: 'Ihr Passwort wurde geändert',
    changed: 'Sie wurden überall abgemeldet. Melden Sie sich mit dem neuen Passwort an.',
    signIn: 'Anmelden',
  },
};

export function resetPages({
  passwordChanges,
  afterwards,
}: {
  readonly passwordChanges: PasswordChanges;
  readonly afterwards: Afterwards;
}): readonly AccountPage[] {
  function forgot(visit: Visit, form: Form): Page {
    const said = words[visit.language];
    const email = form.text('email').trim();
    if (!isMailAddress(email)) return forgotPage(visit, said.address);
    afterwards.begin('a link for another password', () => passwordChanges.forgot(email));
    return { title: said.sentTitle, body: markup`<p>${said.sent}</p>` };
  }

  async function reset(visit: Visit, form: Form): Promise<Page> {
    const { language } = visit;
    const said = words[language];
    const outcome = await passwordChanges.reset(visit.param('token'), form.text('password'));
    if (outcome === 'gone') return gonePage(visit);
    if (outcome !== 'changed') return resetPage(visit, passwordWords[language].faults[outcome]);
    return {
      title: said.changedTitle,
      body: markup`<p class="done" role="status">${said.changed}</p>
        <p><a class="button" href="/account/login">${said.signIn}</a></p>`,
    };
  }

  return [
    { path: '/account/forgot', get: (visit) => forgotPage(visit), post: forgot },
    {
      path: '/account/reset/:token',
      get: async (visit) =>
        (await passwordChanges.isWaiting(visit.param('token')))
          ? resetPage(visit)
          : gonePage(visit),
      post: reset,
    },
  ];
}

function forgotPage(visit: Visit, fault?: string): Page {
  const said = words[visit.language];
  return {
    title: said.title,
    status: fault === undefined ? 200 : 400,
    body: markup`${faultNote(fault)}<p>${said.intro}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        ${textField({ name: 'email', label: said.email, type: 'email', autocomplete: 'username' })}
        <button class="wide">${said.send}</button>
      </form>`,
  };
}

function resetPage(visit: Visit, fault?: string): Page {
  const said = words[visit.language];
  const password = passwordWords[visit.language];
  return {
    title: said.resetTitle,
    status: fault === undefined ? 200 : 400,
    body: markup`${faultNote(fault)}
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        ${textField({ name: 'password', label: password.newLabel, type: 'password', autocomplete: 'new-password', hint: password.hint })}
        <button class="wide">${said.reset}</button>
      </form>`,
  };
}

function gonePage({ language }: Visit): Page {
  const said = words[language];
  return {
    title: said.resetTitle,
    status: 410,
    body: markup`${faultNote(said.gone)}<p><a href="/account/forgot">${said.again}</a></p>`,
  };
}
