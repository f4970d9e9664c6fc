import {
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
  type HubConnection,
} from '@microsoft/signalr';
import type { TestServer } from './cardea.ts';

/** An event as a client of the stream receives it. */
export type HeardEvent = { readonly id: string };

/**
 * Signs in as the owner of the site and listens to its entries with the official client, over WebSockets: every entry that is
 * stored after the call is heard.
 */
export async function listenAsOwner(
  server: TestServer,
  siteId: string,
  into: HeardEvent[],
): Promise<HubConnection> {
  const { logins } = server.cardea.identity;
  const password = 'a long and quiet harbour';
  const made = await logins.createLogin({
    email: 'owner@harbour.example',
    password,
    firstName: 'Olga',
    lastName: 'Haven',
    isEmailVerified: true,
  });
  if (!('loginId' in made)) throw new Error(made.fault);
  const { tenantId, clientId, clientSecret } = server.tenant;
  const userId = await logins.joinTenant({ loginId: made.loginId, tenantId });
  await server.database.pool.query('update collections set owner_user_id = $1 where id = $2', [
    userId,
    siteId,
  ]);
  const ownerToken = async (): Promise<string> => {
    const response = await fetch(`${server.url}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        username: 'owner@harbour.example',
        password,
        client_id: clientId,
        client_secret: clientSecret,
        scope: 'user_api.full_access',
      }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  // A connection joins the events a moment after it is there.
  const path = `//ext/v1/sites/${siteId}/events?stream=entries`;
  const { json } = await server.ask('GET', path, { token: await ownerToken() });
  const { cursor } = json as { cursor: string };
  const connection = new HubConnectionBuilder()
    .withUrl(`${server.url}/v1/hub/entries?site_id=${siteId}&cursor=${cursor}`, {
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: ownerToken,
    })
    .configureLogging(LogLevel.None)
    .withAutomaticReconnect([0, 100, 500, 1000, 2000, 5000])
    .build();
  connection.on('ReceiveMessage', (json: string) => into.push(JSON.parse(json) as HeardEvent));
  await connection.start();
  return connection;
}
