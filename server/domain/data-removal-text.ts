/** What mails about removals of personal data say, in the language of the person. Pure. */

type Text = { readonly subject: string; readonly text: string };

type Words = {
  readonly site: string;
  readonly carriedOut: (site: string) => Text;
  readonly refused: (site: string, reason: string) => Text;
  readonly accountRemoved: Text;
};

const english: Words = {
  site: 'a site',
  carriedOut: (site) => ({
    subject: `You were removed from ${site}`,
    text: `As you asked, ${site} has erased your keys, codes, phones and plates, and no longer knows who you are. None of them opens a door there any more.`,
  }),
  refused: (site, reason) => ({
    subject: `${site} has refused to remove your data`,
    text: `You asked ${site} to remove your data. The answer is no, for this reason:\n\n${reason}`,
  }),
  accountRemoved: {
    subject: 'Your account was deleted',
    text: 'As you asked, your account was deleted, and with it everything that sites knew of you. This is the last mail to you.',
  },
};

const german: Words = {
  site: 'ein Standort',
  carriedOut: (site) => ({
    subject: `Sie wurden bei ${site} entfernt`,
    text: `Wie gewünscht hat ${site} Ihre Schlüssel, Codes, Telefone und Kennzeichen gelöscht und weiß nicht mehr, wer Sie sind. Nichts davon öffnet dort noch eine Tür.`,
  }),
  refused: (site, reason) => ({
    subject: `${site} hat die Löschung Ihrer Daten abgelehnt`,
    text: `Sie haben ${site} gebeten, Ihre Daten zu löschen. Die Antwort ist nein, aus diesem Grund:\n\n${reason}`,
  }),
  accountRemoved: {
    subject: 'Ihr Konto wurde gelöscht',
    text: 'Wie gewünscht wurde Ihr Konto gelöscht, und damit alles, was Standorte von Ihnen wussten. Dies ist die letzte Nachricht an Sie.',
  },
};

export type Addressee = { readonly language: string | null; readonly siteName?: string | null };

function wordsFor({ language }: Addressee): Words {
  return language?.toLowerCase().split('-')[0] === 'de' ? german : english;
}

function siteOf({ siteName = null }: Addressee, words: Words): string {
  const text = (siteName ?? '').replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return text === '' ? words.site : text;
}

export function removedText(to: Addressee): Text {
  const words = wordsFor(to);
  return words.carriedOut(siteOf(to, words));
}

export function refusedText(to: Addressee, reason: string): Text {
  const words = wordsFor(to);
  return words.refused(siteOf(to, words), reason);
}

export function accountRemovedText(to: Addressee): Text {
  return wordsFor(to).accountRemoved;
}
