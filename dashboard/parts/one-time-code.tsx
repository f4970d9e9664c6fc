/** The code of somebody's app that a hub asks for. */
import { TextInput } from '@mantine/core';
import { hubWords } from '../words/hubs.ts';
import { useWords } from './language.tsx';

export function OneTimeCode({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (code: string) => void;
}) {
  const say = useWords(hubWords);
  return (
    <TextInput
      label={say('oneTimeCode')}
      description={say('oneTimeCodeHelp')}
      autoComplete="one-time-code"
      maxLength={5}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value.trim())}
    />
  );
}
