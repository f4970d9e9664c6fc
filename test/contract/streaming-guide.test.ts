/** The programs of docs/streaming.md, in every language, run as they stand there until they have told of an entry. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { runnableLanguages, samplesOf, startSample } from '#test/kit/samples';
import { addEventPlace, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let other: OtherProcess;
let siteId: string;
let place: EventPlace;
let person: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer();
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  person = await addPerson(cardea, { siteId, role: 'site_admin' });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

it('has programs that can be run here', () => {
  expect(runnableLanguages.map(({ language }) => language)).toContain('ts');
});

const programs = runnableLanguages.flatMap((sample) => [
  { ...sample, act: 'listens', index: 0 },
  { ...sample, act: 'pulls', index: 1 },
]);

it.each(programs)(
  'the program in $language that $act tells of an entry',
  async ({ act, index, ...sample }) => {
    const { clientId, clientSecret, tenantId } = cardea.tenant;
    const programs = await samplesOf('streaming', sample.language);
    expect(programs).toHaveLength(2);
    const running = startSample(sample, {
      text: programs[index] ?? '',
      env: {
        BASE_URL: cardea.url,
        CLIENT_ID: clientId,
        CLIENT_SECRET: clientSecret,
        USERNAME: person.email,
        PASSWORD: person.password,
        SITE_ID: siteId,
      },
    });
    try {
      // Who begins with the latest hears of what is stored from then on.
      await until(
        async () => {
          await storeEntry(cardea.database, { ...place, accessorId: person.accessorId });
          other.wake(tenantId);
          return running.said().includes('2026-11-22T08:15:30Z');
        },
        { timeoutMs: 60_000, what: () => `an entry is told of, after: ${running.said()}` },
      );
      const said = running.said();
      expect(said).toContain('lock_opened');
      if (act === 'listens') expect(said).toContain('Ada');
      else await until(() => running.said().includes('read up to'), { what: 'it keeps its place' });
      expect(said).not.toMatch(/error|warning/i);
    } finally {
      await running.end();
    }
  },
  120_000,
);
