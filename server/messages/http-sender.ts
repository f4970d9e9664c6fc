import type { OutgoingMessage, Sender } from '#server/runtime/sender';

const timeoutMs = 10_000;

/**
 * Posts each message as JSON to a service of the operator, with the token as Bearer; any 2xx means that it was taken over.
 * Redirects are not followed: the body is for that service alone.
 */
export function createHttpSender({
  url,
  token,
  bodyOf,
}: {
  readonly url: string;
  readonly token: string | undefined;
  readonly bodyOf: (message: OutgoingMessage) => Readonly<Record<string, string>>;
}): Sender {
  const ending = new AbortController();
  return {
    async send(message) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          redirect: 'manual',
          signal: AbortSignal.any([ending.signal, AbortSignal.timeout(timeoutMs)]),
          headers: {
            'content-type': 'application/json',
            'idempotency-key': message.id,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify(bodyOf(message)),
        });
        await response.body?.cancel();
        return response.ok ? null : `http ${response.status}`;
      } catch (error) {
        return (error as { name?: unknown }).name === 'TimeoutError'
          ? 'http timeout'
          : 'http unreachable';
      }
    },
    close: () => ending.abort(),
  };
}
