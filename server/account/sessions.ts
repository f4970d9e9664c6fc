/** Where somebody is signed in, and which programs may sign in with the password alone. */
import { instantText, type Words } from '#contract/languages';
import type { Sessions, SignInSession } from '#server/identity/sessions';
import type { Clock } from '#server/runtime/clock';
import type { Database } from '#server/store/pool';
import {
  type IntegrationClient,
  listIntegrationClients,
  markIntegrationAccount,
  unmarkIntegrationAccount,
} from '#server/store/second-factors';
import { deviceName } from './device-name.ts';
import type { Form } from './forms.ts';
import { whenFresh } from './freshness.ts';
import { markup, type Markup, type Page } from './page.ts';
import { type AccountPage, type SignedInVisit, whenSignedIn } from './visits.ts';

const PATH = '/account/sessions';
const PROGRAMS_PATH = '/account/sessions/programs';

type SessionWords = {
  readonly title: string;
  readonly unknown: string;
  readonly here: string;
  readonly from: string;
  readonly used: string;
  readonly end: (device: string) => string;
  readonly endOthers: string;
  readonly ended: string;
  readonly programs: string;
  readonly programsText: string;
  readonly noPrograms: string;
  readonly mark: (name: string) => string;
  readonly unmark: (name: string) => string;
  readonly toPrograms: string;
};

const words: Words<SessionWords> = {
  en: {
    title: 'Devices and apps',
    unknown: 'Unknown device',
    here: 'this browser',
    from: 'from',
    used: 'last used',
    end: (device) => `Sign out ${device}`,
    endOthers: 'Sign out everywhere else',
    ended: 'Signed out. Programs lose access within a minute.',
    programs: 'Programs that use your password',
    programsText:
      'A program that signs in with your e-mail and password cannot show a second factor. Mark the ones you let in without; for all others the password alone is refused once you have a second factor.',
    noPrograms: 'There is no such program at your sites.',
    mark: (name) => `Let ${name} in`,
    unmark: (name) => `Let ${name} in no longer`,
    toPrograms: 'Programs that use your password',
  },
  de: {
    title: 'Geräte und Programme',
    unknown: 'Unbekanntes Gerät',
    here: 'dieser Browser',
    from: 'aus',
    used: 'zuletzt benutzt',
    end: (device) => `${device} abmelden`,
    endOthers: 'Überall sonst abmelden',
    ended: 'Abgemeldet. Programme verlieren den Zugang binnen einer Minute.',
    programs: 'Programme mit Ihrem Passwort',
    programsText:
      'Ein Programm, das sich mit Ihrer E-Mail und Ihrem Passwort anmeldet, kann keinen zweiten Faktor zeigen. Markieren Sie die, die ohne hereindürfen; bei allen anderen reicht das Passwort allein nicht, sobald Sie einen zweiten Faktor haben.',
    noPrograms: 'An Ihren Orten gibt es kein solches Programm.',
    mark: (name) => `${name} hereinlassen`,
    unmark: (name) => `${name} nicht mehr hereinlassen`,
    toPrograms: 'Programme mit Ihrem Passwort',
  },
};

export function sessionPages({
  database,
  sessions,
  clock,
}: {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly clock: Clock;
}): readonly AccountPage[] {
  const get = whenSignedIn((visit) => listPage(visit, null));

  const post = whenSignedIn(async (visit, form: Form) => {
    const { session } = visit.person;
    const id = form.text('end');
    const said = markup`<p class="done" role="status">${words[visit.language].ended}</p>`;
    if (form.has('others')) {
      await sessions.endAll(session.loginId, { except: session.id });
      return listPage(visit, said);
    }
    // A session of somebody else is none for this person.
    const present = await sessions.list(session.loginId);
    const isOwn = present.some((other) => other.id === id);
    if (isOwn && id === session.id) return { to: '/account/logout' };
    if (isOwn) await sessions.end(id);
    return listPage(visit, isOwn ? said : null);
  });

  async function listPage(visit: SignedInVisit, note: Markup | null): Promise<Page> {
    const said = words[visit.language];
    const { session } = visit.person;
    const present = await sessions.list(session.loginId);
    const body = markup`${note}
      <ul class="rows">${present.map((other) => sessionRow(visit, other))}</ul>
      ${
        present.length < 2
          ? null
          : markup`<form method="post" action="${PATH}">${visit.formToken()}
            <button class="danger" name="others" value="1">${said.endOthers}</button></form>`
      }
      <p><a href="${PROGRAMS_PATH}">${said.toPrograms}</a></p>`;
    return { title: said.title, body };
  }

  function sessionRow(visit: SignedInVisit, other: SignInSession): Markup {
    const said = words[visit.language];
    const isHere = other.id === visit.person.session.id;
    const device =
      other.clientName ?? other.clientId ?? deviceName(other.userAgent) ?? said.unknown;
    const used = other.lastUsedAt.toISOString();
    return markup`<li><span class="row-title">${device}${isHere ? ` (${said.here})` : ''}</span>
      <span class="quiet">${said.from} ${other.network}, ${said.used}
        <time datetime="${used}">${instantText(other.lastUsedAt, visit)} UTC</time></span>
      <form method="post" action="${PATH}">${visit.formToken()}
        <button class="danger" name="end" value="${other.id}">${said.end(device)}</button></form></li>`;
  }

  // Letting a program in without a second factor changes how one signs in.
  const getPrograms = whenFresh(clock, (visit) => programsPage(visit));

  const postPrograms = whenFresh(clock, async (visit, form: Form) => {
    const { loginId } = visit.person.session;
    const clients = await listIntegrationClients(database, loginId);
    const isKnown = (clientId: string) => clients.some((client) => client.clientId === clientId);
    const [mark, unmark] = [form.text('mark'), form.text('unmark')];
    if (isKnown(mark)) {
      await markIntegrationAccount(database, { loginId, clientId: mark, at: clock.now() });
    }
    if (isKnown(unmark)) await unmarkIntegrationAccount(database, { loginId, clientId: unmark });
    return { to: PROGRAMS_PATH };
  });

  async function programsPage(visit: SignedInVisit): Promise<Page> {
    const said = words[visit.language];
    const clients = await listIntegrationClients(database, visit.person.session.loginId);
    const row = ({ clientId, name, isMarked }: IntegrationClient): Markup =>
      markup`<li><span class="row-title">${name}</span> <span class="quiet">${clientId}</span>
        <form method="post" action="${PROGRAMS_PATH}">${visit.formToken()}
          <button class="${isMarked ? 'danger' : 'second'}" name="${isMarked ? 'unmark' : 'mark'}" value="${clientId}"
            >${isMarked ? said.unmark(name) : said.mark(name)}</button></form></li>`;
    const body = markup`<p>${said.programsText}</p>
      ${clients.length === 0 ? markup`<p>${said.noPrograms}</p>` : null}
      <ul class="rows">${clients.map(row)}</ul>`;
    return { title: said.programs, body };
  }

  return [
    { path: PATH, get, post },
    { path: PROGRAMS_PATH, get: getPrograms, post: postPrograms },
  ];
}
