/** HTTP as a light client speaks it: connections stay open, bodies are read to their end. */
import { Agent, request } from 'node:http';

export type Requests = {
  isUp(): Promise<boolean>;
  /** Whether a path is answered with 200. */
  answers(path: string): Promise<boolean>;
  /** The body as text and the milliseconds until its last byte; throws when the status is not the one expected. */
  timed(
    method: string,
    path: string,
    options: { readonly token: string; readonly body?: unknown; readonly status?: number },
  ): Promise<{ readonly text: string; readonly tookMs: number }>;
  /** The parsed body of a request that succeeds. */
  ask<Body>(
    method: string,
    path: string,
    options: { readonly token: string; readonly body?: unknown; readonly status?: number },
  ): Promise<Body>;
  /** POST /connect/token. */
  token(form: Readonly<Record<string, string>>): Promise<string>;
  close(): void;
};

type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export function createRequests(baseUrl: string): Requests {
  const agent = new Agent({ keepAlive: true });

  function send({ method, path, headers, body }: Sent): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, baseUrl), { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  const timed: Requests['timed'] = async (method, path, { token, body, status = 200 }) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const began = performance.now();
    const answer = await send({
      method,
      path,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const tookMs = performance.now() - began;
    if (answer.status !== status)
      throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.text}`);
    return { text: answer.text, tookMs };
  };

  const answers = (path: string): Promise<boolean> =>
    send({ method: 'GET', path, headers: {} }).then(
      ({ status }) => status === 200,
      () => false,
    );

  return {
    timed,
    answers,
    isUp: () => answers('/.well-known/openid-configuration'),
    async ask<Body>(method: string, path: string, options: Parameters<typeof timed>[2]) {
      const { text } = await timed(method, path, options);
      return (text === '' ? undefined : JSON.parse(text)) as Body;
    },
    async token(form) {
      const { text } = await send({
        method: 'POST',
        path: '/connect/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
      const { access_token: token } = JSON.parse(text) as { access_token?: string };
      if (token === undefined) throw new Error(`no token: ${text}`);
      return token;
    },
    close: () => agent.destroy(),
  };
}
