/** /account/invitation/{token}: who invites to what, and the answer (identity.md 9). */
import type { Words } from '#contract/languages';
import type { Invitations } from '#server/domain/invitations';
import type { Identity } from '#server/identity/identity';
import { findPasswordFault } from '#server/identity/password-rules';
import { setProfile } from '#server/store/accounts';
import type { OpenInvitation } from '#server/store/invitations';
import type { Database } from '#server/store/pool';
import { faultNote, readName, textField } from './fields.ts';
import type { Form } from './forms.ts';
import { markup, type Markup, type Page } from './page.ts';
import { passwordWords } from './password-words.ts';
import type { AccountPage, SignedIn, Visit } from './visits.ts';

const words: Words<{
  title: (site: string) => string;
  site: string;
  somebody: string;
  invites: (inviter: string, site: string) => string;
  as: (email: string) => string;
  accept: string;
  other: string;
  signIn: string;
  signInFirst: string;
  haveOther: string;
  newIntro: (email: string) => string;
  firstName: string;
  lastName: string;
  name: string;
  acceptNew: string;
  declineTitle: string;
  declineText: string;
  block: string;
  decline: string;
  gone: string;
  there: string;
  acceptedTitle: string;
  accepted: (site: string) => string;
  toAccount: string;
  declinedTitle: string;
  declined: (site: string) => string;
}> = {
  en: {
    title: (site) => `Invitation to ${site}`,
    site: 'a site',
    somebody: 'Somebody',
    invites: (inviter, site) => `${inviter} invites you to ${site}.`,
    as: (email) => `You are signed in as ${email}.`,
    accept: 'Accept',
    other: 'Use another account',
    signIn: 'Sign in to accept',
    signInFirst: 'There is an account with this address. Sign in, and you come back here.',
    haveOther: 'I have an account with another address',
    newIntro: (email) => `Choose a password, and your account with the address ${email} is there.`,
    firstName: 'First name',
    lastName: 'Last name',
    name: 'Please give your first and last name.',
    acceptNew: 'Accept and make the account',
    declineTitle: 'You do not want to come?',
    declineText: 'Who looks after the site sees that you declined. Nothing else changes.',
    block: 'I want no further invitations of this site',
    decline: 'Decline',
    gone: 'This invitation does not work any more. If you still want to come, ask for another one.',
    there: 'Your account is part of this site already. Sign in with another one, or decline.',
    acceptedTitle: 'Welcome',
    accepted: (site) => `You are part of ${site} from here on.`,
    toAccount: 'To your account',
    declinedTitle: 'Declined',
    declined: (site) => `You have declined the invitation to ${site}.`,
  },
  de: {
    title: (site) => `Einladung zu ${site}`,
    site: 'einem Standort',
    somebody: 'Jemand',
    invites: (inviter, site) => `${inviter} lädt Sie zu ${site} ein.`,
    as: (email) => `Sie sind angemeldet als ${email}.`,
    accept: 'Annehmen',
    other: 'Ein anderes Konto benutzen',
    signIn: 'Zum Annehmen anmelden',
    signInFirst:
      'Es gibt ein Konto mit dieser Adresse. Melden Sie sich an, dann kommen Sie hierher zurück.',
    haveOther: 'Ich habe ein Konto mit einer anderen Adresse',
    newIntro: (email) => `Wählen Sie ein Passwort, dann ist Ihr Konto mit der Adresse ${email} da.`,
    firstName: 'Vorname',
    lastName: 'Nachname',
    name: 'Bitte geben Sie Vor- und Nachnamen an.',
    acceptNew: 'Annehmen und Konto anlegen',
    declineTitle: 'Sie möchten nicht?',
    declineText:
      'Wer den Standort betreut, sieht, dass Sie abgelehnt haben. Sonst ändert sich nichts.',
    block: 'Ich möchte keine weiteren Einladungen dieses Standorts',
    decline: 'Ablehnen',
    gone: 'Diese Einladung funktioniert nicht mehr. Wenn Sie noch kommen möchten, bitten Sie um eine neue.',
    there:
      'Ihr Konto gehört schon zu diesem Standort. Melden Sie sich mit einem anderen an, oder lehnen Sie ab.',
    acceptedTitle: 'Willkommen',
    accepted: (site) => `Sie gehören von nun an zu ${site}.`,
    toAccount: 'Zu Ihrem Konto',
    declinedTitle: 'Abgelehnt',
    declined: (site) => `Sie haben die Einladung zu ${site} abgelehnt.`,
  },
};

type Parts = {
  readonly invitations: Invitations;
  readonly identity: Pick<Identity, 'logins'>;
  readonly database: Database;
};

export function invitationPages({
  invitations,
  identity,
  database,
}: Parts): readonly AccountPage[] {
  async function accept(
    visit: Visit,
    { found, person }: { readonly found: OpenInvitation; readonly person: SignedIn },
  ): Promise<Page> {
    const said = words[visit.language];
    const outcome = await invitations.accept(visit.param('token'), person.account.id);
    if (outcome === 'gone') return gonePage(visit);
    if (outcome === 'already_there') return invitationPage(visit, { found, fault: said.there });
    return acceptedPage(visit, { found, to: '/account' });
  }

  /** The link went to that mailbox and nowhere else: the address needs no other proof. */
  async function acceptAsNew(
    visit: Visit,
    { found, form }: { readonly found: OpenInvitation; readonly form: Form },
  ): Promise<Page> {
    const { language } = visit;
    const typed = { firstName: form.text('first_name'), lastName: form.text('last_name') };
    const again = (fault: string): Page => invitationPage(visit, { found, fault, typed });
    const [firstName, lastName] = [readName(typed.firstName), readName(typed.lastName)];
    if (firstName === undefined || lastName === undefined) return again(words[language].name);
    const password = form.text('password');
    const order = { email: found.address, firstName, lastName };
    const fault = await findPasswordFault(password, order);
    if (fault !== undefined) return again(passwordWords[language].faults[fault]);
    const made = await identity.logins.createLogin({
      ...order,
      password,
      isEmailVerified: true,
    });
    // Made by somebody else meanwhile: whoever it is signs in.
    if ('fault' in made) return gonePage(visit);
    await setProfile(database, { ...order, loginId: made.loginId, language });
    const outcome = await invitations.accept(visit.param('token'), made.loginId);
    return outcome === 'accepted'
      ? acceptedPage(visit, { found, to: '/account/login' })
      : gonePage(visit);
  }

  async function answer(visit: Visit, form: Form): Promise<Page> {
    const token = visit.param('token');
    const found = await invitations.find(token);
    if (found === undefined) return gonePage(visit);
    const { person } = visit;
    if (form.text('act') === 'decline') {
      const isDeclined = await invitations.decline(token, { blocksSite: form.has('block') });
      return isDeclined ? declinedPage(visit, found) : gonePage(visit);
    }
    if (person !== undefined) return accept(visit, { found, person });
    return found.known_login_id === null
      ? acceptAsNew(visit, { found, form })
      : invitationPage(visit, { found });
  }

  return [
    {
      path: '/account/invitation/:token',
      async get(visit) {
        const found = await invitations.find(visit.param('token'));
        return found === undefined ? gonePage(visit) : invitationPage(visit, { found });
      },
      post: answer,
    },
  ];
}

type Shown = {
  readonly found: OpenInvitation;
  readonly fault?: string;
  readonly typed?: { readonly firstName: string; readonly lastName: string };
};

function siteOf({ language }: Visit, { site_name: name }: OpenInvitation): string {
  return name === null || name.trim() === '' ? words[language].site : name;
}

function invitationPage(visit: Visit, { found, fault, typed }: Shown): Page {
  const said = words[visit.language];
  const site = siteOf(visit, found);
  const inviter = found.inviter_name.trim() === '' ? said.somebody : found.inviter_name;
  return {
    title: said.title(site),
    status: fault === undefined ? 200 : 400,
    body: markup`${faultNote(fault)}<p>${said.invites(inviter, site)}</p>
      ${acceptForm(visit, { found, ...(typed === undefined ? {} : { typed }) })}
      <h2>${said.declineTitle}</h2>
      <p>${said.declineText}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        <input type="hidden" name="act" value="decline">
        <label class="check"><input type="checkbox" name="block" value="yes"> ${said.block}</label>
        <button class="danger">${said.decline}</button>
      </form>`,
  };
}

function acceptForm(visit: Visit, { found, typed }: Shown): Markup {
  const { person, language } = visit;
  const said = words[language];
  const next = `/account/invitation/${visit.param('token')}`;
  const login = `/account/login?next=${encodeURIComponent(next)}`;
  if (person !== undefined)
    return markup`<p>${said.as(person.account.email)}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}
        <input type="hidden" name="act" value="accept">
        <button class="wide">${said.accept}</button>
      </form>
      <p><a href="/account/logout">${said.other}</a></p>`;
  if (found.known_login_id !== null)
    return markup`<p>${said.signInFirst}</p><p><a class="button" href="${login}">${said.signIn}</a></p>`;
  const password = passwordWords[language];
  return markup`<p>${said.newIntro(found.address)}</p>
    <form method="post" action="${visit.request.url}">${visit.formToken()}
      <input type="hidden" name="act" value="accept">
      ${textField({ name: 'first_name', label: said.firstName, value: typed?.firstName ?? found.first_name, autocomplete: 'given-name' })}
      ${textField({ name: 'last_name', label: said.lastName, value: typed?.lastName ?? found.last_name, autocomplete: 'family-name' })}
      ${textField({ name: 'password', label: password.label, type: 'password', autocomplete: 'new-password', hint: password.hint })}
      <button class="wide">${said.acceptNew}</button>
    </form>
    <p><a href="${login}">${said.haveOther}</a></p>`;
}

function acceptedPage(
  visit: Visit,
  { found, to }: { readonly found: OpenInvitation; readonly to: string },
): Page {
  const said = words[visit.language];
  return {
    title: said.acceptedTitle,
    body: markup`<p class="done" role="status">${said.accepted(siteOf(visit, found))}</p>
      <p><a class="button" href="${to}">${said.toAccount}</a></p>`,
  };
}

function declinedPage(visit: Visit, found: OpenInvitation): Page {
  const said = words[visit.language];
  return {
    title: said.declinedTitle,
    body: markup`<p class="done" role="status">${said.declined(siteOf(visit, found))}</p>`,
  };
}

function gonePage({ language }: Visit): Page {
  const said = words[language];
  return { title: said.title(said.site), status: 410, body: faultNote(said.gone) };
}
