/** What the console says once everything runs: where it is, and four lines to copy. */
import type { DemoFile } from './jobs/demo-file.ts';

type Places = {
  readonly baseUrl: string;
  readonly gatewayUrl: string;
  readonly dataDir: string;
};

/** Where the parts are. */
export function placesText({ baseUrl, gatewayUrl, dataDir }: Places): string {
  return [
    '',
    '  Cardea is ready.',
    '',
    `  Dashboard         ${baseUrl}/`,
    `  Core API          ${baseUrl}/v1.2`,
    `  Connect API       ${baseUrl}/v1.2/sites`,
    `  Your account      ${baseUrl}/account`,
    `  Sign-in           ${baseUrl}/.well-known/openid-configuration`,
    `  Event hub         ${baseUrl}/v1/hub/entries`,
    `  Documentation     ${baseUrl}/docs`,
    `  API description   ${baseUrl}/openapi.json`,
    `  Error reference   ${baseUrl}/docs/errors`,
    `  Device gateway    ${gatewayUrl}`,
    `  Data folder       ${dataDir}`,
  ].join('\n');
}

/** How whoever installed the server comes to an account. */
export function firstOperatorText(link: string): string {
  return [
    '',
    '  Nobody runs this server yet. Make your account with this link, which works once:',
    '',
    `  ${link}`,
    '',
  ].join('\n');
}

/** The demo building, and the four lines that open its front door. */
export function demoText(demo: DemoFile, demoPath: string): string {
  const [door] = demo.locks;
  const lockId = door?.id ?? '';
  const api = `${demo.base_url}/v1.2`;
  const json = "-H 'content-type: application/json'";
  return [
    `  Simulator         ${demo.simulator_url}`,
    `  Demo secrets      ${demoPath}`,
    '',
    `  Open ${demo.base_url}/ in a browser and sign in:`,
    '',
    `  E-mail            ${demo.user.username}`,
    `  Password          ${demo.user.password}`,
    '',
    '  Or copy and paste: a token, the locks, the front door, its entry.',
    '',
    `  TOKEN=$(curl -s ${demo.identity_url}/connect/token -d grant_type=client_credentials -d client_id=${demo.core_client.id} -d client_secret=${demo.core_client.secret} -d scope=core_api.full | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s -H "Authorization: Bearer $TOKEN" '${api}/locks?$top=3'`,
    `  curl -s -H "Authorization: Bearer $TOKEN" -X PATCH ${api}/locks/${lockId}/locking ${json} -d '{"locked_state":"unlocked"}'`,
    `  curl -s -H "Authorization: Bearer $TOKEN" '${api}/entries?$top=1&$filter=lock_id%20eq%20${lockId}'`,
    '',
  ].join('\n');
}
