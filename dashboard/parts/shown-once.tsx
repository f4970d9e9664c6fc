/** A code or secret that the server shows once and nobody can read again. */
import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';

type Props = {
  readonly title: string;
  /** What it is for, and that it is not shown again. */
  readonly help: string;
  readonly value: string;
  readonly onClose: () => void;
};

/** Closed by its button alone: a press beside it loses nothing. */
export function ShownOnce({ title, help, value, onClose }: Props) {
  const say = useWords(shellWords);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': say('close') }}
      centered
    >
      <Stack gap="md">
        <Text size="sm">{help}</Text>
        <Code block fz="lg" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {value}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={value}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? say('copied') : say('copy')}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>{say('close')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
