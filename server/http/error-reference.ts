/** The error reference, made from the catalogue: the page of the docs and of the running server (errors.md rule 2). */
import { errorNames, errorRow } from '#contract/errors';

const retryText = {
  never: 'Do not repeat it unchanged',
  later: 'Try again later',
  'after-change': 'Try again after a change',
} as const;

/** The whole catalogue as Markdown. */
export function errorReferenceMarkdown(): string {
  const rows = errorNames.map((name) => {
    const row = errorRow(name);
    return [
      `## ${row.code} ${name}`,
      '',
      `> ${row.message}`,
      '',
      `| HTTP status | retry | effect |`,
      `| --- | --- | --- |`,
      `| ${row.statuses.join(', ')} | ${retryText[row.retry]} | ${row.effect} |`,
      '',
      `**Raised when:** ${row.raisedWhen}`,
      '',
      `**What to do:** ${row.whatToDo}`,
      '',
    ].join('\n');
  });
  return [
    '# Error reference',
    '',
    'Generated from contract/errors.ts. Every failed request carries `{"ErrorCode":"…","Message":"…"}`; with',
    '`Accept: application/problem+json` it carries problem details (RFC 9457) instead. An `effect` of `unknown` means the',
    'act may have happened: read the object again before repeating it.',
    '',
    ...rows,
  ].join('\n');
}

/** The same as a page of its own, one anchor a code. */
export function errorReferenceHtml(): string {
  const sections = errorNames.map((name) => {
    const row = errorRow(name);
    return `<section id="${row.code}"><h2><a href="#${row.code}">${row.code}</a> ${escapeHtml(name)}</h2>
<blockquote>${escapeHtml(row.message)}</blockquote>
<p><b>HTTP status</b> ${row.statuses.join(', ')} · <b>retry</b> ${retryText[row.retry]} · <b>effect</b> ${row.effect}</p>
<p><b>Raised when</b> ${escapeHtml(row.raisedWhen)}</p>
<p><b>What to do</b> ${escapeHtml(row.whatToDo)}</p></section>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cardea: error reference</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
blockquote{border-left:3px solid;margin:0;padding-left:1rem;opacity:.85}section{padding-bottom:1rem;border-bottom:1px solid #8884}
h2{margin-bottom:.5rem;overflow-wrap:anywhere}section:target{background:#fc03}</style></head>
<body><h1>Error reference</h1>
<p>Every failed request carries <code>{"ErrorCode":"…","Message":"…"}</code>; with <code>Accept: application/problem+json</code> it carries problem details (RFC 9457) instead.</p>
${sections.join('\n')}</body></html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
