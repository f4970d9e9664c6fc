import { createTransport } from 'nodemailer';
import type { Sender } from '#server/runtime/sender';
import { htmlOf } from './texts.ts';

/** How long a mail server may say nothing; well within the time in which a process that stops must be done. */
const silenceMs = 10_000;

/** Hands mail to an SMTP server, `smtp://user:password@host:port` or `smtps://…`; encrypted wherever the server can. */
export function createMailSender({
  url,
  from,
}: {
  readonly url: string;
  readonly from: string;
}): Sender {
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'cardea';
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 4,
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
    // A text is never a reason to read a file or a page.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ id, to, subject, text, language, attachment }) {
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: to },
          subject,
          text: `${text}\n`,
          html: htmlOf({ subject, text }, { language }),
          ...(attachment === undefined
            ? {}
            : {
                attachments: [
                  {
                    filename: attachment.name,
                    contentType: attachment.type,
                    content: attachment.content,
                  },
                ],
              }),
          messageId: `<${id}@${domain}>`,
          // Out-of-office answers and mailing loops leave such mails alone (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return null;
      } catch (error) {
        return faultOf(error);
      }
    },
    close: () => transport.close(),
  };
}

/** What a server answers may hold the address: only its number is kept. */
function faultOf(error: unknown): string {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode === 'number') return `smtp ${responseCode}`;
  return typeof code === 'string' ? `smtp ${code}` : 'smtp';
}
