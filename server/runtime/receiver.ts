/**
 * Posting to addresses that customers name (streaming.md 8). Names are resolved here, every address is checked, and the connection goes
 * to an address that was checked: a name that means something else a moment later leads nowhere. Redirects are not
 * followed, and of an answer only so much is read.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { DeliveryFault } from '#contract/webhooks';
import { isOutsideAddress } from './outside-address.ts';

/** Why a URL cannot be a receiver, or why it cannot be one right now. */
export type ReceiverFault = Exclude<DeliveryFault, 'redirect_not_followed'>;

/** Addresses of a name; empty when it has none. */
export type Resolve = (name: string, signal: AbortSignal) => Promise<readonly string[]>;

export type Receivers = {
  /** What is wrong with a URL; null = it may be posted to. A name that nobody knows at the moment is not wrong. */
  findFault(url: string): Promise<ReceiverFault | null>;
  /** Posts once. Throws nothing: what went wrong is a word. */
  post(url: string, message: OutgoingMessage): Promise<ReceiverAnswer>;
};

export type OutgoingMessage = {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Gives up before the time of an attempt is over. */
  readonly signal: AbortSignal;
};

export type ReceiverAnswer =
  | { readonly status: number; readonly retryAfter: string | null }
  | { readonly fault: ReceiverFault };

const attemptMs = 10_000;
const creationMs = 3_000;
const longestUrl = 2_048;
const mostBytesRead = 65_536;

type Parts = {
  /** `host` or `host:port`, which may be `http` and inside a private network. */
  readonly allowed: readonly string[];
  readonly resolve?: Resolve;
  readonly resolveAllowed?: Resolve;
};

export function createReceivers({
  allowed,
  resolve = askNameServers,
  resolveAllowed = askSystem,
}: Parts): Receivers {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  const isAllowed = (url: URL): boolean =>
    names.has(url.hostname) || names.has(`${url.hostname}:${portOf(url)}`);

  /** The addresses a connection may go to. Throws Refusal. */
  async function checkedAddresses(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isAllowed(url)) {
      const found = isIP(literal)
        ? [literal]
        : await within(resolveAllowed(literal, signal), signal);
      if (found.length === 0) throw new Refusal('name_not_found');
      return found;
    }
    if (url.protocol !== 'https:') throw new Refusal('https_required');
    if (loopbackName.test(literal)) throw new Refusal('address_refused');
    const found = isIP(literal) ? [literal] : await within(resolve(literal, signal), signal);
    if (found.length === 0) throw new Refusal('name_not_found');
    // One address inside is enough: nobody needs a name that leads to both.
    if (!found.every(isOutsideAddress)) throw new Refusal('address_refused');
    return found;
  }

  return {
    async findFault(text) {
      const url = readUrl(text);
      if (url === null) return 'url_invalid';
      try {
        await checkedAddresses(url, AbortSignal.timeout(creationMs));
        return null;
      } catch (error) {
        const fault = faultOf(error);
        return fault === 'address_refused' || fault === 'https_required' ? fault : null;
      }
    },

    async post(text, { signal, ...message }) {
      const url = readUrl(text);
      if (url === null) return { fault: 'url_invalid' };
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]);
      try {
        const addresses = await checkedAddresses(url, deadline);
        return await postTo(url, { ...message, addresses, signal: deadline });
      } catch (error) {
        return { fault: deadline.aborted ? 'timeout' : faultOf(error) };
      }
    },
  };
}

/** Names that are always this machine (RFC 6761, 6.3), whatever a name server says. */
const loopbackName = /(^|\.)localhost\.?$/;

/** What a promise gives, unless the signal is first: the system's own search for a name knows no end. */
function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new Refusal('timeout'));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

class Refusal extends Error {
  readonly fault: ReceiverFault;

  constructor(fault: ReceiverFault) {
    super(fault);
    this.fault = fault;
  }
}

/** A URL with a host and nothing that a receiver has no use for: names, passwords and fragments are not sent. */
function readUrl(text: string): URL | null {
  if (text.length > longestUrl || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  const isPlain = url.username === '' && url.password === '' && url.hash === '';
  return isWeb && isPlain && url.hostname !== '' && url.port !== '0' ? url : null;
}

function portOf(url: URL): string {
  if (url.port !== '') return url.port;
  return url.protocol === 'https:' ? '443' : '80';
}

/** The name servers themselves: names of this machine alone, as in its hosts file, mean nothing here. */
async function askNameServers(name: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** As any program of this machine finds a name; an operator allows names that no name server knows. */
async function askSystem(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

type Posting = Omit<OutgoingMessage, 'signal'> & {
  readonly addresses: readonly string[];
  readonly signal: AbortSignal;
};

function postTo(url: URL, { addresses, body, headers, signal }: Posting): Promise<ReceiverAnswer> {
  return new Promise((resolve, reject) => {
    const begin = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request: ClientRequest = begin(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      // A connection of its own: one kept open would outlive the check of its address.
      agent: false,
      lookup: lookupOf(addresses),
      signal,
    });
    let answer: ReceiverAnswer | undefined;
    const end = (error: Error): void => {
      if (answer === undefined) reject(error);
      else resolve(answer);
    };
    request.once('error', end);
    request.once('close', () => end(new Error('closed without an answer')));
    request.once('response', (response) => {
      answer = {
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'] ?? null,
      };
      // What is read is thrown away; a receiver that is cut off before its end might take it for a failure.
      drain(response, () => request.destroy());
    });
    request.end(body);
  });
}

function drain(response: IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytesRead) done();
  });
  response.once('end', done);
  // Whatever ends it: the status was told before.
  response.on('error', done);
}

function lookupOf(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    const [first] = found;
    if (options.all === true) callback(null, found);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  };
}

const tlsCode = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME)/;

function faultOf(error: unknown): ReceiverFault {
  if (error instanceof Refusal) return error.fault;
  // Of several addresses that were tried the last tells.
  const inner: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  const code = (inner as { code?: unknown }).code;
  if (code === 'ECONNREFUSED') return 'connection_refused';
  if (typeof code === 'string' && tlsCode.test(code)) return 'tls_failed';
  return 'connection_failed';
}
