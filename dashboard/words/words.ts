/** Texts of the screen in every language, typed: a key that one language lacks does not compile (docs/dashboard.md). */

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** The texts of one page or part. `{name}` in a text is filled in. */
export type Words<Key extends string> = Readonly<Record<Language, Readonly<Record<Key, string>>>>;

/** Every language has the keys of the first. */
export function words<const Key extends string>(texts: {
  readonly en: Readonly<Record<Key, string>>;
  readonly de: Readonly<Record<NoInfer<Key>, string>>;
}): Words<Key> {
  return texts;
}

/** A text with its blanks filled in. */
export function filled(text: string, blanks: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(blanks[name] ?? whole));
}
