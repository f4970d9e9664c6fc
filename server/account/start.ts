/** Where somebody who is signed in begins: what there is to look after. */
import type { Words } from '#contract/languages';
import { markup } from './page.ts';
import { type AccountPage, whenSignedIn } from './visits.ts';

const words: Words<{
  title: string;
  signedInAs: string;
  links: readonly (readonly [path: string, title: string, text: string])[];
}> = {
  en: {
    title: 'Your account',
    signedInAs: 'Signed in as',
    links: [
      ['/account/profile', 'Profile', 'Names, language, picture and phone'],
      ['/account/security', 'Password and e-mail', 'Change either of them'],
      ['/account/second-factor', 'Second factor', 'Authenticator, passkeys and recovery codes'],
      ['/account/sessions', 'Devices and apps', 'Where you are signed in, and which programs are'],
      ['/account/data', 'Your data', 'Download it, or leave'],
    ],
  },
  de: {
    title: 'Ihr Konto',
    signedInAs: 'Angemeldet als',
    links: [
      ['/account/profile', 'Profil', 'Namen, Sprache, Bild und Telefon'],
      ['/account/security', 'Passwort und E-Mail', 'Eines von beiden ändern'],
      ['/account/second-factor', 'Zweiter Faktor', 'Authenticator, Passkeys und Notfallcodes'],
      ['/account/sessions', 'Geräte und Programme', 'Wo Sie und welche Programme angemeldet sind'],
      ['/account/data', 'Ihre Daten', 'Herunterladen, oder gehen'],
    ],
  },
};

export function startPages(): readonly AccountPage[] {
  return [
    {
      path: '/account',
      get: whenSignedIn(({ language, person }) => {
        const { title, signedInAs, links } = words[language];
        return {
          title,
          body: markup`<p>${signedInAs} <strong>${person.account.email}</strong></p>
            <ul class="rows">${links.map(
              ([path, name, text]) => markup`<li>
                <a class="row-title" href="${path}">${name}</a> <span class="quiet">${text}</span></li>`,
            )}</ul>`,
        };
      }),
    },
  ];
}
