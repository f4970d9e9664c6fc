/** What messages to people are made of. Pure. */

export type MessageText = {
  /** One line. */
  readonly subject: string;
  /** Paragraphs, divided by an empty line. */
  readonly text: string;
};

/** A name as one line: a line break or another control character would change the form of the message. */
export function oneLine(name: string | null, otherwise: string): string {
  const text = (name ?? '').replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return text === '' ? otherwise : text;
}

/** The text of a message of these paragraphs. */
export function paragraphs(...texts: readonly string[]): string {
  return texts.join('\n\n');
}
