/**
 * `application/x-www-form-urlencoded` bodies as the JSON they stand for (core-api.md 2): `a=1`, lists as `ids=..&ids=..`,
 * `ids[]=..` or `ids[0]=..`, objects in lists as `items[0].id=..` or `items[0][id]=..`. Values stay text; body.ts gives them types.
 */
export type FormNode = string | string[] | Map<string, FormNode>;

/** Deeper nesting than any contract has is refused rather than built. */
const deepest = 8;

/** Returns the tree, or null when a name nests too deep to mean anything. */
export function readForm(text: string): Map<string, FormNode> | null {
  const root = new Map<string, FormNode>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const cut = pair.indexOf('=');
    const name = decode(cut < 0 ? pair : pair.slice(0, cut));
    const value = cut < 0 ? '' : decode(pair.slice(cut + 1));
    const path = pathOf(name);
    if (path.length > deepest) return null;
    put(root, path, value);
  }
  return root;
}

/** Letter case is free in names, so that `Items[0]` and `items[1]` are one list. */
function pathOf(name: string): string[] {
  const parts = [];
  for (const match of name.matchAll(/[^.[\]]+|\[\]/g)) parts.push(match[0].toLowerCase());
  return parts;
}

function put(root: Map<string, FormNode>, path: readonly string[], value: string): void {
  let node = root;
  for (const [depth, part] of path.entries()) {
    const isLast = depth === path.length - 1;
    const isList = path[depth + 1] === '[]' && depth === path.length - 2;
    if (isLast || isList) {
      const present = node.get(part);
      if (!isList && present === undefined) node.set(part, value);
      else node.set(part, [...listOf(present), value]);
      return;
    }
    const next = node.get(part);
    if (next instanceof Map) {
      node = next;
      continue;
    }
    const made = new Map<string, FormNode>();
    node.set(part, made);
    node = made;
  }
}

function listOf(node: FormNode | undefined): string[] {
  if (node === undefined || node instanceof Map) return [];
  return typeof node === 'string' ? [node] : node;
}

/** `+` is a blank; a broken `%` sequence is read literally. */
function decode(text: string): string {
  const blanks = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(blanks);
  } catch {
    return blanks;
  }
}
