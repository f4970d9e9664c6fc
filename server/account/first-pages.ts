/** /account/first/{token}: who installed the server makes the own account (identity.md 9). */
import type { Words } from '#contract/languages';
import { isMailAddress } from '#server/domain/mail-address';
import { findPasswordFault } from '#server/identity/password-rules';
import { doneNote, faultNote, readName, textField } from './fields.ts';
import type { FirstOperator } from './first-operator.ts';
import type { Form } from './forms.ts';
import { markup, type Page } from './page.ts';
import { passwordWords } from './password-words.ts';
import type { AccountPage, Visit } from './visits.ts';

const words: Words<{
  title: string;
  intro: string;
  firstName: string;
  lastName: string;
  email: string;
  make: string;
  name: string;
  address: string;
  gone: string;
  done: string;
  signIn: string;
}> = {
  en: {
    title: 'Welcome to your server',
    intro:
      'Make the account of whoever runs it. It can do everything that concerns the server as a whole.',
    firstName: 'First name',
    lastName: 'Last name',
    email: 'E-mail',
    make: 'Make the account',
    name: 'Please give your first and last name.',
    address: 'This is not the address of a mailbox.',
    gone: 'This link does not work any more. As long as there is no such account, each start of the server prints another one.',
    done: 'The account is there.',
    signIn: 'Sign in',
  },
  de: {
    title: 'Willkommen auf Ihrem Server',
    intro:
      'Legen Sie das Konto an, mit dem der Server betrieben wird. Es darf alles, was ihn im Ganzen betrifft.',
    firstName: 'Vorname',
    lastName: 'Nachname',
    email: 'E-Mail',
    make: 'Konto anlegen',
    name: 'Bitte geben Sie Vor- und Nachnamen an.',
    address: 'Das ist nicht die Adresse eines Postfachs.',
    gone: 'Dieser Link funktioniert nicht mehr. Solange es kein solches Konto gibt, zeigt jeder Start des Servers einen neuen.',
    done: 'Das Konto ist da.',
    signIn: 'Anmelden',
  },
};

export function firstPages({
  firstOperator,
}: {
  readonly firstOperator: FirstOperator;
}): readonly AccountPage[] {
  async function make(visit: Visit, form: Form): Promise<Page> {
    const { language } = visit;
    const said = words[language];
    const token = visit.param('token');
    if (!(await firstOperator.isWaiting(token))) return gonePage(visit);
    const again = (fault: string): Page => formPage(visit, { form, fault });
    const [firstName, lastName] = [
      readName(form.text('first_name')),
      readName(form.text('last_name')),
    ];
    if (firstName === undefined || lastName === undefined) return again(said.name);
    const email = form.text('email').trim();
    if (!isMailAddress(email)) return again(said.address);
    const order = { email, firstName, lastName, language, password: form.text('password') };
    const fault = await findPasswordFault(order.password, order);
    if (fault !== undefined) return again(passwordWords[language].faults[fault]);
    if (!(await firstOperator.make(token, order))) return gonePage(visit);
    return {
      title: said.title,
      body: markup`${doneNote(said.done)}<p><a class="button" href="/account/login">${said.signIn}</a></p>`,
    };
  }

  return [
    {
      path: '/account/first/:token',
      get: async (visit) =>
        (await firstOperator.isWaiting(visit.param('token')))
          ? formPage(visit, {})
          : gonePage(visit),
      post: make,
    },
  ];
}

function formPage(
  visit: Visit,
  { form, fault }: { readonly form?: Form; readonly fault?: string },
): Page {
  const said = words[visit.language];
  const password = passwordWords[visit.language];
  const typed = (name: string): string => form?.text(name) ?? '';
  return {
    title: said.title,
    status: fault === undefined ? 200 : 400,
    body: markup`${faultNote(fault)}<p>${said.intro}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        ${textField({ name: 'first_name', label: said.firstName, value: typed('first_name'), autocomplete: 'given-name' })}
        ${textField({ name: 'last_name', label: said.lastName, value: typed('last_name'), autocomplete: 'family-name' })}
        ${textField({ name: 'email', label: said.email, type: 'email', value: typed('email'), autocomplete: 'username' })}
        ${textField({ name: 'password', label: password.label, type: 'password', autocomplete: 'new-password', hint: password.hint })}
        <button class="wide">${said.make}</button>
      </form>`,
  };
}

function gonePage({ language }: Visit): Page {
  const { title, gone } = words[language];
  return { title, status: 410, body: faultNote(gone) };
}
