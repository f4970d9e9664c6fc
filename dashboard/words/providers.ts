import { words } from './words.ts';

/** Identity providers outside. */
export const providerWords = words({
  en: {
    lead: 'Companies and services whose accounts people may sign in with',
    empty: 'People sign in with their account here',
    emptyHelp:
      'Where a company has a sign-in of its own (Microsoft Entra, Google, Keycloak), its people sign in here with it, too. It is added once, as an OpenID Connect provider; nobody is made by it, each person needs an account here with the same e-mail.',
    add: 'Add a provider',
    addLead:
      'Register this server there as a web application first; you get a client id and a secret. The address to come back to is shown here afterwards, to be written there.',
    name: 'Name on the button',
    nameHelp: 'The sign-in page offers it by this name.',
    id: 'Short name',
    idHelp: 'Small letters, digits and dashes. Tokens say it, and it stays.',
    issuer: 'Address of the provider',
    issuerHelp: 'Its issuer, as https://login.example.com; what lies below is found by itself.',
    clientId: 'Client id there',
    secret: 'Secret there',
    secretKeep: 'Leave it empty to keep the present one.',
    added: '{name} is on the sign-in page.',
    back: 'To be registered there: the address to come back to',
    change: 'Change',
    changeName: 'Change {name}',
    saved: 'Saved. It counts for the next sign-in.',
    remove: 'Remove',
    removeName: 'Remove {name}',
    removeEffect:
      'The button goes, and nobody signs in by it any more. Who is signed in stays so. People keep their accounts here: who has no password sets one by "Forgotten password".',
    removed: '{name} is gone.',
    since: 'Since {at}',
  },
  de: {
    lead: 'Firmen und Dienste, mit deren Konten sich Personen anmelden dürfen',
    empty: 'Personen melden sich mit ihrem Konto hier an',
    emptyHelp:
      'Hat eine Firma eine eigene Anmeldung (Microsoft Entra, Google, Keycloak), so melden sich ihre Leute auch hier damit an. Sie wird einmal als OpenID-Connect-Anbieter hinzugefügt; niemand entsteht dadurch, jede Person braucht hier ein Konto mit derselben E-Mail.',
    add: 'Anbieter hinzufügen',
    addLead:
      'Melden Sie diesen Server zuerst dort als Webanwendung an; Sie bekommen eine Client-Id und ein Geheimnis. Die Adresse für den Rückweg steht danach hier, um sie dort einzutragen.',
    name: 'Name auf dem Knopf',
    nameHelp: 'Unter diesem Namen bietet ihn die Anmeldeseite an.',
    id: 'Kurzname',
    idHelp: 'Kleine Buchstaben, Ziffern und Bindestriche. Er steht in Tokens und bleibt.',
    issuer: 'Adresse des Anbieters',
    issuerHelp:
      'Sein Issuer, etwa https://login.example.com; was darunter liegt, findet sich von selbst.',
    clientId: 'Client-Id dort',
    secret: 'Geheimnis dort',
    secretKeep: 'Leer lassen, um das jetzige zu behalten.',
    added: '{name} steht auf der Anmeldeseite.',
    back: 'Dort einzutragen: die Adresse für den Rückweg',
    change: 'Ändern',
    changeName: '{name} ändern',
    saved: 'Gespeichert. Es gilt für die nächste Anmeldung.',
    remove: 'Entfernen',
    removeName: '{name} entfernen',
    removeEffect:
      'Der Knopf verschwindet, und niemand meldet sich mehr damit an. Wer angemeldet ist, bleibt es. Die Konten hier bleiben: wer kein Passwort hat, setzt eines über „Passwort vergessen“.',
    removed: '{name} ist weg.',
    since: 'Seit {at}',
  },
});
