/** What mails about removals of personal data say, in every language. Pure. */
import { dayText, type Words } from '#contract/languages';
import { oneLine, paragraphs, type MessageText } from './message-text.ts';

/** To the person: the site has forgotten them. */
export function removedTexts(siteName: string | null): Words<MessageText> {
  const [en, de] = [oneLine(siteName, 'a site'), oneLine(siteName, '')];
  return {
    en: {
      subject: `You were removed from ${en}`,
      text: `As you asked, ${en} has erased your keys, codes, phones and plates, and no longer knows who you are. None of them opens a door there any more.`,
    },
    de: {
      subject: `Sie wurden bei ${de === '' ? 'einem Standort' : de} entfernt`,
      text: `Wie gewünscht hat ${de === '' ? 'ein Standort' : de} Ihre Schlüssel, Codes, Telefone und Kennzeichen gelöscht und weiß nicht mehr, wer Sie sind. Nichts davon öffnet dort noch eine Tür.`,
    },
  };
}

/** To the person: the site has refused, in the words of whoever did. */
export function refusedTexts(siteName: string | null, reason: string): Words<MessageText> {
  const [en, name] = [oneLine(siteName, 'A site'), oneLine(siteName, '')];
  return {
    en: {
      subject: `${en} has refused to remove your data`,
      text: paragraphs(
        `You asked ${name === '' ? 'a site' : name} to remove your data. The answer is no, for this reason:`,
        reason,
      ),
    },
    de: {
      subject: `${name === '' ? 'Ein Standort' : name} hat die Löschung Ihrer Daten abgelehnt`,
      text: paragraphs(
        `Sie haben ${name === '' ? 'einen Standort' : name} gebeten, Ihre Daten zu löschen. Die Antwort ist nein, aus diesem Grund:`,
        reason,
      ),
    },
  };
}

/** To the person: the account is gone. */
export const accountRemovedTexts: Words<MessageText> = {
  en: {
    subject: 'Your account was deleted',
    text: 'As you asked, your account was deleted, and with it everything that sites knew of you. This is the last mail to you.',
  },
  de: {
    subject: 'Ihr Konto wurde gelöscht',
    text: 'Wie gewünscht wurde Ihr Konto gelöscht, und damit alles, was Standorte von Ihnen wussten. Dies ist die letzte Nachricht an Sie.',
  },
};

/** To the owner of a site: somebody asks to be forgotten. */
export function askedTexts({
  expiresAt,
  timeZone,
}: {
  readonly expiresAt: Date;
  readonly timeZone: string | null;
}): Words<MessageText> {
  return {
    en: {
      subject: 'Somebody asks to be removed from your site',
      text: paragraphs(
        'A user of your site asks that everything the site knows of them be erased. Their reason and your choices are under the requests for removal of the site.',
        `If nobody answers by ${dayText(expiresAt, { language: 'en', timeZone })}, it is carried out: the user, with all keys, codes, phones and plates, goes, and entries name nobody.`,
      ),
    },
    de: {
      subject: 'Jemand möchte von Ihrem Standort gelöscht werden',
      text: paragraphs(
        'Eine Person Ihres Standorts möchte, dass alles gelöscht wird, was der Standort von ihr weiß. Ihr Grund und Ihre Möglichkeiten stehen unter den Löschanträgen des Standorts.',
        `Wenn bis zum ${dayText(expiresAt, { language: 'de', timeZone })} niemand antwortet, wird es ausgeführt: Die Person geht mit allen Schlüsseln, Codes, Telefonen und Kennzeichen, und Zutritte nennen niemanden mehr.`,
      ),
    },
  };
}

/** To the owner of a site: somebody has deleted the own account. */
export const leftTexts: Words<MessageText> = {
  en: {
    subject: 'A user of your site has left',
    text: 'Somebody has deleted the own account. The user, with all keys, codes, phones and plates, is gone from your site, and entries name nobody.',
  },
  de: {
    subject: 'Eine Person hat Ihren Standort verlassen',
    text: 'Jemand hat das eigene Konto gelöscht. Die Person ist mit allen Schlüsseln, Codes, Telefonen und Kennzeichen von Ihrem Standort verschwunden, und Zutritte nennen niemanden mehr.',
  },
};
