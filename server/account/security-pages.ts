/** /account/security: another password, another address; /account/address/{token}: what the mailboxes say (identity.md 9). */
import { dayText, type Words } from '#contract/languages';
import { isMailAddress } from '#server/domain/mail-address';
import type { Clock } from '#server/runtime/clock';
import type { AddressChange } from '#server/store/address-changes';
import type { AddressOrders } from './address-orders.ts';
import { doneNote, faultNote, textField } from './fields.ts';
import { whenFresh } from './freshness.ts';
import type { Form } from './forms.ts';
import { markup, type Page } from './page.ts';
import type { PasswordChanges } from './password-changes.ts';
import { passwordWords } from './password-words.ts';
import type { AccountPage, SignedInVisit, Visit } from './visits.ts';

const words: Words<{
  title: string;
  passwordTitle: string;
  passwordText: string;
  changePassword: string;
  passwordChanged: string;
  addressTitle: string;
  present: string;
  addressText: string;
  newAddress: string;
  changeAddress: string;
  address: string;
  sent: string;
  waiting: (address: string, day: string) => string;
  cancel: string;
  cancelled: string;
  linkTitle: string;
  link: (address: string) => string;
  confirm: string;
  stop: string;
  confirmed: string;
  changed: string;
  stopped: string;
  gone: string;
}> = {
  en: {
    title: 'Password and e-mail',
    passwordTitle: 'Password',
    passwordText: 'With another password you are signed out everywhere but here.',
    changePassword: 'Change the password',
    passwordChanged: 'Your password was changed.',
    addressTitle: 'E-mail',
    present: 'Your address:',
    addressText: 'Both mailboxes get a link. Without the former one it takes seven days.',
    newAddress: 'New address',
    changeAddress: 'Change the address',
    address: 'This is not the address of another mailbox.',
    sent: 'Look into both mailboxes.',
    waiting: (address, day) =>
      `${address} waits to be confirmed. From ${day} on the new mailbox is enough.`,
    cancel: 'Keep the present address',
    cancelled: 'Your address stays as it is.',
    linkTitle: 'Another address',
    link: (address) => `The account is to have the address ${address}.`,
    confirm: 'Yes, change it',
    stop: 'No, stop it',
    confirmed: 'Thank you. The address changes when the other mailbox has answered too.',
    changed: 'The address was changed.',
    stopped: 'The address stays as it is.',
    gone: 'This link does not work any more.',
  },
  de: {
    title: 'Passwort und E-Mail',
    passwordTitle: 'Passwort',
    passwordText: 'Mit einem neuen Passwort sind Sie überall außer hier abgemeldet.',
    changePassword: 'Passwort ändern',
    passwordChanged: 'Ihr Passwort wurde geändert.',
    addressTitle: 'E-Mail',
    present: 'Ihre Adresse:',
    addressText: 'Beide Postfächer bekommen einen Link. Ohne das bisherige dauert es sieben Tage.',
    newAddress: 'Neue Adresse',
    changeAddress: 'Adresse ändern',
    address: 'Das ist nicht die Adresse eines anderen Postfachs.',
    sent: 'Sehen Sie in beide Postfächer.',
    waiting: (address, day) =>
      `${address} wartet auf Bestätigung. Ab dem ${day} genügt das neue Postfach.`,
    cancel: 'Jetzige Adresse behalten',
    cancelled: 'Ihre Adresse bleibt, wie sie ist.',
    linkTitle: 'Eine andere Adresse',
    link: (address) => `Das Konto soll die Adresse ${address} bekommen.`,
    confirm: 'Ja, ändern',
    stop: 'Nein, verhindern',
    confirmed: 'Danke. Die Adresse ändert sich, wenn auch das andere Postfach geantwortet hat.',
    changed: 'Die Adresse wurde geändert.',
    stopped: 'Die Adresse bleibt, wie sie ist.',
    gone: 'Dieser Link funktioniert nicht mehr.',
  },
};

type Parts = {
  readonly passwordChanges: PasswordChanges;
  readonly addressOrders: AddressOrders;
  readonly clock: Clock;
};

type Outcome = { readonly fault?: string; readonly done?: string };

export function securityPages(parts: Parts): readonly AccountPage[] {
  const { passwordChanges, addressOrders, clock } = parts;

  async function show(visit: SignedInVisit, { fault, done }: Outcome): Promise<Page> {
    const { person, language } = visit;
    const said = words[language];
    const password = passwordWords[language];
    const waiting = await addressOrders.findWaiting(person.account);
    return {
      title: said.title,
      status: fault === undefined ? 200 : 400,
      body: markup`${faultNote(fault)}${doneNote(done)}
        <h2>${said.passwordTitle}</h2>
        <p>${said.passwordText}</p>
        <form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="password">
          <input type="hidden" name="username" autocomplete="username" value="${person.account.email}">
          ${textField({ name: 'password', label: password.newLabel, type: 'password', autocomplete: 'new-password', hint: password.hint })}
          <button>${said.changePassword}</button>
        </form>
        <h2>${said.addressTitle}</h2>
        <p>${said.present} <strong>${person.account.email}</strong></p>
        ${
          waiting === undefined
            ? null
            : markup`<form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="keep_address">
          <p>${said.waiting(waiting.new_email, dayText(waiting.alone_at, { language }))}</p>
          <button class="second">${said.cancel}</button>
        </form>`
        }
        <p>${said.addressText}</p>
        <form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="address">
          ${textField({ name: 'email', label: said.newAddress, type: 'email', autocomplete: 'email' })}
          <button>${said.changeAddress}</button>
        </form>`,
    };
  }

  async function act(visit: SignedInVisit, form: Form): Promise<Page> {
    const { person, language } = visit;
    const said = words[language];
    if (form.text('act') === 'keep_address') {
      await addressOrders.cancel(person.account);
      return show(visit, { done: said.cancelled });
    }
    const isAddress = form.text('act') === 'address';
    const email = form.text('email').trim();
    const isSame = email.toLowerCase() === person.account.email.toLowerCase();
    if (isAddress && (!isMailAddress(email) || isSame)) return show(visit, { fault: said.address });
    if (isAddress) {
      await addressOrders.ask(person.account, { email, language });
      return show(visit, { done: said.sent });
    }
    const order = { password: form.text('password'), sessionId: person.session.id };
    const outcome = await passwordChanges.change(person.account, order);
    return outcome === 'changed'
      ? show(visit, { done: said.passwordChanged })
      : show(visit, { fault: passwordWords[language].faults[outcome] });
  }

  async function answerLink(visit: Visit, form: Form): Promise<Page> {
    const said = words[visit.language];
    const token = visit.param('token');
    if ((await addressOrders.find(token)) === undefined) return goneLinkPage(visit);
    if (form.text('act') === 'stop') {
      await addressOrders.stop(token);
      return noted(visit, said.stopped);
    }
    return noted(visit, (await addressOrders.confirm(token)) ? said.changed : said.confirmed);
  }

  return [
    {
      path: '/account/security',
      get: whenFresh(clock, (visit) => show(visit, {})),
      post: whenFresh(clock, act),
    },
    {
      path: '/account/address/:token',
      async get(visit) {
        const change = await addressOrders.find(visit.param('token'));
        return change === undefined ? goneLinkPage(visit) : linkPage(visit, change);
      },
      post: answerLink,
    },
  ];
}

function linkPage(visit: Visit, change: AddressChange): Page {
  const said = words[visit.language];
  return {
    title: said.linkTitle,
    body: markup`<p>${said.link(change.new_email)}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        <input type="hidden" name="act" value="confirm">
        <button class="wide">${said.confirm}</button>
      </form>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        <input type="hidden" name="act" value="stop">
        <button class="danger wide">${said.stop}</button>
      </form>`,
  };
}

function noted({ language }: Visit, text: string): Page {
  return { title: words[language].linkTitle, body: doneNote(text) };
}

function goneLinkPage({ language }: Visit): Page {
  const { linkTitle: title, gone } = words[language];
  return { title, status: 410, body: faultNote(gone) };
}
