import { createRequire } from 'node:module';

/** What is used of highlight.js. */
type Highlighter = {
  getLanguage(name: string): unknown;
  highlight(code: string, options: { readonly language: string }): { readonly value: string };
};

// Its own types bring the whole DOM along, under which types of the server mean something else; so it is not imported by them.
const load = createRequire(import.meta.url);

/** highlight.js with the languages that are written most. */
export const highlighter = load('highlight.js/lib/common') as Highlighter;
