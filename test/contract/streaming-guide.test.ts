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

it('the client of docs/streaming.md prints an entry as it stands there', async () => {
  const guide = await readFile(`${root}docs/streaming.md`, 'utf8');
  const program = /```js\n(.*?)```/s.exec(guide)?.[1] ?? '';
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
  try {
    await until(() => said.includes('listening'), { what: 'it listens' });
    await until(
      async () => {
        await storeEntry(cardea.database, { ...place, accessorId: person.accessorId });
        other.wake(tenantId);
        return said.includes('2026-11-22T08:15:30Z lock_opened null Ada');
      },
      { what: 'the entry is printed' },
    );
    expect(said).not.toMatch(/error/i);
  } finally {
    child.kill();
    await other.stop();
    await cardea.stop();
  }
}, 60_000);
