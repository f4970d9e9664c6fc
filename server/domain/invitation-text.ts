/** What an invitation says. Pure: names go in, as one line each. */
import type { Language, Words } from '#contract/languages';
import { oneLine, paragraphs, type MessageText } from './message-text.ts';

export type InvitationText = MessageText & {
  /** What may lie where others read it. */
  readonly textWithoutLink: string;
};

type Invited = {
  readonly siteName: string | null;
  readonly inviterName: string;
  readonly language: Language;
  readonly days: number;
  readonly link: string;
};

/** The mail of an invitation. */
export function invitationText({
  siteName,
  inviterName,
  language,
  days,
  link,
}: Invited): InvitationText {
  const said = words[language];
  const site = oneLine(siteName, said.site);
  const inviter = oneLine(inviterName, said.somebody);
  const say = (middle: readonly string[]): string =>
    paragraphs(said.invited(inviter, site), ...middle, said.ignore);
  return {
    subject: said.subject(site),
    text: say([said.follow(days), link]),
    textWithoutLink: say([]),
  };
}

type InvitationWords = {
  readonly site: string;
  readonly somebody: string;
  readonly subject: (site: string) => string;
  readonly invited: (inviter: string, site: string) => string;
  readonly follow: (days: number) => string;
  readonly ignore: string;
};

const words: Words<InvitationWords> = {
  en: {
    site: 'a site',
    somebody: 'Somebody',
    subject: (site) => `You are invited to ${site}`,
    invited: (inviter, site) =>
      `${inviter} invites you to ${site}, so that you can open its doors.`,
    follow: (days) =>
      `To accept or decline, follow this link within ${days === 1 ? 'a day' : `${days} days`}:`,
    ignore: 'If you do not know what this is about, you can leave it: nothing happens without you.',
  },
  de: {
    site: 'einem Standort',
    somebody: 'Jemand',
    subject: (site) => `Sie sind zu ${site} eingeladen`,
    invited: (inviter, site) =>
      `${inviter} lädt Sie zu ${site} ein, damit Sie dort Türen öffnen können.`,
    follow: (days) =>
      `Zum Annehmen oder Ablehnen folgen Sie ${days === 1 ? 'innerhalb eines Tages' : `innerhalb von ${days} Tagen`} diesem Link:`,
    ignore:
      'Wenn Sie nicht wissen, worum es geht, können Sie diese Nachricht liegen lassen: Ohne Sie geschieht nichts.',
  },
};
