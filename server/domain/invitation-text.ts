/** What an invitation says. Pure: names go in, as one line each. */

export type InvitationText = {
  readonly subject: string;
  readonly text: string;
  /** What may lie where others read it. */
  readonly textWithoutLink: string;
};

type Invited = {
  readonly siteName: string | null;
  readonly inviterName: string;
  readonly language: string | null;
  readonly days: number;
  readonly link: string;
};

/** The mail of an invitation in the language of the person, else in English. */
export function invitationText({
  siteName,
  inviterName,
  language,
  days,
  link,
}: Invited): InvitationText {
  const words = wordsOf(language);
  const site = plain(siteName, words.site);
  const inviter = plain(inviterName, words.somebody);
  const say = (middle: readonly string[]): string =>
    [words.invited(inviter, site), ...middle, words.ignore].join('\n\n');
  return {
    subject: words.subject(site),
    text: say([words.follow(days), link]),
    textWithoutLink: say([]),
  };
}

type Words = {
  readonly site: string;
  readonly somebody: string;
  readonly subject: (site: string) => string;
  readonly invited: (inviter: string, site: string) => string;
  readonly follow: (days: number) => string;
  readonly ignore: string;
};

const english: Words = {
  site: 'a site',
  somebody: 'Somebody',
  subject: (site) => `You are invited to ${site}`,
  invited: (inviter, site) => `${inviter} invites you to ${site}, so that you can open its doors.`,
  follow: (days) =>
    `To accept or decline, follow this link within ${days === 1 ? 'a day' : `${days} days`}:`,
  ignore: 'If you do not know what this is about, you can leave it: nothing happens without you.',
};

const german: Words = {
  site: 'einem Standort',
  somebody: 'Jemand',
  subject: (site) => `Sie sind zu ${site} eingeladen`,
  invited: (inviter, site) =>
    `${inviter} lädt Sie zu ${site} ein, damit Sie dort Türen öffnen können.`,
  follow: (days) =>
    `Zum Annehmen oder Ablehnen folgen Sie ${days === 1 ? 'innerhalb eines Tages' : `innerhalb von ${days} Tagen`} diesem Link:`,
  ignore:
    'Wenn Sie nicht wissen, worum es geht, können Sie diese Nachricht liegen lassen: Ohne Sie geschieht nichts.',
};

function wordsOf(language: string | null): Words {
  return language?.toLowerCase().split('-')[0] === 'de' ? german : english;
}

/** A name as one line: a line break or another control character would change the form of the message. */
function plain(name: string | null, otherwise: string): string {
  const text = (name ?? '').replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return text === '' ? otherwise : text;
}
