/** The page of somebody's second factors: what there is, and adding and removing. */
import { dayText, type Words } from '#contract/languages';
import type { Clock } from '#server/runtime/clock';
import type { SecondFactor } from '#server/store/second-factors';
import { type FactorForms, recoveryCodesPart } from './factor-forms.ts';
import type { Factors } from './factors.ts';
import type { Form } from './forms.ts';
import { whenFresh } from './freshness.ts';
import { markup, type Markup, type Page } from './page.ts';
import type { Passkeys } from './passkeys.ts';
import type { AccountPage, Answer, SignedInVisit } from './visits.ts';

const PATH = '/account/second-factor';
const ADD_PATH = '/account/second-factor/add';

type FactorPageWords = {
  readonly title: string;
  readonly none: string;
  readonly kinds: { readonly [Kind in SecondFactor['kind']]: string };
  readonly added: string;
  readonly used: string;
  readonly never: string;
  readonly remove: (name: string) => string;
  readonly add: string;
  readonly codes: string;
  readonly codesLeft: (count: number) => string;
  readonly newCodes: string;
  readonly trust: string;
  readonly trustText: string;
  readonly distrust: string;
  readonly done: string;
  readonly back: string;
};

const words: Words<FactorPageWords> = {
  en: {
    title: 'Second factor',
    none: 'You have none. With one, a stolen password opens nothing.',
    kinds: { authenticator: 'Authenticator app', passkey: 'Passkey' },
    added: 'added',
    used: 'last used',
    never: 'never used',
    remove: (name) => `Remove ${name}`,
    add: 'Add a second factor',
    codes: 'Recovery codes',
    codesLeft: (count) => `${count} of 10 are left.`,
    newCodes: 'Make ten new ones',
    trust: 'Trusted browsers',
    trustText: 'Browsers you told not to ask for the second factor.',
    distrust: 'Ask in all of them again',
    done: 'Done.',
    back: 'Back to your second factors',
  },
  de: {
    title: 'Zweiter Faktor',
    none: 'Sie haben keinen. Mit einem öffnet ein gestohlenes Passwort nichts.',
    kinds: { authenticator: 'Authenticator-App', passkey: 'Passkey' },
    added: 'hinzugefügt',
    used: 'zuletzt benutzt',
    never: 'nie benutzt',
    remove: (name) => `${name} entfernen`,
    add: 'Einen zweiten Faktor hinzufügen',
    codes: 'Notfallcodes',
    codesLeft: (count) => `${count} von 10 sind übrig.`,
    newCodes: 'Zehn neue machen',
    trust: 'Vertraute Browser',
    trustText: 'Browser, in denen nach dem zweiten Faktor nicht gefragt werden soll.',
    distrust: 'In allen wieder fragen',
    done: 'Erledigt.',
    back: 'Zurück zu Ihren zweiten Faktoren',
  },
};

export function secondFactorPages({
  factors,
  forms,
  passkeys,
  clock,
}: {
  readonly factors: Factors;
  readonly forms: FactorForms;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
}): readonly AccountPage[] {
  const get = whenFresh(clock, (visit) => overview(visit, null));

  const post = whenFresh(clock, async (visit, form: Form): Promise<Answer> => {
    const { account } = visit.person;
    const said = words[visit.language];
    const done = markup`<p class="done" role="status">${said.done}</p>`;
    if (form.has('remove')) {
      await factors.remove(account, form.text('remove'));
      return overview(visit, done);
    }
    if (form.has('distrust')) {
      await factors.distrustDevices(account.id);
      return overview(visit, done);
    }
    const isAsked = form.has('codes') && (await factors.has(account.id));
    return isAsked
      ? codesPage(visit, await factors.makeRecoveryCodes(account.id))
      : overview(visit, null);
  });

  const getAdd = whenFresh(clock, (visit) => addPage(visit, undefined));

  const postAdd = whenFresh(clock, async (visit, form: Form): Promise<Answer> => {
    const { account } = visit.person;
    const added = await forms.add(visit, { account, form });
    if (added === undefined) return addPage(visit, form);
    return added.codes === null ? { to: PATH } : codesPage(visit, added.codes);
  });

  async function overview(visit: SignedInVisit, note: Markup | null): Promise<Page> {
    const said = words[visit.language];
    const { account } = visit.person;
    const present = await factors.list(account.id);
    const left = await factors.countRecoveryCodes(account.id);
    const button = (name: string, label: string): Markup =>
      markup`<form method="post" action="${PATH}">${visit.formToken()}
        <button class="second" name="${name}" value="1">${label}</button></form>`;
    const body = markup`${note}
      ${present.length === 0 ? markup`<p>${said.none}</p>` : null}
      <ul class="rows">${present.map((factor) => row(visit, factor))}</ul>
      <p><a class="button" href="${ADD_PATH}">${said.add}</a></p>
      ${
        present.length === 0
          ? null
          : markup`<h2>${said.codes}</h2><p>${said.codesLeft(left)}</p>${button('codes', said.newCodes)}
            <h2>${said.trust}</h2><p>${said.trustText}</p>${button('distrust', said.distrust)}`
      }`;
    return { title: said.title, body };
  }

  function row(visit: SignedInVisit, factor: SecondFactor): Markup {
    const said = words[visit.language];
    const { id, kind, name, createdAt, lastUsedAt } = factor;
    const day = (instant: Date): Markup =>
      markup`<time datetime="${instant.toISOString()}">${dayText(instant, visit)}</time>`;
    return markup`<li><span class="row-title">${name}</span>
      <span class="quiet">${said.kinds[kind]}, ${said.added} ${day(createdAt)},
        ${lastUsedAt === null ? said.never : markup`${said.used} ${day(lastUsedAt)}`}</span>
      <form method="post" action="${PATH}">${visit.formToken()}
        <button class="danger" name="remove" value="${id}">${said.remove(name)}</button></form></li>`;
  }

  async function addPage(visit: SignedInVisit, tried: Form | undefined): Promise<Page> {
    const { language } = visit;
    const { account } = visit.person;
    const order = { account, action: ADD_PATH, language, tried };
    return {
      title: words[language].add,
      status: tried === undefined ? 200 : 400,
      hasPasskeys: passkeys.isPossible,
      body: await forms.show(visit, order),
    };
  }

  function codesPage({ language }: SignedInVisit, codes: readonly string[]): Page {
    const said = words[language];
    const body = markup`<p class="done" role="status">${said.done}</p>
      ${recoveryCodesPart(codes, language)}<p><a href="${PATH}">${said.back}</a></p>`;
    return { title: said.title, body };
  }

  return [
    { path: PATH, get, post },
    { path: ADD_PATH, get: getAdd, post: postAdd },
  ];
}
