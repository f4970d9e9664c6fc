/** Search over titles, headings, operations, errors and the texts of pages, answered by the server: it needs no script. */
import { errorNames, errorRow } from '#contract/errors';
import type { ApiFace } from './api-faces.ts';
import type { DocsContents } from './contents.ts';
import { deviceLinkAddress } from './device-link-page.ts';
import { escapeHtml, headingsOf } from './markdown.ts';

export type Place = {
  readonly page: string;
  readonly heading: string;
  readonly address: string;
  /** What is searched beside its name, in small letters. */
  readonly text?: string;
};

const most = 50;

/** The places that hold every word: those that are named so before those that only say so. */
export function findPlaces(places: readonly Place[], question: string): readonly Place[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const rank = ({ page, heading, text = '' }: Place): number => {
    const [title, part] = [page.toLowerCase(), heading.toLowerCase()];
    const holds = (where: string) => words.every((word) => where.includes(word));
    if (part === '' && holds(title)) return 1;
    if (holds(part)) return 2;
    if (holds(`${title} ${part}`)) return 3;
    return text !== '' && holds(`${title} ${part} ${text}`) ? 4 : 0;
  };
  return places
    .map((place) => ({ place, rank: rank(place) }))
    .filter((found) => found.rank > 0)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ place }) => place);
}

/** Everything there is to be found. */
export function placesOf({
  contents,
  faces,
}: {
  readonly contents: DocsContents;
  readonly faces: readonly ApiFace[];
}): readonly Place[] {
  // Decisions and tables of operations have a title only, and are most of the text there is to read through.
  const short: Place[] = [];
  const long: Place[] = [];
  for (const { file, title: page, address, text } of contents.pages.values())
    if (file.includes('/')) short.push({ page, heading: '', address });
    else
      long.push(
        ...headingsOf(text).map(({ level, text: heading, anchor }) =>
          level === 1
            ? { page, heading: '', address, text: text.toLowerCase() }
            : { page, heading, address: `${address}#${anchor}` },
        ),
      );
  const errors = errorNames.map((name) => {
    const { code, message } = errorRow(name);
    const address = `/docs/errors#${String(code)}`;
    const text = message.toLowerCase();
    return { page: 'Error reference', heading: `${String(code)} ${name}`, address, text };
  });
  const operations = faces.flatMap(({ key, title, operations: listed }) => [
    { page: `API reference: ${title}`, heading: '', address: `/docs/api/${key}` },
    ...listed.map(({ method, path, summary, anchor }) => ({
      page: `${title}: ${summary}`,
      heading: `${method} ${path}`,
      address: `/docs/api/${key}${anchor}`,
    })),
  ]);
  const link = { page: 'Device link messages', heading: '', address: deviceLinkAddress };
  return [...long, ...errors, ...operations, link, ...short];
}

/** What is shown for a question. */
export function foundHtml(places: readonly Place[], question: string): string {
  if (question.trim() === '')
    return '<h1>Search</h1><p>Type words of a title or text, an operation, or the number of an error.</p>';
  const items = places.map(
    ({ page, heading, address }) =>
      `<li><a href="${address}">${escapeHtml(heading === '' ? page : heading)}</a>${heading === '' ? '' : ` <span class="quiet">${escapeHtml(page)}</span>`}</li>`,
  );
  const said = places.length === 0 ? '<p>Nothing here has all of these words.</p>' : '';
  return `<h1>Search: ${escapeHtml(question)}</h1>${said}<ul>${items.join('')}</ul>`;
}
