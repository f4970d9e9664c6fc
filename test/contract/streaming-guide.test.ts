import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startTestServer } from '#test/kit/cardea';
import { startOtherProcess } from '#test/kit/other-process';
import { addPerson, addSite } from '#test/kit/people';
import { addEventPlace, storeEntry } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

const root = fileURLToPath(new URL('../../', import.meta.url));

const samples = [
  {
    name: 'listens',
    ready: 'listening',
    printed: '2026-11-22T08:15:30Z lock_opened null Ada',
  },
  { name: 'pulls', ready: 'read up to', printed: '2026-11-22T08:15:30Z lock_opened' },
] as const;

it.each(samples.map((sample, index) => ({ ...sample, index })))(
  'the program of docs/streaming.md that $name prints an entry as it stands there',
  async ({ index, ready, printed }) => {
    const guide = await readFile(`${root}docs/streaming.md`, 'utf8');
    const program = [...guide.matchAll(/```js\n(.*?)```/gs)][index]?.[1] ?? '';
    const cardea = await startTestServer();
    const other = await startOtherProcess(cardea);
    const siteId = await addSite(cardea);
    const { tenantId, clientId, clientSecret } = cardea.tenant;
    const place = await addEventPlace(cardea.database, { tenantId, siteId });
    const person = await addPerson(cardea, { siteId, role: 'site_admin' });
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: root,
      env: {
        BASE_URL: cardea.url,
        CLIENT_ID: clientId,
        CLIENT_SECRET: clientSecret,
        USERNAME: person.email,
        PASSWORD: person.password,
        SITE_ID: siteId,
      },
    });
    let said = '';
    child.stdout.on('data', (part: Buffer) => (said += part.toString()));
    child.stderr.on('data', (part: Buffer) => (said += part.toString()));
    // A pull that has nothing to tell waits for 20 s.
    const patience = { timeoutMs: 40_000 };
    const store = async (): Promise<void> => {
      await storeEntry(cardea.database, { ...place, accessorId: person.accessorId });
      other.wake(tenantId);
    };
    try {
      await until(() => said.includes(ready), { ...patience, what: 'it listens' });
      await until(
        async () => {
          await store();
          return said.includes(printed);
        },
        { ...patience, what: 'the entry is printed' },
      );
      expect(said).not.toMatch(/error/i);
    } finally {
      child.kill();
      await other.stop();
      await cardea.stop();
    }
  },
  120_000,
);
