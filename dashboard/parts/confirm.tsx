/** Asks before an act that cannot be taken back, or that somebody at a door feels: says what it does. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

type Props = {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, and to whom. */
  readonly effect: ReactNode;
  /** The button's word is the act: "Remove the lock". */
  readonly act: string;
  readonly onAct: () => void;
  readonly isPending?: boolean;
  readonly error?: unknown;
  readonly isDestructive?: boolean;
  /** Whether a field still lacks what the act needs. */
  readonly isIncomplete?: boolean;
  /** Fields of the act. */
  readonly children?: ReactNode;
};

export function Confirm(props: Props) {
  const { isOpen, onClose, title, effect, act, onAct, isPending, error, isDestructive } = props;
  const say = useWords(shellWords);
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': say('close') }}
      centered
    >
      <Stack gap="md">
        <Text size="sm">{effect}</Text>
        {props.children}
        <ErrorNote error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {say('cancel')}
          </Button>
          <Button
            onClick={onAct}
            loading={isPending ?? false}
            disabled={props.isIncomplete ?? false}
            {...(isDestructive === true ? { color: 'red.8' } : {})}
          >
            {act}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
