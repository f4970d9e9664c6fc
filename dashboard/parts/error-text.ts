/** What failures of the API say, in another language than its own: loaded where they are asked for (docs/decisions/0305). */
import { errorRow, type ErrorName } from '#contract/errors';
import {
  errorAdviceApiWords,
  errorMeansApiWords,
  fieldApiWords,
  hubWordApiWords,
  thingApiWords,
} from '../words/errors.ts';
import { reasonApiWords } from '../words/reasons.ts';
import { filled, type Language, type Words } from '../words/words.ts';

export type ErrorText = {
  readonly meaning: string;
  readonly whatToDo: string;
  /** What nobody has put into this language: English, as the server sent it; else empty. */
  readonly rest: string;
};

/** `message`: as the API answers, its blanks filled in and a reason behind it. */
export function errorText(
  { name, message }: { readonly name: ErrorName; readonly message: string },
  language: Language,
): ErrorText {
  const whatToDo = errorAdviceApiWords[language][name];
  const found = new RegExp(
    `^${patternOf(errorRow(name).message)}(?:[.:]* (?<reason>.*))?$`,
    's',
  ).exec(message);
  const { reason = '', ...blanks } = found?.groups ?? { reason: message };
  const why = reasonText(reason, language);
  if (found === null && why !== undefined) return { meaning: why, whatToDo, rest: '' };
  const means = filled(errorMeansApiWords[language][name], blanksIn(blanks, language));
  return {
    meaning: [means, why ?? ''].join(' ').trim(),
    whatToDo,
    rest: why === undefined ? reason : '',
  };
}

/** A reason, or several sentences of them; undefined for one that is not known here. */
function reasonText(reason: string, language: Language): string | undefined {
  if (reason === '') return '';
  const texts: Readonly<Record<string, string>> = reasonApiWords[language];
  const exact = texts[reason];
  if (exact !== undefined) return exact;
  const sentences = reason.split(/(?<=\.) (?=[A-Z])/);
  if (sentences.length === 1) return patternText(reason, texts);
  const all = sentences.map((sentence) => reasonText(sentence, language));
  return all.includes(undefined) ? patternText(reason, texts) : all.join(' ');
}

/** Of several texts with blanks that fit, the one that says most itself. */
function patternText(reason: string, texts: Readonly<Record<string, string>>): string | undefined {
  const fitting = Object.entries(texts).flatMap(([english, text]) => {
    if (!english.includes('{')) return [];
    const found = new RegExp(`^${patternOf(english)}$`, 's').exec(reason);
    return found === null ? [] : [{ length: english.length, text, blanks: found.groups ?? {} }];
  });
  const best = fitting.sort((one, other) => other.length - one.length)[0];
  return best && filled(best.text, best.blanks);
}

/** A text with blanks as a pattern that finds them. */
function patternOf(text: string): string {
  return text
    .replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\{(\w+)\}/g, '(?<$1>.+?)');
}

/** What was filled in, as far as it is a word itself. */
function blanksIn(
  { parameterName, Thing, word, ...others }: Readonly<Record<string, string>>,
  language: Language,
): Readonly<Record<string, string>> {
  return {
    ...others,
    ...(parameterName === undefined
      ? {}
      : { parameterName: wordIn(fieldApiWords, parameterName, language) }),
    ...(Thing === undefined ? {} : { Thing: wordIn(thingApiWords, Thing, language) }),
    ...(word === undefined ? {} : { word: wordIn(hubWordApiWords, word, language) }),
  };
}

function wordIn(words: Words<string>, word: string, language: Language): string {
  const texts: Readonly<Record<string, string | undefined>> = words[language];
  return texts[word] ?? word;
}
