/** /account/profile: names, language, picture and phone (identity.md 9). */
import { languageOf, type Words } from '#contract/languages';
import { setProfile } from '#server/store/accounts';
import { findImage } from '#server/store/login-images';
import type { Database } from '#server/store/pool';
import { doneNote, faultNote, readName, textField } from './fields.ts';
import type { Form } from './forms.ts';
import { markup, type Page } from './page.ts';
import type { Phones } from './phones.ts';
import { longestPictureBytes, type Pictures } from './pictures.ts';
import { languageField } from './register-pages.ts';
import { whenSignedIn, type AccountPage, type SignedInVisit, type Visit } from './visits.ts';

const words: Words<{
  title: string;
  firstName: string;
  lastName: string;
  language: string;
  save: string;
  saved: string;
  name: string;
  pictureTitle: string;
  picture: string;
  pictureHint: string;
  upload: string;
  noPicture: string;
  badPicture: string;
  pictureAlt: string;
  phoneTitle: string;
  phoneText: string;
  present: string;
  noPhone: string;
  phone: string;
  phoneHint: string;
  sendCode: string;
  badPhone: string;
  codeSent: string;
  codeFor: (phone: string) => string;
  code: string;
  confirm: string;
  wrongCode: string;
  confirmed: string;
  removed: string;
}> = {
  en: {
    title: 'Profile',
    firstName: 'First name',
    lastName: 'Last name',
    language: 'Language',
    save: 'Save',
    saved: 'Saved.',
    name: 'Please give your first and last name.',
    pictureTitle: 'Picture',
    picture: 'Choose a picture',
    pictureHint: 'JPEG, PNG or WebP of at most 512 KiB. The people of your sites see it.',
    upload: 'Use this picture',
    noPicture: 'Use no picture',
    badPicture: 'This is no JPEG, PNG or WebP of at most 512 KiB.',
    pictureAlt: 'Your picture',
    phoneTitle: 'Phone',
    phoneText: 'PINs and messages by SMS go to this phone.',
    present: 'Your phone:',
    noPhone: 'Remove the phone',
    phone: 'Phone number',
    phoneHint: 'With the code of the country, as in +31 6 12345678.',
    sendCode: 'Send a code',
    badPhone: 'This is not the number of a phone. Begin with the code of the country.',
    codeSent: 'A code is on its way to this phone.',
    codeFor: (phone) => `Type the code that was sent to ${phone}.`,
    code: 'Code',
    confirm: 'Confirm',
    wrongCode: 'The code is not right, or not any more. You can ask for another one.',
    confirmed: 'The phone is confirmed.',
    removed: 'It was removed.',
  },
  de: {
    title: 'Profil',
    firstName: 'Vorname',
    lastName: 'Nachname',
    language: 'Sprache',
    save: 'Speichern',
    saved: 'Gespeichert.',
    name: 'Bitte geben Sie Vor- und Nachnamen an.',
    pictureTitle: 'Bild',
    picture: 'Bild wählen',
    pictureHint:
      'JPEG, PNG oder WebP mit höchstens 512 KiB. Die Menschen Ihrer Standorte sehen es.',
    upload: 'Dieses Bild benutzen',
    noPicture: 'Kein Bild benutzen',
    badPicture: 'Das ist kein JPEG, PNG oder WebP mit höchstens 512 KiB.',
    pictureAlt: 'Ihr Bild',
    phoneTitle: 'Telefon',
    phoneText: 'PINs und Nachrichten per SMS gehen an dieses Telefon.',
    present: 'Ihr Telefon:',
    noPhone: 'Telefon entfernen',
    phone: 'Telefonnummer',
    phoneHint: 'Mit der Vorwahl des Landes, wie in +49 151 23456789.',
    sendCode: 'Code senden',
    badPhone: 'Das ist keine Telefonnummer. Beginnen Sie mit der Vorwahl des Landes.',
    codeSent: 'Ein Code ist unterwegs zu diesem Telefon.',
    codeFor: (phone) => `Geben Sie den Code ein, der an ${phone} gesandt wurde.`,
    code: 'Code',
    confirm: 'Bestätigen',
    wrongCode: 'Der Code stimmt nicht oder nicht mehr. Sie können einen neuen anfordern.',
    confirmed: 'Das Telefon ist bestätigt.',
    removed: 'Es wurde entfernt.',
  },
};

type Parts = {
  readonly database: Database;
  readonly phones: Phones;
  readonly pictures: Pictures;
};

type Outcome = { readonly fault?: string; readonly done?: string };

export function profilePages({ database, phones, pictures }: Parts): readonly AccountPage[] {
  async function show(visit: SignedInVisit, { fault, done }: Outcome): Promise<Page> {
    const { account } = visit.person;
    const said = words[visit.language];
    const waiting = await phones.findWaiting(account);
    return {
      title: said.title,
      status: fault === undefined ? 200 : 400,
      body: markup`${faultNote(fault)}${doneNote(done)}
        <form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="names">
          ${textField({ name: 'first_name', label: said.firstName, value: account.firstName, autocomplete: 'given-name' })}
          ${textField({ name: 'last_name', label: said.lastName, value: account.lastName, autocomplete: 'family-name' })}
          ${languageField(said.language, languageOf(account.language ?? '') ?? visit.language)}
          <button>${said.save}</button>
        </form>
        <h2>${said.pictureTitle}</h2>
        ${
          account.imageUrl === null
            ? null
            : markup`<p><img src="${new URL(account.imageUrl).pathname}" alt="${said.pictureAlt}" width="96" height="96"></p>
        <form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="no_picture">
          <button class="second">${said.noPicture}</button>
        </form>`
        }
        <form method="post" action="${visit.request.url}" enctype="multipart/form-data">${visit.formToken()}
          <input type="hidden" name="act" value="picture">
          <label for="picture">${said.picture}</label>
          <input id="picture" name="picture" type="file" accept="image/jpeg,image/png,image/webp" required aria-describedby="picture-hint">
          <p class="hint" id="picture-hint">${said.pictureHint}</p>
          <button>${said.upload}</button>
        </form>
        <h2>${said.phoneTitle}</h2>
        <p>${said.phoneText}</p>
        ${
          account.phone === null
            ? null
            : markup`<form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="no_phone">
          <p>${said.present} <strong>${account.phone}</strong></p>
          <button class="second">${said.noPhone}</button>
        </form>`
        }
        ${
          waiting === undefined
            ? null
            : markup`<form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="code">
          <p>${said.codeFor(waiting)}</p>
          ${textField({ name: 'code', label: said.code, autocomplete: 'one-time-code', isCode: true })}
          <button>${said.confirm}</button>
        </form>`
        }
        <form method="post" action="${visit.request.url}">${visit.formToken()}
          <input type="hidden" name="act" value="phone">
          ${textField({ name: 'phone', label: said.phone, type: 'tel', autocomplete: 'tel', hint: said.phoneHint })}
          <button>${said.sendCode}</button>
        </form>`,
    };
  }

  async function act(visit: SignedInVisit, form: Form): Promise<Page> {
    const { account, session } = visit.person;
    const { fault, done, account: changed } = await change(visit, form);
    if (fault !== undefined) return show(visit, { fault });
    // Shown as it is from here on, in the language that was chosen.
    const language = languageOf(changed?.language ?? '') ?? visit.language;
    const person = { session, account: { ...account, ...changed } };
    const note = done === undefined ? {} : { done: words[language][done] };
    return { ...(await show({ ...visit, language, person }, note)), language };
  }

  type Change = {
    readonly fault?: string;
    readonly done?: 'saved' | 'codeSent' | 'confirmed' | 'removed';
    readonly account?: Partial<SignedInVisit['person']['account']>;
  };

  async function change(visit: SignedInVisit, form: Form): Promise<Change> {
    const { account } = visit.person;
    const said = words[visit.language];
    switch (form.text('act')) {
      case 'names': {
        const firstName = readName(form.text('first_name'));
        const lastName = readName(form.text('last_name'));
        if (firstName === undefined || lastName === undefined) return { fault: said.name };
        const language = languageOf(form.text('language')) ?? visit.language;
        await setProfile(database, { loginId: account.id, firstName, lastName, language });
        return { done: 'saved', account: { firstName, lastName, language } };
      }
      case 'picture': {
        const imageUrl = await pictures.set(account, form.file('picture'));
        return imageUrl === undefined
          ? { fault: said.badPicture }
          : { done: 'saved', account: { imageUrl } };
      }
      case 'no_picture':
        await pictures.remove(account);
        return { done: 'removed', account: { imageUrl: null } };
      case 'phone': {
        const phone = await phones.read(form.text('phone'));
        if (phone === undefined) return { fault: said.badPhone };
        await phones.ask(account, { phone, language: visit.language });
        return { done: 'codeSent' };
      }
      case 'code': {
        const phone = await phones.confirm(account, form.text('code'));
        return phone === undefined
          ? { fault: said.wrongCode }
          : { done: 'confirmed', account: { phone } };
      }
      case 'no_phone':
        await phones.remove(account);
        return { done: 'removed', account: { phone: null } };
      default:
        return {};
    }
  }

  return [
    {
      path: '/account/profile',
      longestFormBytes: longestPictureBytes + 16_384,
      get: whenSignedIn((visit) => show(visit, {})),
      post: whenSignedIn(act),
    },
    { path: '/account/picture/:id', get: (visit) => sendPicture(visit, database) },
  ];
}

/** For whoever has the address, as every user of a site is shown with it; nobody can guess it. */
async function sendPicture(visit: Visit, database: Database): Promise<'answered' | Page> {
  const { reply, language } = visit;
  const id = visit.param('id');
  const found = /^[0-9a-f-]{36}$/.test(id) ? await findImage(database, id) : undefined;
  if (found === undefined) return { title: words[language].title, status: 404, body: markup`` };
  await reply
    .headers({
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
    })
    .type(found.media_type)
    .send(found.image);
  return 'answered';
}
