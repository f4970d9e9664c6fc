/** Chooses any number of things by name, each with a box to tick; many of them can be searched. */
import { Box, Checkbox, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';

type Thing = { readonly id: string; readonly name: string };

type Props = {
  readonly label: string;
  readonly help?: string;
  readonly things: readonly Thing[];
  /** Ids. */
  readonly chosen: readonly string[];
  readonly onChoose: (ids: readonly string[]) => void;
  /** Said where there is nothing to choose from. */
  readonly empty: string;
};

/** More than this are searched. */
const atAGlance = 8;

export function ChooseSome({ label, help, things, chosen, onChoose, empty }: Props) {
  const shell = useWords(shellWords);
  const [search, setSearch] = useState('');
  const sought = search.trim().toLowerCase();
  const shown = things.filter(
    ({ id, name }) => chosen.includes(id) || name.toLowerCase().includes(sought),
  );
  return (
    <Checkbox.Group
      label={label}
      description={help}
      value={[...chosen]}
      onChange={(ids) => onChoose(ids)}
    >
      <Stack gap={6} mt={4}>
        {things.length > atAGlance ? (
          <TextInput
            type="search"
            size="xs"
            aria-label={`${shell('search')}: ${label}`}
            placeholder={shell('search')}
            value={search}
            onChange={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        ) : null}
        {things.length === 0 ? <Text size="sm">{empty}</Text> : null}
        {things.length > 0 && shown.length === 0 ? (
          <Text size="sm">{shell('nothingFound')}</Text>
        ) : null}
        <Box mah={190} style={{ overflowY: 'auto' }}>
          <Stack gap={6}>
            {shown.map(({ id, name }) => (
              <Checkbox key={id} value={id} label={name} />
            ))}
          </Stack>
        </Box>
      </Stack>
    </Checkbox.Group>
  );
}
