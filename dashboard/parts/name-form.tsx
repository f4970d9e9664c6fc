/** Asks for a name, in a dialog. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from './form-dialog.tsx';

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

export function NameForm({ help, label, onAct, ...props }: Props) {
  const [name, setName] = useState(props.name);
  return (
    <FormDialog {...props} lead={help} onAct={() => onAct(name.trim())}>
      <TextInput
        data-autofocus
        label={label}
        value={name}
        required
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
    </FormDialog>
  );
}
