/** Why a door refused, in a sentence, with what is certain and what is not (docs/why.md). */
import { Modal, Stack, Text } from '@mantine/core';
import type { Entry } from '../data/events.ts';
import { useRead } from '../data/queries.ts';
import { eventApiWords, eventWords } from '../words/events.ts';
import { shellWords } from '../words/shell.ts';
import { whyRuleApiWords, whyWords } from '../words/why.ts';
import { useApiWords, useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { When } from './time.tsx';
import { useWhyText } from './why-text.ts';

type Props = { readonly entry: Entry; readonly onClose: () => void };

export function WhyDialog({ entry, onClose }: Props) {
  const say = useWords(eventWords);
  const shell = useWords(shellWords);
  const sayWhy = useWords(whyWords);
  const word = useApiWords(eventApiWords);
  const ruleText = useApiWords(whyRuleApiWords);
  const whyText = useWhyText();
  const why = useRead('/ext/v1/sites/{site_id}/entries/{entry_id}/why', {
    path: { entry_id: entry.id },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={say('whyTitle')}
      closeButtonProps={{ 'aria-label': shell('close') }}
      centered
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          <When at={entry.utc_date_time} /> · {entry.lock_customer_reference}
        </Text>
        <Loaded of={why} lines={3}>
          {({
            recorded: { rule, reject_reason: reason },
            today,
            changed_since: changed,
            is_certain: isCertain,
          }) => (
            <>
              <Text fw={600}>
                {isCertain && today !== null
                  ? whyText(today)
                  : ruleText(rule) || sayWhy('privacySwitched')}
              </Text>
              <Text size="sm">{say('whyRecorded', { reason: word(reason ?? rule) })}</Text>
              {isCertain ? <Text size="sm">{say('whyCertain')}</Text> : null}
              {changed.length > 0 ? (
                <Text size="sm">{say('whyChanged', { count: changed.length })}</Text>
              ) : null}
              {!isCertain && today !== null && changed.length === 0 ? (
                <Text size="sm">{sayWhy('otherwise')}</Text>
              ) : null}
            </>
          )}
        </Loaded>
      </Stack>
    </Modal>
  );
}
