/** What `cardea doctor` looks at on this machine and around it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Config } from '#server/runtime/config';
import { errorCode } from '#server/runtime/start-error';

export type Finding = {
  /** What was looked at. */
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly says: string;
  /** null = nothing. */
  readonly todo: string | null;
};

function fine(what: string, says: string): Finding {
  return { what, state: 'ok', says, todo: null };
}

const oldestNode = [20, 19] as const;
const advisedNode = 24;

/** `version` as `process.versions.node` has it. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  const todo = `Install Node.js ${String(advisedNode)}.`;
  if (isOld)
    return { what: 'node', state: 'problem', says: `${version} is older than 20.19.`, todo };
  if (major > oldestNode[0]) return fine('node', `${version} serves.`);
  return { what: 'node', state: 'warning', says: `${version} gets no security fixes.`, todo };
}

/** Only the owner may read these. */
const secrets = [
  'seal.key',
  'identity.key',
  'audit.key',
  'device-ca.key',
  'device-gateway.key',
  'demo.json',
  'postgres/password',
];

export async function checkFolder(dataDir: string): Promise<Finding[]> {
  const what = 'data folder';
  if ((await statOr(dataDir)) === null) {
    const says = `${dataDir} is not there yet.`;
    return [
      { what, state: 'warning', says, todo: 'The first start makes it, or name it: --data.' },
    ];
  }
  const mayWrite = await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!mayWrite) {
    const says = `${dataDir} is closed to this user.`;
    return [{ what, state: 'problem', says, todo: `Run as its owner, or chown it.` }];
  }
  const open: string[] = [];
  for (const name of secrets) {
    const found = await statOr(join(dataDir, name));
    if (found !== null && (found.mode & 0o077) !== 0) open.push(join(dataDir, name));
  }
  if (open.length === 0) return [fine(what, `${dataDir} is as it should be.`)];
  const says = `Others may read ${open.join(', ')}.`;
  return [{ what, state: 'problem', says, todo: `chmod 600 ${open.join(' ')}` }];
}

async function statOr(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

const megabyte = 1_000_000;
const gigabyte = 1_000_000_000;

export async function checkDisk(dataDir: string): Promise<Finding> {
  let folder = dataDir;
  while ((await statOr(folder)) === null && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  return judgeDisk(bavail * bsize);
}

/** From the bytes that are free to us. */
export function judgeDisk(freeBytes: number): Finding {
  const size =
    freeBytes < gigabyte
      ? `${(freeBytes / megabyte).toFixed(0)} MB`
      : `${(freeBytes / gigabyte).toFixed(1)} GB`;
  const says = `${size} are free.`;
  if (freeBytes >= 2 * gigabyte) return fine('disk', says);
  const todo = 'Make room: on a full disk nothing is stored, and hubs keep their events.';
  return { what: 'disk', state: freeBytes < gigabyte / 4 ? 'problem' : 'warning', says, todo };
}

/** Linux hands these out to outgoing connections. */
const handedOut = [32_768, 60_999] as const;

export async function checkPorts(config: Config): Promise<Finding[]> {
  const { httpHost, httpPort, mqttHost, mqttPort, roles } = config;
  const wanted = [
    { what: 'HTTP port', host: httpHost, port: httpPort, name: 'CARDEA_HTTP_PORT', isWanted: true },
    {
      what: 'hub port',
      host: mqttHost,
      port: mqttPort,
      name: 'CARDEA_MQTT_PORT',
      isWanted: roles.includes('gateway'),
    },
  ].filter(({ isWanted }) => isWanted);
  const isRunning = await isCardea(httpHost, httpPort);
  return Promise.all(
    wanted.map(async ({ what, host, port, name }) => {
      const code = await bindFault(host, port);
      const place = `${host}:${String(port)}`;
      if (code === 'EADDRINUSE' && isRunning) return fine(what, `A Cardea serves ${place}.`);
      if (code === 'EADDRINUSE') {
        const todo = `Stop what listens there (ss -ltnp 'sport = :${String(port)}'), or set ${name}.`;
        return { what, state: 'problem', says: `${place} is taken by another program.`, todo };
      }
      if (code !== null)
        return {
          what,
          state: 'problem',
          says: `${place} cannot be listened on (${code}).`,
          todo: `Set another address or ${name}.`,
        };
      if (port >= handedOut[0] && port <= handedOut[1]) {
        const todo = `Set ${name} below ${String(handedOut[0])}.`;
        const says = `${place} may be given to an outgoing connection before the server starts.`;
        return { what, state: 'warning', says, todo };
      }
      return fine(what, `${place} is free.`);
    }),
  );
}

function bindFault(host: string, port: number): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(errorCode(error) ?? 'error'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(null)));
  });
}

const silenceMs = 5_000;

async function isCardea(host: string, port: number): Promise<boolean> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  try {
    const url = `http://${name}:${String(port)}/health`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(silenceMs) });
    await answer.arrayBuffer();
    return answer.status === 200 || answer.status === 503;
  } catch {
    return false;
  }
}

const dayMs = 86_400_000;
/** Our own are renewed 30 days before; an operator's by somebody who needs a few days. */
const soonDays = 14;

export async function checkCertificates(config: Config, now: Date): Promise<Finding[]> {
  const { tlsCert, tlsKey, dataDir } = config;
  const paths =
    tlsCert === undefined
      ? ['device-gateway.pem', 'device-ca.pem'].map((name) => join(dataDir, name))
      : [tlsCert];
  const findings: Finding[] = [];
  for (const path of paths) {
    if ((await statOr(path)) === null) {
      if (tlsCert === undefined) continue;
      const todo = 'Mend CARDEA_TLS_CERT, or leave it out: the server then makes its own.';
      findings.push({ what: 'certificate', state: 'problem', says: `${path} is missing.`, todo });
    } else findings.push(judgeCertificate(path, { pem: await readFile(path, 'utf8'), now }));
  }
  const isReadable = findings.every(({ state }) => state !== 'problem');
  return isReadable && tlsCert !== undefined && tlsKey !== undefined
    ? [...findings, await checkKey(tlsCert, tlsKey)]
    : findings;
}

async function checkKey(certPath: string, keyPath: string): Promise<Finding> {
  const what = 'key';
  const todo = `Put the private key of ${certPath} there, or mend CARDEA_TLS_KEY.`;
  const pem = await readFile(keyPath, 'utf8').catch(() => null);
  if (pem === null) return { what, state: 'problem', says: `${keyPath} cannot be read.`, todo };
  try {
    const certificate = new X509Certificate(await readFile(certPath, 'utf8'));
    if (certificate.checkPrivateKey(createPrivateKey(pem)))
      return fine(what, `${keyPath} belongs to ${certPath}.`);
  } catch {
    return { what, state: 'problem', says: `${keyPath} is no private key.`, todo };
  }
  return { what, state: 'problem', says: `${keyPath} belongs to another certificate.`, todo };
}

/** From the dates of the first certificate of a file. */
export function judgeCertificate(
  path: string,
  { pem, now }: { readonly pem: string; readonly now: Date },
): Finding {
  const what = 'certificate';
  let [start, end] = [now, now];
  try {
    const certificate = new X509Certificate(pem);
    [start, end] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  } catch {
    const todo = 'Put a PEM certificate there.';
    return { what, state: 'problem', says: `${path} is no certificate.`, todo };
  }
  const days = Math.floor((end.getTime() - now.getTime()) / dayMs);
  const day = end.toISOString().slice(0, 10);
  if (start > now) {
    const says = `${path} begins on ${start.toISOString().slice(0, 10)}, after what our clock says.`;
    return {
      what,
      state: 'problem',
      says,
      todo: 'Look at the clock of this machine: timedatectl.',
    };
  }
  const todo = 'Renew it; the server renews its own while it runs.';
  if (days < 0) return { what, state: 'problem', says: `${path} ended on ${day}.`, todo };
  if (days < soonDays)
    return { what, state: 'warning', says: `${path} ends in ${String(days)} days.`, todo };
  return fine(what, `${path} is good until ${day}.`);
}

const ownHosts = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether the address people use, and what stands before the server, fit together. */
export function checkAddresses(
  config: Pick<Config, 'publicUrl' | 'httpHost' | 'trustedProxies'>,
): Finding[] {
  const { publicUrl, httpHost, trustedProxies } = config;
  const what = 'address';
  if (publicUrl === undefined) {
    if (ownHosts.has(httpHost)) return [fine(what, 'Only this machine is served.')];
    const says = 'CARDEA_PUBLIC_URL is not set, though others are served.';
    return [{ what, state: 'warning', says, todo: 'Set it to the https:// address people use.' }];
  }
  const url = new URL(publicUrl);
  if (url.protocol !== 'https:' && !ownHosts.has(url.hostname)) {
    const says = `${publicUrl} sends passwords and tokens in the clear.`;
    const todo = 'Put a proxy with TLS before the server: docs/operating.md.';
    return [{ what, state: 'problem', says, todo }];
  }
  if (url.protocol === 'https:' && trustedProxies.length === 0) {
    const says = `No proxy is trusted, so every request to ${publicUrl} seems to come from the proxy.`;
    const todo = "Set CARDEA_TRUSTED_PROXIES to the proxy's address.";
    return [{ what, state: 'warning', says, todo }];
  }
  return [fine(what, `${publicUrl} fits.`)];
}

export async function checkMail(smtpUrl: string | undefined): Promise<Finding> {
  const what = 'mail';
  if (smtpUrl === undefined)
    return fine(what, 'No mail server is set: mails wait to be read in the outbox.');
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
  });
  try {
    await transport.verify();
    return fine(what, `${new URL(smtpUrl).host} greets and lets us in.`);
  } catch (error) {
    const code = errorCode(error) ?? 'no answer';
    const todo = 'Mend CARDEA_SMTP_URL, or look at that server.';
    return { what, state: 'problem', says: `${new URL(smtpUrl).host} fails (${code}).`, todo };
  } finally {
    transport.close();
  }
}
