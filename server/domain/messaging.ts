import { createMessageRecipients, type MessageRecipients } from './message-recipients.ts';
import { createMessageRuleSchedules, type MessageRuleSchedules } from './message-rule-schedules.ts';
import { createMessageRules, type MessageRules } from './message-rules.ts';
import { createMessages, type Messages } from './messages.ts';

/** The use-cases of messages, as the faces take them. */
export type Messaging = {
  readonly messageRules: MessageRules;
  readonly messageRuleSchedules: MessageRuleSchedules;
  readonly messageRecipients: MessageRecipients;
  readonly messages: Messages;
};

export function createMessaging(parts: Parameters<typeof createMessageRules>[0]): Messaging {
  return {
    messageRules: createMessageRules(parts),
    messageRuleSchedules: createMessageRuleSchedules(parts),
    messageRecipients: createMessageRecipients(parts),
    messages: createMessages(parts),
  };
}
