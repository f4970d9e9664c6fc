/** Asks for a name, in a dialog. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';

type Props = {
  readonly onClose: () => void;
  readonly title: string;
  readonly help?: string;
  readonly label: string;
  readonly name: string;
  readonly act: string;
  readonly onAct: (name: string) => void;
  readonly isPending: boolean;
  readonly error: unknown;
};

export function NameForm(props: Props) {
  const { onClose, title, help, label, act, onAct, isPending, error } = props;
  const shell = useWords(shellWords);
  const [name, setName] = useState(props.name);
  function submit(event: FormEvent): void {
    event.preventDefault();
    onAct(name.trim());
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': shell('close') }}
      centered
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          {help === undefined ? null : <Text size="sm">{help}</Text>}
          <TextInput
            data-autofocus
            label={label}
            value={name}
            required
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <ErrorNote error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {shell('cancel')}
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
