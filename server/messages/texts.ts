/** What messages about events say, in the language of who is told, and how they look. Pure: names go in, and nowhere else. */
import type { IncidentCategory } from '#contract/events';
import { wallText, type Language } from '#contract/languages';
import { oneLine, paragraphs, type MessageText } from '#server/domain/message-text';
import type { TellableEvent } from '#server/store/message-events';
import { eventWords } from './event-words.ts';

/** The message of an event; `leftOut` events of the same kind at the same place came since the last message and have none. */
export function textOf(
  event: TellableEvent,
  { language, leftOut }: { readonly language: Language; readonly leftOut: number },
): MessageText {
  const words = eventWords[language];
  const { subject, sentence } = saidOf(event, language);
  const more = leftOut === 0 ? [] : [words.more(leftOut)];
  const where = [
    words.when(wallText(event.local, { language })),
    ...named(words.labels.door, event.lock_name),
    ...named(words.labels.hub, event.iq_name),
    ...named(words.labels.site, event.site_name),
  ];
  return { subject, text: paragraphs(sentence, ...more, where.join('\n')) };
}

type Said = { readonly subject: string; readonly sentence: string };

function saidOf(event: TellableEvent, language: Language): Said {
  const words = eventWords[language];
  const { nameless, namelessWithin } = words;
  const place =
    event.lock_id === null
      ? oneLine(event.iq_name, nameless.hub)
      : oneLine(event.lock_name, nameless.door);
  const means = wordOf(words.means, event.access_by) ?? '';
  switch (event.category) {
    case 'lock_opened': {
      const opened = (): string => {
        const door = oneLine(event.lock_name, namelessWithin.door);
        return words.wasOpened(personOf(event, nameless.person), door, means);
      };
      return {
        subject: `${place}: ${words.opened}`,
        sentence: event.exit_requested ? words.wasLeft(place) : opened(),
      };
    }
    case 'lock_rejected': {
      const reason = wordOf(words.reasons, event.reject_reason) ?? words.noReason;
      const by = { place, means, reason };
      return {
        subject: `${place}: ${words.refused}`,
        sentence: words.wasRefused(personOf(event, namelessWithin.person), by),
      };
    }
    case 'easy_office_mode':
    case 'office_mode':
    case 'privacy_mode':
      return incidentOf('unknown');
    default:
      return incidentOf(event.category);
  }

  function incidentOf(category: IncidentCategory): Said {
    const { subject, sentence } = words.incidents[category];
    const detail = wordOf(words.details, event.detail) ?? oneLine(event.detail, '');
    const note = detail === '' ? '' : ` (${detail})`;
    return { subject: `${place}: ${subject}`, sentence: `${place} ${sentence}${note}.` };
  }
}

function wordOf(words: Readonly<Record<string, string>>, word: string | null): string | undefined {
  return word !== null && Object.hasOwn(words, word) ? words[word] : undefined;
}

function named(what: string, name: string | null): string[] {
  const text = oneLine(name, '');
  return text === '' ? [] : [`${what}: ${text}`];
}

function personOf(
  { first_name: first, last_name: last, alias }: TellableEvent,
  nameless: string,
): string {
  return oneLine(`${first ?? ''} ${last ?? ''}`, oneLine(alias, nameless));
}

/** The same text as an HTML page that a screen reader reads well: one heading, paragraphs, nothing else. `language` null = it is not known. */
export function htmlOf(
  { subject, text }: MessageText,
  { language }: { readonly language: Language | null },
): string {
  const body = text
    .split('\n\n')
    .map((paragraph) => `<p>${lineHtml(paragraph)}</p>`)
    .join('\n');
  return `<!doctype html>
<html${language === null ? '' : ` lang="${language}"`}>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(subject)}</title></head>
<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1a1a1a; background: #ffffff;">
<h1 style="font-size: 20px;">${escaped(subject)}</h1>
${body}
</body>
</html>
`;
}

/** A paragraph that is nothing but an address of ours can be followed; one within a text might be somebody's name. */
function lineHtml(paragraph: string): string {
  const text = escaped(paragraph).replaceAll('\n', '<br>');
  return /^https?:\/\/\S+$/.test(paragraph) ? `<a href="${text}">${text}</a>` : text;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const longestSms = 300;

/** The beginning of a message as one line, for channels that take no more. */
export function lineOf({ text }: MessageText): string {
  const line = text.split('\n\n').join(' ').replaceAll('\n', ', ');
  const characters = Array.from(line);
  return characters.length <= longestSms
    ? line
    : `${characters.slice(0, longestSms - 1).join('')}…`;
}
