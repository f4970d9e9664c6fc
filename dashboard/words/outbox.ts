import { words } from './words.ts';

export const outboxWords = words({
  en: {
    lead: 'Letters and messages about accounts, of the whole installation',
    empty: 'No letters yet',
    emptyHelp:
      'Invitations to confirm an address, new passwords and warnings about sign-ins appear here. Without a mail server they stay here, and you can hand them on yourself.',
    when: 'When',
    to: 'To',
    subject: 'Subject',
    state: 'State',
    attempts: 'Attempts',
    read: 'Read',
    readLetter: 'Read the letter to {address}',
  },
  de: {
    lead: 'Briefe und Nachrichten über Konten, der ganzen Installation',
    empty: 'Noch keine Briefe',
    emptyHelp:
      'Bestätigungen von Adressen, neue Passwörter und Warnungen über Anmeldungen erscheinen hier. Ohne Mailserver bleiben sie hier, und Sie können sie selbst weitergeben.',
    when: 'Wann',
    to: 'An',
    subject: 'Betreff',
    state: 'Zustand',
    attempts: 'Versuche',
    read: 'Lesen',
    readLetter: 'Den Brief an {address} lesen',
  },
});

export const letterStateApiWords = words({
  en: { waiting: 'Waiting', delivered: 'Sent', failed: 'Lost', outbox: 'Kept here' },
  de: { waiting: 'Wartet', delivered: 'Gesendet', failed: 'Verloren', outbox: 'Liegt hier' },
});
