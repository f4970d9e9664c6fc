/** A form above the page: Enter sends it, its failure stays beside the fields. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

type Props = {
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly lead?: ReactNode;
  /** The button's word is the act: "Add the guest". */
  readonly act: string;
  readonly onAct: () => void;
  readonly onClose: () => void;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly size?: string;
  readonly children: ReactNode;
};

/** Is there while it is rendered, so that it begins afresh each time. */
export function FormDialog(props: Props) {
  const { title, lead, act, onAct, onClose, isPending, error, size = 'md', children } = props;
  const say = useWords(shellWords);
  function submit(event: FormEvent): void {
    event.preventDefault();
    onAct();
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': say('close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {lead === undefined ? null : (
            <Text size="sm" c="dimmed">
              {lead}
            </Text>
          )}
          {children}
          <ErrorNote error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={isPending}>
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
