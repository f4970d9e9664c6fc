/** The device link as a page to read: every channel, its message, its members and an example, from the AsyncAPI description. */
import { deviceLinkDescription } from './device-link-description.ts';
import { codeHtml, escapeHtml } from './markdown.ts';
import { fieldsOf, type FieldRow } from './schema-fields.ts';

export const deviceLinkAddress = '/docs/device-link-messages';
const yaml = '/docs/device-link.asyncapi.yaml';

/** Renders its text; `guide` = docs/device-link.md, whose blocks `json <message>` are the examples. */
export function deviceLinkHtml(guide: string): string {
  const description = deviceLinkDescription();
  const names = Object.keys(description.channels);
  const channels = new Map(Object.entries(description.channels));
  const operations = new Map(Object.entries(description.operations));
  const schemas = new Map(Object.entries(description.components.schemas));
  const isUp = (name: string): boolean => operations.get(name)?.action === 'receive';
  const section = (name: string): string => {
    const operation = operations.get(name);
    const fields = fieldsOf(schemas.get(name) ?? {});
    const example = exampleOf(guide, name);
    return `<section id="${name}"><h2><a href="#${name}">${name}</a></h2>
<p>${escapeHtml(operation?.summary ?? '')}</p>
<p>${isUp(name) ? 'Hub → gateway' : 'Gateway → hub'} · <code>${escapeHtml(channels.get(name)?.address ?? '')}</code> · quality of service ${String(operation?.bindings.mqtt.qos ?? '')}</p>
${fieldsHtml(fields, name)}
${example === undefined ? '' : `<details><summary>Example of ${name}</summary>${codeHtml(example, 'json')}</details>`}</section>`;
  };
  const listed = (direction: string, isOfDirection: (name: string) => boolean): string => {
    const rows = names
      .filter(isOfDirection)
      .map(
        (name) =>
          `<tr><td><a href="#${name}">${name}</a></td><td>${escapeHtml(operations.get(name)?.summary ?? '')}</td></tr>`,
      );
    return `<h2>${direction}</h2>${tableHtml({ label: direction, head: ['message', 'says'], rows })}`;
  };
  const { gateway } = description.servers;
  return `<h1>Device link messages</h1>
<p>${escapeHtml(description.info.description.replace(' The guide is device-link.md.', ''))} Heartbeats go every ${seconds(description['x-heartbeat-ms'])};
after ${seconds(description['x-offline-after-ms'])} of silence a hub is offline; a frame has at most ${String(description['x-max-frame-bytes'])} bytes.
${escapeHtml(gateway.description)}</p>
<p><code>{hub_id}</code>: ${escapeHtml(description.components.parameters.hub_id.description)} ${escapeHtml(description.components.securitySchemes.hub.description)}</p>
<p><a href="/docs/device-link">How a hub talks to the server</a>, from its first call to an opening ·
<a href="${yaml}" download>Download as AsyncAPI (YAML)</a> · version ${escapeHtml(description.info.version)}</p>
${listed('From the hub', isUp)}
${listed('From the gateway', (name) => !isUp(name))}
${names.map(section).join('\n')}`;
}

const seconds = (milliseconds: number): string => `${String(milliseconds / 1000)} s`;

function exampleOf(guide: string, name: string): string | undefined {
  return new RegExp(`^\`\`\`json ${name}\\n([^]*?)^\`\`\``, 'm').exec(guide)?.[1];
}

function fieldsHtml(fields: readonly FieldRow[], name: string): string {
  if (fields.length === 0) return '<p>Without members.</p>';
  const rows = fields.map(({ path, type, isRequired, note }) => {
    const always = isRequired === null ? '' : isRequired ? 'always' : 'may be absent';
    const told = note === '' ? '' : `<br><span class="quiet">${escapeHtml(note)}</span>`;
    if (isRequired === null)
      return `<tr><th colspan="3" scope="rowgroup"><code>${escapeHtml(path)}</code></th></tr>`;
    return `<tr><td><code>${escapeHtml(path)}</code></td><td>${escapeHtml(type)}${told}</td><td>${always}</td></tr>`;
  });
  return tableHtml({ label: `Members of ${name}`, head: ['member', 'is', ''], rows });
}

function tableHtml({
  label,
  head,
  rows,
}: {
  readonly label: string;
  readonly head: readonly string[];
  readonly rows: readonly string[];
}): string {
  const cells = head.map((text) => (text === '' ? '<td></td>' : `<th>${text}</th>`)).join('');
  return `<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table class="fields"><thead><tr>${cells}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
