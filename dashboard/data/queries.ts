/** Reading and acting through TanStack Query, the way every page does it (docs/dashboard.md). */
import {
  keepPreviousData,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import type { AnswerOf, PathOf } from '#client/operations';
import { useWords } from '../parts/language.tsx';
import { shellWords } from '../words/shell.ts';
import { api } from './api.ts';
import { useMaybeSiteId } from './site.tsx';
import { toast } from './toast.ts';

export function createQueries(): QueryClient {
  return new QueryClient({
    // The client itself tries again what may be tried again.
    defaultOptions: { queries: { staleTime: 5_000, retry: false } },
  });
}

export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

type Reading = {
  /** What stands for `{id}` in the path; `{site_id}` is the site that is shown. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: QueryValues;
  /** Absent = when something happens at the site only. */
  readonly everyMs?: number;
  readonly isOn?: boolean;
};

/**
 * Reads `GET path`, typed by the API description. It is fetched again when something at the site touches it, after acts that name it,
 * and every `everyMs`; the answer before stays while the next one comes.
 */
export function useRead<P extends PathOf<'GET'>>(
  path: P,
  reading: Reading = {},
): UseQueryResult<AnswerOf<'GET', P>> {
  const siteId = useMaybeSiteId();
  const { query, everyMs, isOn = true } = reading;
  const values = { ...(siteId === undefined ? {} : { site_id: siteId }), ...reading.path };
  return useQuery({
    queryKey: keyOf(path, values, query),
    queryFn: ({ signal }) => readAnyhow(path, { path: values, query, signal }),
    placeholderData: keepPreviousData,
    enabled: isOn,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  }) as UseQueryResult<AnswerOf<'GET', P>>;
}

/** The client checks its arguments by the path it is called with; here the path is anybody's. */
const readAnyhow = api.get as unknown as (path: string, options: unknown) => Promise<unknown>;

/**
 * The name of an answer among all: the site, the path below it word by word, the query. So `['site', id, 'locks']` names everything
 * about locks, of whatever face; `['server', 'clients']` everything about clients, which are of no site.
 */
export function keyOf(
  path: string,
  values: Readonly<Record<string, string>>,
  query?: QueryValues,
): readonly unknown[] {
  const filled = path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  const below = /^\/(v1\.1|v1\.2|ext\/v1)\/sites\/[^/]+(\/.*)?$/.exec(filled);
  if (below === null) {
    const words = filled.replace(/^\/(v1\.1|v1\.2|ext\/v1)\//, '').split('/');
    return ['server', ...words, filled, query ?? null];
  }
  const { id, site_id: siteId = id } = values;
  const words = (below[2] ?? '').split('/').filter((word) => word !== '');
  return ['site', siteId, ...words, below[1], query ?? null];
}

/**
 * An act: afterwards everything below the words of `touches` (`locks`, `tags`) is fetched again, and `done` is shown for a moment. Its
 * error is for an ErrorNote.
 */
export function useAct<Input = void, Output = unknown>(
  act: (input: Input) => Promise<Output>,
  {
    touches,
    done,
  }: { readonly touches: readonly string[]; readonly done?: string | ((output: Output) => string) },
) {
  const siteId = useMaybeSiteId();
  const queries = useQueryClient();
  const shell = useWords(shellWords);
  return useMutation({
    mutationFn: act,
    onSuccess(output) {
      const text = typeof done === 'function' ? done(output) : done;
      if (text !== undefined) void toast(text, shell('close'));
    },
    // Also after a failure: what was asked may have happened.
    onSettled: () =>
      Promise.all(
        touches.flatMap((path) =>
          [
            ['site', siteId, ...path.split('/')],
            ['server', ...path.split('/')],
          ].map((queryKey) => queries.invalidateQueries({ queryKey })),
        ),
      ),
  });
}
