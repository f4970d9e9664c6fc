/** The public APIs as typed calls (docs/client.md); runs wherever there is `fetch`. */
import { unreachable } from './errors.ts';
import type {
  AnswerOf,
  CallOptions,
  ItemOf,
  ListPath,
  Method,
  OptionsArgument,
  PathOf,
} from './operations.ts';
import { pause, send, type Request, type Sending, type Token, type Wait } from './sending.ts';

/** A word of the CLP-Warning header: the call went well, but. */
export type Warning = { readonly word: string; readonly method: Method; readonly path: string };

export type ClientOptions = {
  /** `https://keys.example.com`, what `/v1.2/…` is put behind. */
  readonly baseUrl: string;
  /** Gives an access token; asked once more, with the token that was refused, after a 401. */
  readonly token: Token;
  readonly fetch?: typeof globalThis.fetch;
  readonly onWarning?: (warning: Warning) => void;
  /** How pauses between tries are made; absent = by a timer. */
  readonly wait?: Wait;
};

/** An answer with what came beside its body. */
export type Answer<Data> = {
  readonly data: Data;
  readonly status: number;
  readonly requestId: string | null;
  readonly warnings: readonly string[];
};

export type File = { readonly name: string | null; readonly blob: Blob };

type Call<M extends Method> = <P extends PathOf<M>>(
  path: P,
  ...options: OptionsArgument<M, P>
) => Promise<AnswerOf<M, P>>;

export type Client = {
  readonly baseUrl: string;
  readonly token: Token;
  readonly wait: Wait;
  /** Each throws CardeaError. */
  readonly get: Call<'GET'>;
  readonly post: Call<'POST'>;
  readonly put: Call<'PUT'>;
  readonly patch: Call<'PATCH'>;
  readonly delete: Call<'DELETE'>;
  /** Any call, with status, request id and warnings. */
  request<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...options: OptionsArgument<M, P>
  ): Promise<Answer<AnswerOf<M, P>>>;
  /** A file, with the name that the server gives it. */
  download<P extends PathOf<'GET'>>(path: P, ...options: OptionsArgument<'GET', P>): Promise<File>;
  /** The pages of a list, one after the other. */
  pages<P extends ListPath>(
    path: P,
    ...options: OptionsArgument<'GET', P>
  ): AsyncGenerator<AnswerOf<'GET', P>, void, undefined>;
  /** All items of a list; the next page is asked for when its first item is. */
  items<P extends ListPath>(
    path: P,
    ...options: OptionsArgument<'GET', P>
  ): AsyncGenerator<ItemOf<P>, void, undefined>;
};

/** The options of any call, once its types have been checked. */
type Loose = CallOptions & {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
};

type Page = { readonly items: readonly unknown[]; readonly next_page_link: string | null };

/** Makes a client; nothing is asked before the first call. */
export function createClient({ baseUrl, token, onWarning, ...given }: ClientOptions): Client {
  const origin = baseUrl.replace(/\/+$/, '');
  // A browser refuses its fetch as the method of another object.
  const fetch: typeof globalThis.fetch = given.fetch ?? ((...sent) => globalThis.fetch(...sent));
  const sending: Sending = { fetch, token, wait: given.wait ?? pause };

  const ask = (method: Method, path: string, options: Loose = {}, search?: string) =>
    send(sending, requestOf(method, origin + urlOf(path, options, search), options));

  async function read(response: Response, method: Method, path: string): Promise<Answer<unknown>> {
    const warnings = wordsOf(response.headers.get('clp-warning'));
    for (const word of warnings) onWarning?.({ word, method, path });
    const { status, headers } = response;
    const data = await bodyOf(response);
    return { data, status, requestId: headers.get('x-request-id'), warnings };
  }

  async function request(method: Method, path: string, options?: Loose): Promise<Answer<unknown>> {
    return read(await ask(method, path, options), method, path);
  }

  const call = (method: Method) => async (path: string, options?: Loose) =>
    (await request(method, path, options)).data;

  async function download(path: string, options?: Loose): Promise<File> {
    const response = await ask('GET', path, options);
    const name = fileNameOf(response.headers.get('content-disposition'));
    const blob = await response.blob().catch((error: unknown) => {
      throw unreachable(error);
    });
    return { name, blob };
  }

  async function* pages(path: string, options?: Loose): AsyncGenerator<Page, void, undefined> {
    let search: string | undefined;
    do {
      const answer = await read(await ask('GET', path, options, search), 'GET', path);
      const page = answer.data as Page;
      yield page;
      // Of the link the query alone: a token never goes to an origin that an answer names.
      const link = page.next_page_link;
      search = link === null ? undefined : link.slice(link.indexOf('?'));
    } while (search !== undefined);
  }

  async function* items(path: string, options?: Loose): AsyncGenerator<unknown, void, undefined> {
    for await (const page of pages(path, options)) yield* page.items;
  }

  return {
    baseUrl: origin,
    token,
    wait: sending.wait,
    get: call('GET'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    request,
    download,
    pages,
    items,
  } as unknown as Client;
}

function requestOf(method: Method, url: string, { headers, body, signal }: Loose): Request {
  return {
    method,
    url,
    headers: {
      // Problem details say more than the two members of the compatible bodies (errors.md, Body).
      accept: 'application/json, application/problem+json, */*',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  };
}

function urlOf(path: string, { path: values = {}, query = {} }: Loose, search?: string): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const value = values[name];
    // An empty segment would make the path of another operation.
    if (value === undefined || value === '') throw new TypeError(`${path} needs its ${name}`);
    return encodeURIComponent(value);
  });
  if (search !== undefined) return filled + search;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    throw unreachable(error);
  });
  if (text === '') return undefined;
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return isJson ? (JSON.parse(text) as unknown) : text;
}

function wordsOf(header: string | null): readonly string[] {
  return header === null ? [] : header.split(', ').filter((word) => word !== '');
}

/** RFC 6266: the name in UTF-8 counts before the plain one. */
function fileNameOf(header: string | null): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header ?? '')?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  return /filename="([^"]*)"/.exec(header ?? '')?.[1] ?? null;
}
