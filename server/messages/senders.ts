import type { Config } from '#server/runtime/config';
import { createHttpSender } from './http-sender.ts';
import { createMailSender } from './mail-sender.ts';
import type { Senders } from '#server/runtime/sender';
import { lineOf } from './texts.ts';

type Settings = Partial<
  Pick<Config, 'smtpUrl' | 'mailFrom' | 'smsUrl' | 'smsToken' | 'pushUrl' | 'pushToken'>
>;

/** The providers that the settings name. */
export function createSenders(settings: Settings): Senders {
  const { smtpUrl, mailFrom, smsUrl, smsToken, pushUrl, pushToken } = settings;
  return {
    mail:
      smtpUrl === undefined || mailFrom === undefined
        ? null
        : createMailSender({ url: smtpUrl, from: mailFrom }),
    sms:
      smsUrl === undefined
        ? null
        : createHttpSender({
            url: smsUrl,
            token: smsToken,
            bodyOf: (message) => ({ id: message.id, to: message.to, text: lineOf(message) }),
          }),
    push:
      pushUrl === undefined
        ? null
        : createHttpSender({
            url: pushUrl,
            token: pushToken,
            bodyOf: (message) => ({
              id: message.id,
              user_id: message.to,
              title: message.subject,
              text: lineOf(message),
            }),
          }),
  };
}
