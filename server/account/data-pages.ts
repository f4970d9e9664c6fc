/** /account/data: one's own data as a file, removal from one site, the end of the whole account (behaviour.md 19). */
import { isUuid, type CollectionId } from '#contract/ids';
import { dayText, type Words } from '#contract/languages';
import type { AccountRemovals } from '#server/domain/account-removals';
import { longestReason, type DataRemovals } from '#server/domain/data-removals';
import type { Identity } from '#server/identity/identity';
import { clearSessionCookie } from '#server/identity/session-cookie';
import type { Clock } from '#server/runtime/clock';
import type { PlaceOfLogin } from '#server/store/data-removals';
import { readLoginData, readSiteData } from '#server/store/personal-data';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { doneNote, faultNote } from './fields.ts';
import type { Form } from './forms.ts';
import { CONFIRM_PATH, isFresh } from './freshness.ts';
import { markup, type Markup, type Page } from './page.ts';
import { whenSignedIn, type AccountPage, type Answer, type SignedInVisit } from './visits.ts';

const words: Words<{
  title: string;
  downloadTitle: string;
  downloadText: string;
  download: string;
  sitesTitle: string;
  noSites: string;
  noName: string;
  owner: string;
  waiting: (day: string) => string;
  withdraw: string;
  refused: (reason: string) => string;
  removeText: string;
  reason: string;
  ask: string;
  badReason: string;
  asked: string;
  withdrawn: string;
  nothing: string;
  deleteTitle: string;
  deleteText: string;
  ownedText: string;
  sure: string;
  notSure: string;
  delete: string;
  deletedTitle: string;
  deleted: string;
}> = {
  en: {
    title: 'Your data',
    downloadTitle: 'Download',
    downloadText: 'Everything that is known of you here, as a JSON file.',
    download: 'Download my data',
    sitesTitle: 'Your sites',
    noSites: 'You are part of no site.',
    noName: 'A site without a name',
    owner: 'You own this site or set it up. Hand it over before you leave.',
    waiting: (day) =>
      `You have asked to be removed. The owner was told; on ${day} it is done at the latest.`,
    withdraw: 'Take it back',
    refused: (reason) => `Your last request was refused: ${reason}`,
    removeText: 'Keys, codes, phones and plates go, and entries no longer name you.',
    reason: 'Why do you want to be removed?',
    ask: 'Ask to be removed',
    badReason: `Please give a reason of at most ${longestReason} characters.`,
    asked: 'The owner was told, and has seven days to answer.',
    withdrawn: 'You stay.',
    nothing: 'There was nothing to do.',
    deleteTitle: 'Delete the account',
    deleteText:
      'You leave every site at once, your keys open no door any more, and nobody can bring the account back.',
    ownedText: 'Hand these sites over to somebody else first:',
    sure: 'I want my account to be deleted',
    notSure: 'Tick the box to say that you mean it.',
    delete: 'Delete my account',
    deletedTitle: 'Your account was deleted',
    deleted: 'Everything that was known of you is gone. A last mail confirms it.',
  },
  de: {
    title: 'Ihre Daten',
    downloadTitle: 'Herunterladen',
    downloadText: 'Alles, was hier über Sie bekannt ist, als JSON-Datei.',
    download: 'Meine Daten herunterladen',
    sitesTitle: 'Ihre Standorte',
    noSites: 'Sie gehören zu keinem Standort.',
    noName: 'Ein Standort ohne Namen',
    owner:
      'Dieser Standort gehört Ihnen, oder Sie richten ihn ein. Übergeben Sie ihn, bevor Sie gehen.',
    waiting: (day) =>
      `Sie haben um Ihre Entfernung gebeten. Der Eigentümer weiß davon; spätestens am ${day} geschieht es.`,
    withdraw: 'Zurücknehmen',
    refused: (reason) => `Ihre letzte Bitte wurde abgelehnt: ${reason}`,
    removeText:
      'Schlüssel, Codes, Telefone und Kennzeichen gehen, und Ereignisse nennen Sie nicht mehr.',
    reason: 'Warum möchten Sie entfernt werden?',
    ask: 'Um Entfernung bitten',
    badReason: `Bitte nennen Sie einen Grund mit höchstens ${longestReason} Zeichen.`,
    asked: 'Der Eigentümer weiß davon und hat sieben Tage für eine Antwort.',
    withdrawn: 'Sie bleiben.',
    nothing: 'Es war nichts zu tun.',
    deleteTitle: 'Konto löschen',
    deleteText:
      'Sie verlassen jeden Standort sofort, Ihre Schlüssel öffnen keine Tür mehr, und niemand kann das Konto zurückholen.',
    ownedText: 'Übergeben Sie zuerst diese Standorte an jemand anderen:',
    sure: 'Ich möchte, dass mein Konto gelöscht wird',
    notSure: 'Setzen Sie den Haken, wenn Sie es so meinen.',
    delete: 'Mein Konto löschen',
    deletedTitle: 'Ihr Konto wurde gelöscht',
    deleted: 'Alles, was über Sie bekannt war, ist fort. Eine letzte Nachricht bestätigt es.',
  },
};

type Parts = {
  readonly database: Database;
  readonly identity: Pick<Identity, 'sessions'>;
  readonly dataRemovals: DataRemovals;
  readonly accountRemovals: AccountRemovals;
  readonly clock: Clock;
};

type Outcome = { readonly fault?: string; readonly done?: string };

export function dataPages(parts: Parts): readonly AccountPage[] {
  const { database, identity, dataRemovals, accountRemovals, clock } = parts;

  async function show(visit: SignedInVisit, { fault, done }: Outcome): Promise<Page> {
    const said = words[visit.language];
    const places = await dataRemovals.listPlaces(visit.person.account.id);
    const owned = places.filter((place) => place.is_owner);
    return {
      title: said.title,
      status: fault === undefined ? 200 : 400,
      body: markup`${faultNote(fault)}${doneNote(done)}
        <h2>${said.downloadTitle}</h2>
        <p>${said.downloadText}</p>
        <p><a class="button second" href="/account/data/download" download>${said.download}</a></p>
        <h2>${said.sitesTitle}</h2>
        ${places.length === 0 ? markup`<p>${said.noSites}</p>` : markup`<ul class="rows">${places.map((place) => markup`<li>${placeForm(visit, place)}</li>`)}</ul>`}
        <h2>${said.deleteTitle}</h2>
        <p>${said.deleteText}</p>
        ${
          owned.length > 0
            ? markup`<p>${said.ownedText}</p><ul>${owned.map((place) => markup`<li>${nameOf(visit, place)}</li>`)}</ul>`
            : markup`<form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="delete">
          <label class="check"><input type="checkbox" name="sure" value="yes"> ${said.sure}</label>
          <button class="danger">${said.delete}</button>
        </form>`
        }`,
    };
  }

  async function act(visit: SignedInVisit, form: Form): Promise<Answer> {
    const said = words[visit.language];
    const loginId = visit.person.account.id;
    if (form.text('act') === 'delete') return removeAccount(visit, form);
    const siteId = form.text('site_id').toLowerCase();
    if (!isUuid(siteId)) return show(visit, { done: said.nothing });
    const who = { loginId, siteId: siteId as CollectionId };
    if (form.text('act') === 'withdraw')
      return show(visit, {
        done: (await dataRemovals.withdraw(who)) ? said.withdrawn : said.nothing,
      });
    const reason = form.text('reason').trim();
    if (reason === '' || reason.length > longestReason)
      return show(visit, { fault: said.badReason });
    const answer = await dataRemovals.ask({ ...who, reason });
    if (answer === 'owner') return show(visit, { fault: said.owner });
    return show(visit, { done: answer === 'asked' ? said.asked : said.nothing });
  }

  async function removeAccount(visit: SignedInVisit, form: Form): Promise<Answer> {
    const said = words[visit.language];
    if (!form.has('sure')) return show(visit, { fault: said.notSure });
    const { account, session } = visit.person;
    if (!isFresh(session, clock.now()))
      return { to: `${CONFIRM_PATH}?next=${encodeURIComponent('/account/data')}` };
    if ((await accountRemovals.listOwned(account.id)).length > 0)
      return show(visit, { fault: said.ownedText });
    // Its tokens end with its sessions; both are gone before anything else is.
    await identity.sessions.endAll(account.id);
    if (!(await accountRemovals.remove(account.id))) return show(visit, { fault: said.ownedText });
    clearSessionCookie(visit.reply);
    return {
      title: said.deletedTitle,
      body: markup`<p class="done" role="status">${said.deleted}</p>`,
    };
  }

  async function download({ person, reply }: SignedInVisit): Promise<'answered'> {
    const { id: loginId } = person.account;
    const places = await dataRemovals.listPlaces(loginId);
    const sites = [];
    for (const { tenant_id: tenantId, ...place } of places) {
      const { site_id: siteId, user_id: userId, accessor_id: accessorId } = place;
      const scope = readScope(database, tenantId);
      sites.push(await readSiteData(scope, { siteId, userId, accessorId }));
    }
    const data = { account: await readLoginData(database, loginId), sites };
    await reply
      .headers({
        'cache-control': 'no-store',
        'content-disposition': 'attachment; filename="my-data.json"',
        'x-content-type-options': 'nosniff',
      })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(data, null, 2));
    return 'answered';
  }

  return [
    {
      path: '/account/data',
      get: whenSignedIn((visit) => show(visit, {})),
      post: whenSignedIn(act),
    },
    { path: '/account/data/download', get: whenSignedIn(download) },
  ];
}

function nameOf({ language }: SignedInVisit, { site_name: name }: PlaceOfLogin): string {
  return name === null || name.trim() === '' ? words[language].noName : name;
}

function placeForm(visit: SignedInVisit, place: PlaceOfLogin): Markup {
  const said = words[visit.language];
  const title = markup`<span class="row-title">${nameOf(visit, place)}</span>`;
  if (place.is_owner) return markup`${title}<p>${said.owner}</p>`;
  const site = markup`<input type="hidden" name="site_id" value="${place.site_id}">`;
  if (place.removal_expires_at !== null)
    return markup`${title}<p>${said.waiting(dayText(place.removal_expires_at, visit))}</p>
      <form method="post" action="${visit.request.url}">${visit.formToken()}${site}
        <input type="hidden" name="act" value="withdraw">
        <button class="second">${said.withdraw}</button>
      </form>`;
  const id = `reason-${place.site_id}`;
  return markup`${title}
    ${place.removal_refusal === null ? null : markup`<p>${said.refused(place.removal_refusal)}</p>`}
    <p>${said.removeText}</p>
    <form method="post" action="${visit.request.url}">${visit.formToken()}${site}
      <input type="hidden" name="act" value="remove">
      <label for="${id}">${said.reason}</label>
      <textarea id="${id}" name="reason" rows="3" maxlength="${longestReason}" required></textarea>
      <button class="danger">${said.ask}</button>
    </form>`;
}
