/** Language of the screen, and instants in words. */
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import { filled, languages, type Language, type Words } from '../words/words.ts';

const key = 'cardea.language';
type Choice = { readonly language: Language; readonly choose: (language: Language) => void };
const Chosen = createContext<Choice>({ language: 'en', choose: () => undefined });

/** What somebody has chosen in this browser, if anything; the sign-in page follows it. */
export function chosenLanguage(): string | null {
  return localStorage.getItem(key);
}

/** What was chosen here before, else the browser's wish, else English. */
function firstLanguage(): Language {
  const wishes = [chosenLanguage(), ...navigator.languages];
  const codes = wishes.map((wish) => wish?.slice(0, 2));
  return codes.flatMap((code) => languages.filter((known) => known === code))[0] ?? 'en';
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(() => {
    const first = firstLanguage();
    document.documentElement.lang = first;
    return first;
  });
  const choice = useMemo(
    () => ({
      language,
      choose(chosen: Language) {
        localStorage.setItem(key, chosen);
        document.documentElement.lang = chosen;
        setLanguage(chosen);
      },
    }),
    [language],
  );
  return <Chosen.Provider value={choice}>{children}</Chosen.Provider>;
}

export function useLanguage(): Choice {
  return useContext(Chosen);
}

export type Say<Key extends string> = (
  key: Key,
  blanks?: Readonly<Record<string, string | number>>,
) => string;

/** The texts of a page in the language of the screen. */
export function useWords<Key extends string>(words: Words<Key>): Say<Key> {
  const { language } = useLanguage();
  return useMemo(() => {
    const texts = words[language];
    return (key, blanks = {}) => filled(texts[key], blanks);
  }, [language, words]);
}

/**
 * The text of a word of the API (a state, a category), from a dictionary whose keys are those words; a word that a later server may
 * send shows as it came.
 */
export function useApiWords(words: Words<string>): (word: string | null | undefined) => string {
  const { language } = useLanguage();
  return useMemo(() => {
    const texts: Readonly<Record<string, string | undefined>> = words[language];
    return (word) => (word ? (texts[word] ?? word.replaceAll('_', ' ')) : '');
  }, [language, words]);
}
