/** Files of docs/ as HTML: links lead to the pages of the server, code is coloured, headings have anchors. */
import MarkdownIt from 'markdown-it';
import { highlighter } from './highlighter.ts';

export type Heading = { readonly level: number; readonly text: string; readonly anchor: string };
export type Rendered = { readonly html: string; readonly headings: readonly Heading[] };

const markdown = new MarkdownIt({ html: false, linkify: false });
const { escapeHtml } = markdown.utils;
export { escapeHtml };

function coloured(code: string, language: string): string {
  if (highlighter.getLanguage(language) === undefined) return escapeHtml(code);
  return highlighter.highlight(code, { language }).value;
}

const languageNames: Readonly<Record<string, string>> = {
  bash: 'Shell',
  sh: 'Shell',
  ts: 'TypeScript',
  tsx: 'TypeScript',
  js: 'JavaScript',
  python: 'Python',
  php: 'PHP',
  json: 'JSON',
  sql: 'SQL',
  yaml: 'YAML',
};

/** Code in colours below its language; the page's script puts a button beside that which copies it. */
export function codeHtml(code: string, language: string): string {
  const name = languageNames[language] ?? '';
  return `<div class="code"><div class="code-head"><span>${name}</span></div><pre tabindex="0"><code>${coloured(code, language)}</code></pre></div>\n`;
}

// What scrolls sideways is reached by keyboard too.
markdown.renderer.rules['table_open'] = () =>
  '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>\n';
markdown.renderer.rules['table_close'] = () => '</table></div>\n';
markdown.renderer.rules['fence'] = (tokens, index) =>
  codeHtml(tokens[index]?.content ?? '', tokens[index]?.info.split(' ')[0] ?? '');
markdown.renderer.rules['code_block'] = (tokens, index) =>
  codeHtml(tokens[index]?.content ?? '', '');

type Token = ReturnType<typeof markdown.parse>[number];

/** Renders a page; `addressOf` says where a link leads, null = it becomes plain text. */
export function renderMarkdown(text: string, addressOf: (link: string) => string | null): Rendered {
  const tokens = markdown.parse(text, {});
  const headings = layAnchors(tokens);
  for (const { children } of tokens) if (children !== null) leadLinks(children, addressOf);
  return { html: markdown.renderer.render(tokens, markdown.options, {}), headings };
}

/** The headings alone, without the work of colouring code. */
export function headingsOf(text: string): readonly Heading[] {
  return layAnchors(markdown.parse(text, {}));
}

function layAnchors(tokens: readonly Token[]): readonly Heading[] {
  const taken = new Map<string, number>();
  const headings: Heading[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'heading_open') continue;
    const text = (tokens[index + 1]?.content ?? '').replaceAll(/[`*]/g, '');
    const plain = anchorOf(text);
    const count = taken.get(plain) ?? 0;
    taken.set(plain, count + 1);
    const anchor = count === 0 ? plain : `${plain}-${String(count)}`;
    token.attrSet('id', anchor);
    headings.push({ level: Number(token.tag.slice(1)), text, anchor });
  }
  return headings;
}

/** As the code hosts do it, so that links to headings work in both places. */
function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

function leadLinks(tokens: Token[], addressOf: (link: string) => string | null): void {
  let isPlain = false;
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const address = addressOf(String(token.attrGet('href') ?? ''));
      isPlain = address === null;
      if (address !== null) token.attrSet('href', address);
    }
    if (!isPlain || !/^link_(open|close)$/.test(token.type)) continue;
    if (token.type === 'link_close') isPlain = false;
    token.type = 'text';
    token.tag = '';
    token.nesting = 0;
    token.content = '';
  }
}
