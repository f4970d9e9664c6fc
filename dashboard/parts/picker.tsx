/** Chooses one of many by searching: people, doors, groups, tags. */
import { Box, Button, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import type { ListState } from './list.tsx';
import { Loaded } from './page.tsx';

type Props<T> = {
  readonly onClose: () => void;
  readonly title: string;
  readonly help?: string;
  readonly of: {
    readonly data: { readonly items: readonly T[] } | undefined;
    readonly error: unknown;
    refetch(): unknown;
  };
  /** Of `useListState`, whose query `of` was asked with. */
  readonly state: ListState;
  readonly idOf: (item: T) => string;
  readonly nameOf: (item: T) => string;
  readonly detailOf?: (item: T) => string | null;
  readonly onPick: (item: T) => void;
  readonly isPending: boolean;
  readonly error: unknown;
  /** Said where there is nothing to choose from. */
  readonly empty: string;
};

/** Stays open after a choice, for the next one; whoever shows it closes it where one is enough. */
export function Picker<T>(props: Props<T>) {
  const { onClose, title, help, of, state, idOf, nameOf, detailOf, onPick, isPending, error } =
    props;
  const shell = useWords(shellWords);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': shell('close') }}
      centered
    >
      <Stack gap="sm">
        {help === undefined ? null : (
          <Text size="sm" c="dimmed">
            {help}
          </Text>
        )}
        <TextInput
          type="search"
          data-autofocus
          aria-label={shell('search')}
          placeholder={shell('search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={state.search}
          onChange={({ currentTarget }) => state.setSearch(currentTarget.value)}
        />
        <ErrorNote error={error} />
        {/* As high as a full list, so that nothing jumps while somebody types. */}
        <Box mih={340}>
          <Loaded of={of} lines={6}>
            {({ items }) =>
              items.length === 0 ? (
                <Text size="sm">
                  {state.search.trim() === '' ? props.empty : shell('nothingFound')}
                </Text>
              ) : (
                <Stack gap={4} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
                  {items.map((item) => (
                    <li key={idOf(item)}>
                      <Button
                        variant="default"
                        fullWidth
                        justify="space-between"
                        disabled={isPending}
                        rightSection={
                          <Text size="xs" c="dimmed" component="span">
                            {detailOf?.(item) ?? ''}
                          </Text>
                        }
                        onClick={() => onPick(item)}
                      >
                        {nameOf(item)}
                      </Button>
                    </li>
                  ))}
                </Stack>
              )
            }
          </Loaded>
        </Box>
      </Stack>
    </Modal>
  );
}
