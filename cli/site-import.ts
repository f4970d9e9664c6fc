/** `cardea import`: a file of `cardea export` becomes a site, all of it or nothing. docs/migrations.md. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Value } from 'typebox/value';
import { MigrationResult } from '#contract/migrations';
import { CommandError, exitCodes, textOf, type Command, type CommandCall } from './command.ts';
import { coreHelp, coreOptions, openCoreApi, Refused, type CoreApi } from './core-api.ts';
import { readPrivateKeyFile } from './site-keys.ts';
import { readText } from './sign-in.ts';

export const siteImport: Command = {
  words: 'import',
  summary: 'makes a site of an exported file, all of it or nothing',
  help: `
Make a dry run first: it changes nothing and tells every check. Ctrl-C ends an import, and nothing of it stays.
Exit code 1 = a check of the dry run failed.

  --file <file>    what cardea export wrote (required)
  --dry-run        only looks
  --key <file>     the private key, for keypad codes and one-time codes (PEM or base64 DER)
  --target <id>    an empty collection that it becomes; else a new one is made
${coreHelp}

  cardea import --file harbour.json --key harbour.key --dry-run
  cardea import --file harbour.json --key harbour.key
`,
  options: {
    ...coreOptions,
    file: { type: 'string' },
    'dry-run': { type: 'boolean' },
    key: { type: 'string' },
    target: { type: 'string' },
  },
  async run(call) {
    const { values } = call;
    const path = textOf(values, 'file');
    if (path === undefined) throw new CommandError('usage', 'Name the file with --file.');
    const keyFile = textOf(values, 'key');
    const key = keyFile === undefined ? null : await readPrivateKeyFile(keyFile);
    const id = randomUUID();
    const body = JSON.stringify({
      id,
      kind: 'site_import',
      export: parse(path, await readText(path)),
      private_key: key?.export({ type: 'pkcs8', format: 'der' }).toString('base64') ?? null,
      target_collection_id: textOf(values, 'target') ?? null,
      dry_run: values['dry-run'] === true,
    });
    const api = await openCoreApi(call);
    const json = await follow(api, { id, body, call });
    const isFine = json.checks.every(({ outcome }) => outcome !== 'failed');
    return { code: isFine ? exitCodes.fine : exitCodes.found, json, text: textOfImport(json) };
  },
};

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} is no export.`, { cause });
  }
}

type Importing = { readonly id: string; readonly body: string; readonly call: CommandCall };

/** Waits for the answer, telling how far it is meanwhile. */
async function follow(api: CoreApi, { id, body, call }: Importing): Promise<MigrationResult> {
  const over = new AbortController();
  const telling = tell(api, { id, call, signal: over.signal });
  try {
    return resultOf(await api.ask('POST', '/migrations', body));
  } catch (error) {
    // Whoever stands between may give up waiting for a long one; the server goes on.
    if (error instanceof Refused && error.status !== 502 && error.status !== 504) throw error;
    return await untilEnded(api, id, error);
  } finally {
    over.abort();
    await telling;
  }
}

type Telling = { readonly id: string; readonly call: CommandCall; readonly signal: AbortSignal };

async function tell(api: CoreApi, { id, call, signal }: Telling): Promise<void> {
  let isCancelled = false;
  let told = -1;
  for (;;) {
    await Promise.race([
      wait(500, undefined, { signal }).catch(() => undefined),
      ...(isCancelled ? [] : [aborted(call.signal, signal)]),
    ]);
    if (signal.aborted) return;
    if (call.signal.aborted && !isCancelled) {
      isCancelled = true;
      call.progress('Ending it …');
    }
    const state = await found(api, id, isCancelled);
    if (state === null || state.state !== 'running' || state.rows_done === told) continue;
    told = state.rows_done;
    call.progress(`${told} of ${state.rows_total} rows`);
  }
}

function aborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/** How far it is; null = it has not begun, or nobody answers. Asks it to end. */
async function found(
  api: CoreApi,
  id: string,
  isCancelled: boolean,
): Promise<MigrationResult | null> {
  try {
    const text = isCancelled
      ? await api.ask('POST', `/migrations/${id}/cancel`)
      : await api.ask('GET', `/migrations/${id}`);
    return resultOf(text);
  } catch {
    return null;
  }
}

/** The end of one whose answer was lost. */
async function untilEnded(api: CoreApi, id: string, lost: unknown): Promise<MigrationResult> {
  for (;;) {
    const state = await found(api, id, false);
    if (state === null) throw lost;
    if (state.state === 'checked' || state.state === 'done') return state;
    if (state.state !== 'running')
      throw new CommandError('failed', `The import is ${state.state}; nothing of it is there.`);
    await wait(1_000);
  }
}

function resultOf(text: string): MigrationResult {
  return Value.Parse(MigrationResult, JSON.parse(text));
}

const signs = { passed: 'ok', failed: 'FAILED', not_applicable: '-' } as const;

function textOfImport({ state, counts, checks, id_map: map }: MigrationResult): string {
  const rows = Object.entries(counts).filter(([, count]) => count !== 0);
  const isFine = checks.every(({ outcome }) => outcome !== 'failed');
  const ends = {
    done: 'Done.',
    checked: isFine ? 'It can be imported.' : 'It cannot be imported.',
  };
  return [
    ...checks.map(
      ({ check, outcome, reason }) => `  ${signs[outcome].padEnd(7)}${check.padEnd(18)}${reason}`,
    ),
    ...(rows.length === 0
      ? []
      : [rows.map(([name, count]) => `${name} ${String(count)}`).join(', ')]),
    ...(map.length === 0
      ? []
      : [`${map.length} ids are taken here and become others (--json names them).`]),
    state === 'done' || state === 'checked' ? ends[state] : state,
    ...(state === 'done'
      ? ['Point the hubs at this server; delete the site at the old one only when all have come.']
      : []),
  ].join('\n');
}
