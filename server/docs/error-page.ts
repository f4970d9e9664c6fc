/** The error reference of the running server: what each number means, how to meet it in the demo building, and what to do. */
import { errorNames, errorRow, type ErrorName } from '#contract/errors';
import { commandsOf, meetings, preparation } from '#server/http/error-meetings';
import { operationsOf, raisedNever, retryText, type RaisedBy } from '#server/http/error-reference';
import { codeHtml, escapeHtml } from './markdown.ts';

/** One section a code, whose anchor is the number. */
export function errorPageHtml(raised: RaisedBy): string {
  const rows = errorNames.map((name) => {
    const { code, message } = errorRow(name);
    return `<tr><td><a href="#${String(code)}">${String(code)}</a></td><td>${name}</td><td>${escapeHtml(message)}</td></tr>`;
  });
  return `<h1>Error reference</h1>
<p>Every failed request carries <code>{"ErrorCode":"…","Message":"…"}</code>; with <code>Accept: application/problem+json</code> it carries
problem details (RFC 9457), whose <code>type</code> leads here. An effect of <b>unknown</b> means that the act may have happened: read the
object again before you repeat it.</p>
<p>Each can be met in the <a href="#simulator">demo building</a>.</p>
<div class="scroll" role="region" aria-label="All errors" tabindex="0"><table class="errors"><thead><tr><th>code</th><th>name</th><th>message</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
${errorNames.map((name) => sectionHtml(name, raised)).join('\n')}
<section id="simulator"><h2>To meet them in the simulator</h2>
<p>The commands above begin with these, beside <code>npm start</code>:</p>
${codeHtml(preparation.join('\n'), 'sh')}</section>`;
}

function sectionHtml(name: ErrorName, raised: RaisedBy): string {
  const row = errorRow(name);
  const code = String(row.code);
  return `<section id="${code}"><h2><a href="#${code}">${code}</a> ${name}</h2>
<blockquote>${escapeHtml(row.message)}</blockquote>
<p><b>Raised when</b> ${escapeHtml(row.raisedWhen)}</p>
<p><b>What to do</b> ${escapeHtml(row.whatToDo)}</p>
<p><b>HTTP status</b> ${row.statuses.join(', ')} · <b>retry</b> ${retryText[row.retry]} · <b>effect</b> ${row.effect}</p>
<details><summary>Meet it in the simulator</summary><p>${escapeHtml(meetings[name].cause)} The commands begin with <a href="#simulator">these</a>.</p>
${codeHtml(commandsOf(meetings[name]).join('\n'), 'sh')}</details>
${operationsHtml(operationsOf(row.code, raised))}</section>`;
}

function operationsHtml(operations: readonly string[] | null): string {
  if (operations === null) return '<p><b>Raised by</b> every operation</p>';
  if (operations.length === 0) return `<p><b>Raised by</b> ${raisedNever}</p>`;
  const items = operations.map((operation) => `<li><code>${escapeHtml(operation)}</code></li>`);
  return `<details><summary>Raised by ${String(operations.length)} operations</summary><ul>${items.join('')}</ul></details>`;
}
