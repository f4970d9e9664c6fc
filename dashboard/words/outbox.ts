import type { MessageState } from '#contract/messages';
import { words } from './words.ts';

export const outboxWords = words({
  en: {
    lead: 'Letters and messages about accounts, of the whole installation',
    siteLead: 'What this site has told people by mail, text message or app',
    siteEmpty: 'Nothing has been told yet',
    siteEmptyHelp:
      'Invitations, PINs and what message rules say appear here. Without a mail server they stay here, and you can hand them on yourself.',
    taken: 'The provider has taken it over; its text may hold a secret and is not kept.',
    channel: 'By',
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
    siteLead: 'Was dieser Standort Personen per E-Mail, SMS oder App gesagt hat',
    siteEmpty: 'Noch nichts wurde gesagt',
    siteEmptyHelp:
      'Einladungen, PINs und was Nachrichtenregeln sagen erscheinen hier. Ohne Mailserver bleiben sie hier, und Sie können sie selbst weitergeben.',
    taken:
      'Der Anbieter hat sie übernommen; ihr Text kann ein Geheimnis enthalten und bleibt nicht hier.',
    channel: 'Weg',
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

export const letterStateApiWords = words<MessageState>({
  en: {
    waiting: 'Waiting',
    delivered: 'Sent',
    failed: 'Lost',
    withheld: 'Not sent',
    outbox: 'Kept here',
  },
  de: {
    waiting: 'Wartet',
    delivered: 'Gesendet',
    failed: 'Verloren',
    withheld: 'Nicht gesendet',
    outbox: 'Liegt hier',
  },
});

export const channelApiWords = words({
  en: { mail: 'Mail', sms: 'Text message', push: 'App' },
  de: { mail: 'E-Mail', sms: 'SMS', push: 'App' },
});
