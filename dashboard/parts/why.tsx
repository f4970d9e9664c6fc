/** Why a door refused, in a sentence, with what is certain and what is not (docs/why.md). */
import { Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Entry } from '../data/events.ts';
import { useRead } from '../data/queries.ts';
import { useMay } from '../data/site.tsx';
import { eventApiWords, eventWords } from '../words/events.ts';
import { shellWords } from '../words/shell.ts';
import { useApiWords, useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { When } from './time.tsx';

export function WhyButton({ entry }: { readonly entry: Entry }) {
  const say = useWords(eventWords);
  const shell = useWords(shellWords);
  const word = useApiWords(eventApiWords);
  const may = useMay();
  const [isOpen, modal] = useDisclosure();
  if (!may('manage_users')) return <>{word(entry.reject_reason) || '–'}</>;
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={modal.open}>
        {say('why')}
      </Button>
      <Modal
        opened={isOpen}
        onClose={modal.close}
        title={say('whyTitle')}
        closeButtonProps={{ 'aria-label': shell('close') }}
        centered
      >
        {isOpen ? <Reason entry={entry} /> : null}
      </Modal>
    </>
  );
}

function Reason({ entry }: { readonly entry: Entry }) {
  const say = useWords(eventWords);
  const word = useApiWords(eventApiWords);
  const why = useRead('/ext/v1/sites/{site_id}/entries/{entry_id}/why', {
    path: { entry_id: entry.id },
  });
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        <When at={entry.utc_date_time} /> · {entry.lock_customer_reference}
      </Text>
      <Loaded of={why} lines={3}>
        {({ recorded, text, changed_since: changed, is_certain: isCertain }) => (
          <>
            <Text fw={600}>{text}</Text>
            <Text size="sm">
              {say('whyRecorded', { reason: word(recorded.reject_reason ?? recorded.rule) })}
            </Text>
            {isCertain ? <Text size="sm">{say('whyCertain')}</Text> : null}
            {changed.length > 0 ? (
              <Text size="sm">{say('whyChanged', { count: changed.length })}</Text>
            ) : null}
          </>
        )}
      </Loaded>
    </Stack>
  );
}
