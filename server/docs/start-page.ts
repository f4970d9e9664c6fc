/** The first page: a request to this server at once, and the way to everything else. */
import { deviceLinkAddress } from './device-link-page.ts';
import type { DocsContents } from './contents.ts';
import { codeHtml, escapeHtml } from './markdown.ts';

export function startHtml({
  contents,
  issuer,
}: {
  readonly contents: DocsContents;
  readonly issuer: string;
}): string {
  const first = [
    `TOKEN=$(curl -s ${issuer}/connect/token \\`,
    '  -d grant_type=client_credentials -d scope=core_api.full \\',
    '  --data-urlencode "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" |',
    `  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `curl -s -H "Authorization: Bearer $TOKEN" '${issuer}/v1.2/locks?$top=3'`,
  ];
  const link = ([address, title]: readonly [string, string]): string =>
    `<li><a href="${address}">${escapeHtml(title)}</a></li>`;
  const card = (title: string, links: readonly (readonly [string, string])[]): string =>
    `<li><h2>${title}</h2><ul>${links.map(link).join('')}</ul></li>`;
  const cards = [
    card('Begin', [
      ['/docs/first-hour', 'First hour for integrators'],
      ['/docs/moving', "From the vendor's cloud to your own"],
      ['/docs/running', 'Running Cardea'],
    ]),
    card('Look up', [
      ['/docs/api', 'API reference, to try here'],
      ['/docs/errors', 'Error reference'],
      [deviceLinkAddress, 'Device link messages (AsyncAPI)'],
      ['/docs/words', 'Words'],
      ['/docs/decisions', 'Decisions'],
    ]),
    ...contents.groups.map(({ title, pages }) =>
      card(
        title,
        pages.map(({ address, title: name }) => [address, name] as const),
      ),
    ),
  ];
  return `<h1>Documentation</h1>
<p>Cardea is keys as a service on your own machine. These pages come from the server that runs here, so they fit its version.</p>
<h2 id="first-request">Your first request</h2>
<p>With <code>CLIENT_ID</code> and <code>CLIENT_SECRET</code> of a client of yours (in a demo: <code>core_client</code> of
<code>demo.json</code> in the data folder), a token and three locks:</p>
${codeHtml(first.join('\n'), 'sh')}
<p><a href="/docs/first-hour">First hour for integrators</a> goes on from there to an open door.</p>
<ul class="cards">${cards.join('\n')}</ul>`;
}
