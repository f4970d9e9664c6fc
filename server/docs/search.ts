/** Search over titles and headings, answered by the server: it needs no script. */
export type Place = {
  readonly page: string;
  readonly heading: string;
  readonly address: string;
};

const most = 50;

/** The places that hold every word, those whose page is named so first. */
export function findPlaces(places: readonly Place[], question: string): readonly Place[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const rank = ({ page, heading }: Place): number => {
    const [title, part] = [page.toLowerCase(), heading.toLowerCase()];
    const holds = (text: string) => words.every((word) => text.includes(word));
    if (part === '' && holds(title)) return 1;
    if (holds(part)) return 2;
    return holds(`${title} ${part}`) ? 3 : 0;
  };
  return places
    .map((place) => ({ place, rank: rank(place) }))
    .filter((found) => found.rank > 0)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ place }) => place);
}
