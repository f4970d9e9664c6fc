/** Lists: search, order, pages; a table on a desk, cards on a phone. */
import {
  ActionIcon,
  Box,
  Card,
  Flex,
  Group,
  Stack,
  Table,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks';
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronLeft,
  IconChevronRight,
  IconSearch,
} from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { quoted } from '../data/api.ts';
import { shellWords } from '../words/shell.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { Empty, Loaded } from './page.tsx';

export type Column<T> = {
  /** Also the heading of its value on a phone. */
  readonly label: string;
  readonly cell: (row: T) => ReactNode;
  /** Field of the API that orders by it. */
  readonly sort?: string;
};

export type ListState = {
  readonly search: string;
  readonly order: string;
  readonly page: number;
  readonly pageSize: number;
  /** Somebody looks for less than all there is. */
  readonly isNarrowed: boolean;
  readonly setSearch: (text: string) => void;
  readonly setPage: (page: number) => void;
  readonly toggleOrder: (field: string) => void;
  /** The options of the list, for `useRead`. */
  readonly query: {
    readonly $top: number;
    readonly $skip: number;
    readonly $count: true;
    readonly $filter?: string;
    readonly $orderby?: string;
  };
};

/**
 * What somebody looks for in a list. `searchIn`: fields of text of the API; `filter`: a condition that somebody has chosen beside it;
 * `kind`: a condition of what the list is of at all; `order`: `customer_reference asc`.
 */
export function useListState({
  searchIn = [],
  order: firstOrder = '',
  filter = '',
  kind = '',
  pageSize = 25,
}: {
  readonly searchIn?: readonly string[];
  readonly order?: string;
  readonly filter?: string;
  readonly kind?: string;
  readonly pageSize?: number;
}): ListState {
  const [search, writeSearch] = useState('');
  const [order, writeOrder] = useState(firstOrder);
  const [page, setPage] = useState(0);
  const [sought] = useDebouncedValue(search.trim().toLowerCase(), 250);
  const found = searchIn
    .map((field) => `contains(tolower(${field}),${quoted(sought)})`)
    .join(' or ');
  const conditions = [kind, filter, sought === '' ? '' : found].filter((part) => part !== '');
  const whole = conditions
    .map((part) => (conditions.length > 1 ? `(${part})` : part))
    .join(' and ');
  return {
    search,
    order,
    page,
    pageSize,
    isNarrowed: sought !== '' || filter !== '' || page > 0,
    setSearch(text) {
      setPage(0);
      writeSearch(text);
    },
    setPage,
    toggleOrder(field) {
      setPage(0);
      writeOrder((now) => (now === `${field} asc` ? `${field} desc` : `${field} asc`));
    },
    query: {
      $top: pageSize,
      $skip: page * pageSize,
      $count: true,
      ...(whole === '' ? {} : { $filter: whole }),
      ...(order === '' ? {} : { $orderby: order }),
    },
  };
}

type Props<T> = {
  /** What the list is of, for a screen reader. */
  readonly label: string;
  /** A list, of `useRead`. */
  readonly of: {
    readonly data: { readonly items: readonly T[]; readonly count: number | null } | undefined;
    readonly error: unknown;
    refetch(): unknown;
  };
  /** Of `useListState`; absent = a list without search and pages. */
  readonly state?: ListState;
  readonly columns: readonly Column<T>[];
  readonly rowId: (row: T) => string;
  /** Shown when there is nothing at all: what belongs here. */
  readonly empty: ReactNode;
  /** Beside the search: filters of the page. */
  readonly filters?: ReactNode;
  readonly hasSearch?: boolean;
};

export function ListView<T>(props: Props<T>) {
  const {
    label,
    of,
    state,
    columns,
    rowId,
    empty,
    filters,
    hasSearch = state !== undefined,
  } = props;
  const say = useWords(shellWords);
  const isWide = useMediaQuery('(min-width: 48em)', true, { getInitialValueInEffect: false });
  return (
    <Stack gap="sm">
      {state === undefined || (!hasSearch && filters === undefined) ? null : (
        <Group gap="sm" align="flex-end">
          {hasSearch ? (
            <TextInput
              type="search"
              aria-label={say('search')}
              placeholder={say('search')}
              leftSection={<IconSearch size={16} aria-hidden />}
              value={state.search}
              onChange={({ currentTarget }) => state.setSearch(currentTarget.value)}
              w={{ base: '100%', xs: 260 }}
            />
          ) : null}
          {filters}
        </Group>
      )}
      {of.data === undefined ? null : <ErrorNote error={of.error} retry={() => of.refetch()} />}
      <Loaded of={of} lines={8}>
        {({ items, count }) => (
          <>
            {items.length === 0 ? (
              state?.isNarrowed === true ? (
                <Empty title={say('nothingFound')}>{say('nothingFoundHelp')}</Empty>
              ) : (
                empty
              )
            ) : isWide ? (
              <Rows label={label} items={items} columns={columns} rowId={rowId} state={state} />
            ) : (
              <Cards label={label} items={items} columns={columns} rowId={rowId} />
            )}
            {state === undefined ? null : (
              <Pages state={state} shown={items.length} count={count} />
            )}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

type Shown<T> = {
  readonly label: string;
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly rowId: (row: T) => string;
};

function Rows<T>({
  label,
  items,
  columns,
  rowId,
  state,
}: Shown<T> & { readonly state: ListState | undefined }) {
  return (
    <Box style={{ overflowX: 'auto' }}>
      <Table aria-label={label} verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Heading key={column.label} column={column} state={state} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((row) => (
            <Table.Tr key={rowId(row)}>
              {columns.map(({ label, cell }) => (
                <Table.Td key={label}>{cell(row)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}

function Heading<T>({
  column,
  state,
}: {
  readonly column: Column<T>;
  readonly state: ListState | undefined;
}) {
  const say = useWords(shellWords);
  const { label, sort } = column;
  if (sort === undefined || state === undefined) return <Table.Th>{label}</Table.Th>;
  const direction =
    state.order === `${sort} asc`
      ? 'ascending'
      : state.order === `${sort} desc`
        ? 'descending'
        : 'none';
  return (
    <Table.Th aria-sort={direction}>
      <UnstyledButton
        fw="inherit"
        fz="inherit"
        title={say('sortBy', { column: label })}
        onClick={() => state.toggleOrder(sort)}
        style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}
      >
        {label}
        {direction === 'ascending' ? <IconArrowUp size={14} aria-hidden /> : null}
        {direction === 'descending' ? <IconArrowDown size={14} aria-hidden /> : null}
      </UnstyledButton>
    </Table.Th>
  );
}

function Cards<T>({ label, items, columns, rowId }: Shown<T>) {
  return (
    <Stack gap="xs" component="ul" aria-label={label} p={0} m={0} style={{ listStyle: 'none' }}>
      {items.map((row) => (
        <Card key={rowId(row)} component="li" withBorder padding="sm">
          {columns.map(({ label, cell }, index) =>
            index === 0 ? (
              <Text key={label} component="div" fw={600} mb={4}>
                {cell(row)}
              </Text>
            ) : (
              // What is too long to stand beside its heading stands below it.
              <Flex key={label} wrap="wrap" justify="space-between" columnGap="sm" mt={6}>
                <Text size="sm" c="dimmed">
                  {label}
                </Text>
                <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
                  {cell(row)}
                </Text>
              </Flex>
            ),
          )}
        </Card>
      ))}
    </Stack>
  );
}

function Pages({
  state,
  shown,
  count,
}: {
  readonly state: ListState;
  readonly shown: number;
  readonly count: number | null;
}) {
  const say = useWords(shellWords);
  const { page, pageSize, setPage } = state;
  const total = count ?? page * pageSize + shown;
  if (total <= pageSize && page === 0) return null;
  const from = page * pageSize;
  return (
    <Group justify="flex-end" gap="xs">
      <Text size="sm" role="status">
        {say('range', { from: from + 1, to: from + shown, count: total })}
      </Text>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={say('previous')}
        disabled={page === 0}
        onClick={() => setPage(page - 1)}
      >
        <IconChevronLeft size={18} />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={say('next')}
        disabled={from + shown >= total}
        onClick={() => setPage(page + 1)}
      >
        <IconChevronRight size={18} />
      </ActionIcon>
    </Group>
  );
}
