/** A button that shows a letter or message as it was written. */
import { Button, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { outboxWords } from '../words/outbox.ts';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';

type Props = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
};

export function ReadLetter({ to, subject, text }: Props) {
  const say = useWords(outboxWords);
  const shell = useWords(shellWords);
  const [isOpen, shown] = useDisclosure();
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={say('readLetter', { address: to })}
        onClick={shown.open}
      >
        {say('read')}
      </Button>
      <Modal
        opened={isOpen}
        onClose={shown.close}
        title={subject}
        size="lg"
        closeButtonProps={{ 'aria-label': shell('close') }}
      >
        <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {text}
        </Text>
      </Modal>
    </>
  );
}
