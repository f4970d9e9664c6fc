/** The first OTP PIN of a person on an IQ, by SMS or mail: it is never in an answer of the Connect face (connect-api.md 4.6). */
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, IqId, UserId } from '#contract/ids';
import type { Words } from '#contract/languages';
import type { Actor } from '#server/events/audit';
import { findContact } from '#server/store/contacts';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope } from '#server/store/scope';
import type { HandedMessages } from './handed-messages.ts';
import type { IqPins } from './iq-pins.ts';
import { oneLine, paragraphs, type MessageText } from './message-text.ts';

export type PinReceiver = {
  readonly siteId: CollectionId;
  readonly userId: UserId;
  readonly accessorId: AccessorId;
  readonly channel: 'mail' | 'sms';
};

export type IqPinMessages = {
  /**
   * Sends the PIN. CCC_COMMAND_FAILED `command_forbidden` once it is activated, MESSAGE_INVALID without phone number or address,
   * or when nobody takes the message.
   */
  send(
    actor: Actor,
    iq: { readonly id: IqId; readonly customer_reference: string | null },
    to: PinReceiver,
  ): Promise<void>;
};

export function createIqPinMessages({
  database,
  iqPins,
  handedMessages,
}: {
  readonly database: Database;
  readonly iqPins: Pick<IqPins, 'readPin'>;
  readonly handedMessages: HandedMessages;
}): IqPinMessages {
  return {
    async send(actor, iq, { siteId, userId, accessorId, channel }) {
      const { tenantId } = actor;
      const pin = await iqPins.readPin(actor, iq.id, accessorId);
      const contact = await findContact(readScope(database, tenantId), userId);
      const to = channel === 'mail' ? contact?.email : contact?.phone;
      if (typeof to !== 'string')
        throw new ApiError('MESSAGE_INVALID', {
          reason: channel === 'mail' ? 'There is no e-mail address.' : 'There is no phone number.',
        });
      const handed = await handedMessages.hand({
        tenantId,
        siteId,
        userId,
        channel,
        to,
        word: 'otp_pin',
        texts: pinTexts(pin, iq.customer_reference),
        language: contact?.language ?? null,
      });
      if (handed.state === 'refused')
        throw new ApiError('MESSAGE_INVALID', { reason: 'Nobody took the message over.' });
      await inTransaction({ database, tenantId }, (scope) => handed.record(scope));
    },
  };
}

function pinTexts(pin: string, hubName: string | null): Words<MessageText> {
  const hub = oneLine(hubName, '');
  return {
    en: {
      subject: 'Your PIN for one-time codes',
      text: paragraphs(
        `Your PIN${hub === '' ? '' : ` for ${hub}`} is ${pin}. Your app makes one-time codes of it, and opens doors from afar with them.`,
        'Give it to nobody.',
      ),
    },
    de: {
      subject: 'Ihre PIN für Einmalcodes',
      text: paragraphs(
        `Ihre PIN${hub === '' ? '' : ` für ${hub}`} ist ${pin}. Ihre App macht daraus Einmalcodes und öffnet mit ihnen Türen aus der Ferne.`,
        'Geben Sie sie niemandem.',
      ),
    },
  };
}
