import { cursorOf } from '#server/domain/event-cursors';
import type { StreamedEvent } from '#server/store/streamed-events';
import type { HubProtocol } from './hub-message.ts';

type Form = { readonly protocol: HubProtocol; readonly showsCursor: boolean };

const made = new WeakMap<StreamedEvent, Map<string, Buffer>>();

/** An event as a connection is sent it; made once in each form, however many hear it. */
export function eventPayload(event: StreamedEvent, { protocol, showsCursor }: Form): Buffer {
  const forms = made.get(event) ?? new Map<string, Buffer>();
  made.set(event, forms);
  const form = `${protocol.name} ${String(showsCursor)}`;
  const present = forms.get(form);
  if (present !== undefined) return present;
  const text = JSON.stringify(eventMessage(event, showsCursor));
  const payload = protocol.write({ kind: 'event', text });
  forms.set(form, payload);
  return payload;
}

/** The message of streaming.md 6, with the member of section 7 where it was asked for. */
function eventMessage(
  { message, collectionId, number, storedAt }: StreamedEvent,
  showsCursor: boolean,
): unknown {
  if (!showsCursor || collectionId === null) return message;
  return { ...message, cursor: cursorOf(collectionId, { number, at: storedAt }) };
}
