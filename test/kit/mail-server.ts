import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { freePort } from './ports.ts';

/** A mail as it arrived. */
export type ReceivedMail = Email & { readonly envelopeTo: readonly string[] };

/** A mail server of 127.0.0.1 that keeps what it takes. */
export type TestMailServer = {
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** From now on mail is refused with this answer; null = it is taken. */
  refuse(answer: number | null): void;
  /** Waits with the answer to each mail until the promise resolves. */
  holdUntil(hold: Promise<void>): void;
  stop(): Promise<void>;
};

/** What a sender of mail must know, for a server of the tests. */
export function mailSettings(smtpUrl: string) {
  return { smtpUrl, mailFrom: 'Cardea <doors@harbour.example>' } as const;
}

export async function startMailServer(): Promise<TestMailServer> {
  const mails: ReceivedMail[] = [];
  let refusal: number | null = null;
  let hold: Promise<void> = Promise.resolve();
  async function take(raw: Buffer, { envelope }: SMTPServerSession): Promise<Error | null> {
    await hold;
    const envelopeTo = envelope.rcptTo.map(({ address }) => address);
    // As real servers do, it says for whom.
    if (refusal !== null)
      return Object.assign(new Error(`not taken for ${envelopeTo.join()}`), {
        responseCode: refusal,
      });
    mails.push({ ...(await PostalMime.parse(raw)), envelopeTo });
    return null;
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const answer = async (): Promise<void> => {
          callback(await take(Buffer.concat(chunks), session));
        };
        void answer();
      });
    },
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse(answer) {
      refusal = answer;
    },
    holdUntil(until) {
      hold = until;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}
