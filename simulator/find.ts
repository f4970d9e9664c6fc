/** Things of a building by what people call them: id, mac, code or name, in any letter case. */

export type Named = { readonly id: string; readonly name: string; readonly mac: string };

/** Nothing in the building is called that; `known` are the names there are. */
export class NotInBuilding extends Error {
  override readonly name = 'NotInBuilding';
  readonly known: readonly string[];

  constructor(kind: string, wanted: string, known: readonly string[]) {
    super(`there is no ${kind} "${wanted}" in this building`);
    this.known = known;
  }
}

/** Makes a search over things that stay; it throws NotInBuilding. */
export function finderOf<Thing extends Named>(
  kind: string,
  things: readonly Thing[],
): (wanted: string) => Thing {
  const byWord = new Map<string, Thing>();
  for (const thing of things) {
    for (const word of [thing.id, plain(thing.mac), thing.name.toLowerCase()]) {
      if (!byWord.has(word)) byWord.set(word, thing);
    }
  }
  return (wanted) => {
    const found = byWord.get(wanted.toLowerCase()) ?? byWord.get(plain(wanted));
    if (found) return found;
    throw new NotInBuilding(
      kind,
      wanted,
      things.map((thing) => thing.name),
    );
  };
}

function plain(mac: string): string {
  return mac.toLowerCase().replaceAll(/[.:\-\s]/g, '');
}
