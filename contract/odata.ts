/**
 * List options as plain data: what the HTTP kernel reads from a query string and the store turns into SQL
 * (core-api.md 5). Text becomes a ParsedFilter; checked against the fields of one list it becomes a Filter, in which
 * every literal has the type of what it is compared with.
 */

export type FieldType =
  | 'uuid'
  | 'text'
  | 'enum'
  | 'bool'
  | 'int'
  | 'number'
  | 'instant'
  | 'local'
  | 'time'
  | 'span'
  /** A list of objects: has no value of its own and is asked by `any` alone. */
  | 'collection';

export type ListField = {
  readonly type: FieldType;
  /** The words of an enum field. */
  readonly words?: readonly string[];
  /** The fields of the objects of a collection: `code` for `roles/any(r: r/code eq 'x')`. */
  readonly items?: ListFields;
};

/** The fields of a collection's objects as a condition names them, behind the variable that stands for one. */
export function itemFields<Field extends ListField>(
  items: Readonly<Record<string, Field>> | undefined,
  variable: string,
): Readonly<Record<string, Field>> {
  return Object.fromEntries(
    Object.entries(items ?? {}).map(([path, field]) => [`${variable}/${path}`, field]),
  );
}

/** The allow-list of one resource: API path (`mac`, `iq/id`) → type. What is not here cannot be named by a caller. */
export type ListFields = Readonly<Record<string, ListField>>;

export const compareWords = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
export type CompareWord = (typeof compareWords)[number];

/** What an argument of a function may be: `moment` is an instant or a wall clock, `clock` also a time of day. */
export type ArgumentKind = 'text' | 'moment' | 'clock';

export type FunctionShape = {
  readonly takes: readonly ArgumentKind[];
  readonly gives: 'bool' | 'text' | 'int' | 'instant';
};

/** The functions of core-api.md 5.2. */
export const filterFunctions = {
  contains: { takes: ['text', 'text'], gives: 'bool' },
  startswith: { takes: ['text', 'text'], gives: 'bool' },
  endswith: { takes: ['text', 'text'], gives: 'bool' },
  tolower: { takes: ['text'], gives: 'text' },
  toupper: { takes: ['text'], gives: 'text' },
  trim: { takes: ['text'], gives: 'text' },
  length: { takes: ['text'], gives: 'int' },
  indexof: { takes: ['text', 'text'], gives: 'int' },
  year: { takes: ['moment'], gives: 'int' },
  month: { takes: ['moment'], gives: 'int' },
  day: { takes: ['moment'], gives: 'int' },
  hour: { takes: ['clock'], gives: 'int' },
  minute: { takes: ['clock'], gives: 'int' },
  second: { takes: ['clock'], gives: 'int' },
  now: { takes: [], gives: 'instant' },
} as const satisfies Record<string, FunctionShape>;

export type FunctionName = keyof typeof filterFunctions;

/** The shape of a function, widened so that callers see one type. */
export function functionShape(name: FunctionName): FunctionShape {
  return filterFunctions[name];
}

type PlainLiteral =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'text'; readonly value: string }
  /** Lower case. */
  | { readonly type: 'uuid'; readonly value: string }
  /** `HH:mm:ss`. */
  | { readonly type: 'time'; readonly value: string }
  /** Seconds. */
  | { readonly type: 'span'; readonly value: number };

/** As written; a time stamp is `YYYY-MM-DDTHH:mm:ss[.f]` and `Z`, an offset or nothing. */
export type ParsedLiteral =
  PlainLiteral | { readonly type: 'datetime'; readonly value: string; readonly zone: string };

/** An instant ends in `Z` or an offset, a wall clock (`local`) in neither. */
export type FilterLiteral =
  | PlainLiteral
  | { readonly type: 'enum'; readonly value: string }
  | { readonly type: 'instant'; readonly value: string }
  | { readonly type: 'local'; readonly value: string };

/** `position` counts characters of the option's text from 1. */
type FilterOf<Literal> =
  | {
      readonly kind: 'and' | 'or';
      readonly operands: readonly FilterOf<Literal>[];
      readonly position: number;
    }
  | { readonly kind: 'not'; readonly operand: FilterOf<Literal>; readonly position: number }
  | {
      readonly kind: 'compare';
      readonly word: CompareWord;
      readonly left: FilterOf<Literal>;
      readonly right: FilterOf<Literal>;
      readonly position: number;
    }
  | {
      readonly kind: 'in';
      readonly operand: FilterOf<Literal>;
      readonly items: readonly { readonly literal: Literal; readonly position: number }[];
      readonly position: number;
    }
  | {
      /** Whether an object of the collection meets the condition, in which `variable` stands for it. */
      readonly kind: 'any';
      readonly path: string;
      readonly variable: string;
      readonly operand: FilterOf<Literal>;
      readonly position: number;
    }
  | {
      readonly kind: 'call';
      readonly name: FunctionName;
      readonly args: readonly FilterOf<Literal>[];
      readonly position: number;
    }
  | { readonly kind: 'field'; readonly path: string; readonly position: number }
  | { readonly kind: 'literal'; readonly literal: Literal; readonly position: number };

export type ParsedFilter = FilterOf<ParsedLiteral>;
export type Filter = FilterOf<FilterLiteral>;

/** What a checked part of a filter evaluates to; `fields` are those it was checked against. */
export function filterType(tree: Filter, fields: ListFields): FieldType | 'null' {
  switch (tree.kind) {
    case 'field':
      return fields[tree.path]?.type ?? 'null';
    case 'literal':
      return tree.literal.type;
    case 'call':
      return functionShape(tree.name).gives;
    case 'and':
    case 'or':
    case 'not':
    case 'compare':
    case 'in':
    case 'any':
    default:
      return 'bool';
  }
}

export type Direction = 'asc' | 'desc';
export type OrderItem = { readonly path: string; readonly direction: Direction };

/** 5.3: newest first. */
const newestFirst: readonly OrderItem[] = [{ path: 'utc_date_time', direction: 'desc' }];

/** The order of an event list; its fields must have `utc_date_time`. */
export function eventOrder({ orderBy }: Pick<ListOptions, 'orderBy'>): readonly OrderItem[] {
  return orderBy.length > 0 ? orderBy : newestFirst;
}

/** The options with `path` settling what their order leaves equal, in the direction of the key before. */
export function tiedBy(options: ListOptions, path: string): ListOptions {
  const order = eventOrder(options);
  if (order.some((item) => item.path === path)) return { ...options, orderBy: order };
  const direction = order.at(-1)?.direction ?? 'desc';
  return { ...options, orderBy: [...order, { path, direction }] };
}

export type ListOptions = {
  readonly filter: Filter | null;
  /** Empty: the default order of the list. */
  readonly orderBy: readonly OrderItem[];
  /** Page size, 0 to 1000. */
  readonly top: number;
  readonly skip: number;
  readonly count: boolean;
  /** What `now()` means in this request: an ISO instant. */
  readonly now: string;
};

/** Where a run of event pages stopped: the order keys of its last row as texts, and that row's id. */
export type EventPosition = {
  /** Null when the keys are too long for a token: the row is then looked up by its id. */
  readonly keys: readonly (string | null)[] | null;
  readonly id: string;
};

/** core-api.md 5.1. */
export type Page<Item> = {
  readonly items: readonly Item[];
  readonly next_page_link: string | null;
  readonly count: number | null;
};

/** core-api.md 5.3. */
export type EventPage<Item> = {
  readonly items: readonly Item[];
  readonly continuation_token: string | null;
  readonly next_page_link: string | null;
  readonly count: number | null;
};
