/** The parts of pages on which somebody adds a second factor; at sign-in and in the account alike. */
import type { Language, Words } from '#contract/languages';
import type { Account } from '#server/store/accounts';
import type { Factors } from './factors.ts';
import type { Form } from './forms.ts';
import { markup, type Markup } from './page.ts';
import { passkeyButton } from './passkey-button.ts';
import type { Passkeys } from './passkeys.ts';
import type { Visit } from './visits.ts';

type FormWords = {
  readonly authenticator: string;
  readonly scan: string;
  readonly qr: string;
  readonly byHand: string;
  readonly code: string;
  readonly codeHint: string;
  readonly add: string;
  readonly name: string;
  readonly passkey: string;
  readonly passkeyText: string;
  readonly addPasskey: string;
  readonly passkeyFault: string;
  readonly needsName: string;
  readonly wrong: string;
  readonly codes: string;
  readonly codesText: string;
};

const words: Words<FormWords> = {
  en: {
    authenticator: 'Authenticator app',
    scan: 'Scan this picture with an authenticator app, then type the code the app shows.',
    qr: 'QR code for the authenticator app',
    byHand: 'Without a camera, type this key into the app:',
    code: 'Code from the app',
    codeHint: 'Six digits; another one every 30 seconds.',
    add: 'Add the authenticator',
    name: 'A name for it, if you like',
    passkey: 'Passkey',
    passkeyText:
      'A passkey lies in your phone, computer or security key and replaces the password.',
    addPasskey: 'Add a passkey',
    passkeyFault:
      'The browser made no passkey. Perhaps this device has one for the account already.',
    needsName: 'Passkeys work only where this server is reached by a name.',
    wrong: 'That was not accepted. Check the clock of your phone and type the code it shows now.',
    codes: 'Your recovery codes',
    codesText:
      'Each signs you in once when you have lost everything else. Print them or write them down: they are shown this once.',
  },
  de: {
    authenticator: 'Authenticator-App',
    scan: 'Lesen Sie dieses Bild mit einer Authenticator-App, dann tippen Sie den Code der App ein.',
    qr: 'QR-Code für die Authenticator-App',
    byHand: 'Ohne Kamera tippen Sie diesen Schlüssel in die App:',
    code: 'Code der App',
    codeHint: 'Sechs Ziffern; alle 30 Sekunden andere.',
    add: 'Authenticator hinzufügen',
    name: 'Ein Name dafür, wenn Sie mögen',
    passkey: 'Passkey',
    passkeyText:
      'Ein Passkey liegt in Ihrem Telefon, Computer oder Sicherheitsschlüssel und ersetzt das Passwort.',
    addPasskey: 'Passkey hinzufügen',
    passkeyFault:
      'Der Browser machte keinen Passkey. Vielleicht hat dieses Gerät schon einen für das Konto.',
    needsName: 'Passkeys gehen nur, wo dieser Server unter einem Namen erreicht wird.',
    wrong:
      'Das wurde nicht angenommen. Prüfen Sie die Uhr Ihres Telefons und tippen Sie den Code ein, den es jetzt zeigt.',
    codes: 'Ihre Notfallcodes',
    codesText:
      'Jeder meldet Sie einmal an, wenn Sie alles andere verloren haben. Drucken Sie sie oder schreiben Sie sie ab: Sie werden nur dieses Mal gezeigt.',
  },
};

export type FactorForms = {
  /** Forms that add a factor, sent to `action`; `tried` is what was sent before and refused. */
  show(
    visit: Visit,
    order: {
      readonly account: Account;
      readonly action: string;
      readonly language: Language;
      readonly tried: Form | undefined;
    },
  ): Promise<Markup>;
  /** Adds what a form of `show` asks for; undefined when it was refused. */
  add(
    visit: Visit,
    order: { readonly account: Account; readonly form: Form },
  ): Promise<{ readonly codes: readonly string[] | null } | undefined>;
};

export function createFactorForms({
  factors,
  passkeys,
}: {
  readonly factors: Factors;
  readonly passkeys: Passkeys;
}): FactorForms {
  return {
    async show(visit, { account, action, language, tried }) {
      const said = words[language];
      const drafted = await factors.draftAuthenticator(account, tried?.text('draft'));
      const isWrong = tried !== undefined;
      return markup`
        ${isWrong ? markup`<p class="fault" role="alert">${said.wrong}</p>` : null}
        <h2>${said.authenticator}</h2>
        <p>${said.scan}</p>
        <div class="qr" role="img" aria-label="${said.qr}">${drafted.qr}</div>
        <p class="quiet">${said.byHand} <span class="secret">${drafted.text}</span></p>
        <form method="post" action="${action}">
          ${visit.formToken()}
          <input type="hidden" name="draft" value="${drafted.draft}">
          <label for="code">${said.code}</label>
          <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required
            aria-describedby="code-hint"${isWrong ? markup` aria-invalid="true"` : null}>
          <p class="hint" id="code-hint">${said.codeHint}</p>
          <label for="authenticator-name">${said.name}</label>
          <input id="authenticator-name" name="name" maxlength="60">
          <button>${said.add}</button>
        </form>
        <h2>${said.passkey}</h2>
        <p>${passkeys.isPossible ? said.passkeyText : said.needsName}</p>
        ${passkeys.isPossible ? await passkeyForm(visit, { account, action, language }) : null}`;
    },
    async add(visit, { account, form }) {
      const name = form.text('name');
      const answer = form.text('credential');
      return answer === ''
        ? factors.addAuthenticator({
            account,
            draft: form.text('draft'),
            code: form.text('code'),
            name,
          })
        : factors.addPasskey({ account, browser: visit.formSecret(), answer, name });
    },
  };

  async function passkeyForm(
    visit: Visit,
    {
      account,
      action,
      language,
    }: { readonly account: Account; readonly action: string; readonly language: Language },
  ): Promise<Markup> {
    const said = words[language];
    const present = await factors.list(account.id);
    const known = present.filter((factor) => factor.kind === 'passkey');
    const browser = visit.formSecret();
    const options = await passkeys.addingOptions({ browser, account, known });
    const { addPasskey: label, passkeyFault: fault } = said;
    return markup`<form method="post" action="${action}">
      ${visit.formToken()}
      <label for="passkey-name">${said.name}</label>
      <input id="passkey-name" name="name" maxlength="60">
      ${passkeyButton({ act: 'create', options, label, fault })}
    </form>`;
  }
}

/** Recovery codes, shown once. */
export function recoveryCodesPart(codes: readonly string[], language: Language): Markup {
  const said = words[language];
  return markup`<h2>${said.codes}</h2>
    <p>${said.codesText}</p>
    <ul class="codes">${codes.map((code) => markup`<li>${code}</li>`)}</ul>`;
}
