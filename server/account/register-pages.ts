/** /account/register and the link that confirms it (identity.md 9). */
import {
  languageNames,
  languageOf,
  languages,
  type Language,
  type Words,
} from '#contract/languages';
import { isMailAddress } from '#server/domain/mail-address';
import { findPasswordFault } from '#server/identity/password-rules';
import { faultNote, readName, textField } from './fields.ts';
import { markup, type Markup, type Page } from './page.ts';
import { passwordWords } from './password-words.ts';
import type { SignUps } from './sign-ups.ts';
import type { Form } from './forms.ts';
import type { AccountPage, Visit } from './visits.ts';

const words: Words<{
  title: string;
  closed: string;
  firstName: string;
  lastName: string;
  email: string;
  language: string;
  make: string;
  haveOne: string;
  name: string;
  address: string;
  tooMany: string;
  sentTitle: string;
  sent: string;
  confirmTitle: string;
  confirm: string;
  confirmButton: string;
  wrong: string;
  gone: string;
  goneAgain: string;
  confirmedTitle: string;
  confirmed: string;
  signIn: string;
}> = {
  en: {
    title: 'Make an account',
    closed: 'Accounts are made by invitation here. Ask the people who look after your site.',
    firstName: 'First name',
    lastName: 'Last name',
    email: 'E-mail',
    language: 'Language',
    make: 'Make an account',
    haveOne: 'I have an account',
    name: 'Please give your first and last name.',
    address: 'This is not the address of a mailbox.',
    tooMany: 'Too many accounts were asked for from here. Please try again later.',
    sentTitle: 'Look into your mailbox',
    sent: 'We have sent a mail to this address. Follow the link in it within 24 hours.',
    confirmTitle: 'Confirm your account',
    confirm:
      'Type the password that you chose, so that nobody else can use your mailbox for an account of theirs.',
    confirmButton: 'Confirm',
    wrong: 'This is not the password that was chosen.',
    gone: 'This link does not work any more.',
    goneAgain: 'Make an account',
    confirmedTitle: 'Your account is there',
    confirmed: 'Your address is confirmed. You can sign in.',
    signIn: 'Sign in',
  },
  de: {
    title: 'Konto anlegen',
    closed:
      'Konten gibt es hier auf Einladung. Fragen Sie die Menschen, die Ihren Standort betreuen.',
    firstName: 'Vorname',
    lastName: 'Nachname',
    email: 'E-Mail',
    language: 'Sprache',
    make: 'Konto anlegen',
    haveOne: 'Ich habe ein Konto',
    name: 'Bitte geben Sie Vor- und Nachnamen an.',
    address: 'Das ist nicht die Adresse eines Postfachs.',
    tooMany: 'Von hier aus wurden zu viele Konten angefragt. Bitte versuchen Sie es später.',
    sentTitle: 'Sehen Sie in Ihr Postfach',
    sent: 'Wir haben eine Nachricht an diese Adresse gesandt. Folgen Sie innerhalb von 24 Stunden dem Link darin.',
    confirmTitle: 'Konto bestätigen',
    confirm:
      'Geben Sie das gewählte Passwort ein, damit niemand sonst Ihr Postfach für sein eigenes Konto benutzt.',
    confirmButton: 'Bestätigen',
    wrong: 'Das ist nicht das gewählte Passwort.',
    gone: 'Dieser Link funktioniert nicht mehr.',
    goneAgain: 'Konto anlegen',
    confirmedTitle: 'Ihr Konto ist da',
    confirmed: 'Ihre Adresse ist bestätigt. Sie können sich anmelden.',
    signIn: 'Anmelden',
  },
};

type Typed = {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly language: Language;
};

export function registerPages({
  signUps,
  isOpen,
}: {
  readonly signUps: SignUps;
  readonly isOpen: boolean;
}): readonly AccountPage[] {
  function closedPage({ language }: Visit): Page {
    const { title, closed } = words[language];
    return { title, body: markup`<p>${closed}</p>` };
  }

  async function register(visit: Visit, form: Form): Promise<Page> {
    const { language } = visit;
    const said = words[language];
    const typed: Typed = {
      firstName: form.text('first_name'),
      lastName: form.text('last_name'),
      email: form.text('email').trim(),
      language: languageOf(form.text('language')) ?? language,
    };
    const again = (fault: string): Page => formPage(visit, { typed, fault });
    const [firstName, lastName] = [readName(typed.firstName), readName(typed.lastName)];
    if (firstName === undefined || lastName === undefined) return again(said.name);
    if (!isMailAddress(typed.email)) return again(said.address);
    const order = { ...typed, firstName, lastName, password: form.text('password') };
    const fault = await findPasswordFault(order.password, order);
    if (fault !== undefined) return again(passwordWords[language].faults[fault]);
    const waitSeconds = await signUps.ask({ ...order, network: visit.network });
    if (waitSeconds !== undefined)
      return { ...again(said.tooMany), status: 429, retryAfterSeconds: waitSeconds };
    return { title: said.sentTitle, body: markup`<p>${said.sent}</p>` };
  }

  async function confirm(visit: Visit, form: Form): Promise<Page> {
    const said = words[visit.language];
    const outcome = await signUps.confirm(visit.param('token'), form.text('password'));
    if (outcome === 'gone') return gonePage(visit);
    if (outcome === 'wrong') return confirmPage(visit, said.wrong);
    return {
      title: said.confirmedTitle,
      body: markup`<p class="done" role="status">${said.confirmed}</p>
        <p><a class="button" href="/account/login">${said.signIn}</a></p>`,
    };
  }

  return [
    {
      path: '/account/register',
      get: (visit) => (isOpen ? formPage(visit, {}) : closedPage(visit)),
      post: (visit, form) => (isOpen ? register(visit, form) : closedPage(visit)),
    },
    {
      path: '/account/confirm/:token',
      get: async (visit) =>
        (await signUps.isWaiting(visit.param('token'))) ? confirmPage(visit) : gonePage(visit),
      post: confirm,
    },
  ];
}

function formPage(
  visit: Visit,
  { typed, fault }: { readonly typed?: Typed; readonly fault?: string },
): Page {
  const { language } = visit;
  const said = words[language];
  const password = passwordWords[language];
  return {
    title: said.title,
    status: fault === undefined ? 200 : 400,
    body: markup`${faultNote(fault)}
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        ${textField({ name: 'first_name', label: said.firstName, value: typed?.firstName ?? '', autocomplete: 'given-name' })}
        ${textField({ name: 'last_name', label: said.lastName, value: typed?.lastName ?? '', autocomplete: 'family-name' })}
        ${textField({ name: 'email', label: said.email, type: 'email', value: typed?.email ?? '', autocomplete: 'username' })}
        ${textField({ name: 'password', label: password.label, type: 'password', autocomplete: 'new-password', hint: password.hint })}
        ${languageField(said.language, typed?.language ?? language)}
        <button class="wide">${said.make}</button>
      </form>
      <p><a href="/account/login">${said.haveOne}</a></p>`,
  };
}

/** The choice of a language, each called as it calls itself. */
export function languageField(label: string, chosen: Language): Markup {
  return markup`<label for="language">${label}</label>
    <select id="language" name="language">${languages.map(
      (language) =>
        markup`<option value="${language}" lang="${language}"${language === chosen ? markup` selected` : null}>${languageNames[language]}</option>`,
    )}</select>`;
}

function confirmPage(visit: Visit, fault?: string): Page {
  const said = words[visit.language];
  return {
    title: said.confirmTitle,
    status: fault === undefined ? 200 : 400,
    body: markup`${faultNote(fault)}<p>${said.confirm}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        ${textField({ name: 'password', label: passwordWords[visit.language].label, type: 'password', autocomplete: 'current-password' })}
        <button class="wide">${said.confirmButton}</button>
      </form>`,
  };
}

function gonePage({ language }: Visit): Page {
  const said = words[language];
  return {
    title: said.confirmTitle,
    status: 410,
    body: markup`${faultNote(said.gone)}<p><a href="/account/register">${said.goneAgain}</a></p>`,
  };
}
