/** Battery and radio as a hub writes them down. */
import { afterEach, expect, test } from 'vitest';
import { mac, startHubRig, type HubRig } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';
import { changesOf, type Condition } from './conditions.ts';

let rig: HubRig | undefined;
afterEach(() => rig?.stop());

const known: Condition = {
  battery_level: 'good',
  online: true,
  signal_strength: 20,
  signal_changed_at: '2026-06-01T10:00:00Z',
};
const here = { battery_level: 'good', online: true, signal_strength: 20 } as const;
const at = (minutes: number) => new Date(Date.UTC(2026, 5, 1, 10, minutes));

test.each([
  ['the first word says all that is known', null, {}, 0, { ...here }],
  ['nothing is said twice', known, {}, 20, null],
  ['a battery that falls is said', known, { battery_level: 'low' }, 0, { battery_level: 'low' }],
  ['the weather of a radio is not said', known, { signal_strength: 18 }, 20, null],
  ['another signal is said', known, { signal_strength: 17 }, 20, { signal_strength: 17 }],
  ['but not each minute', known, { signal_strength: 5 }, 9, null],
  [
    'and a clock set back keeps it quiet no longer',
    known,
    { signal_strength: 5 },
    -20,
    { signal_strength: 5 },
  ],
] as const)('%s', (_name, former, changes, minutes, said) => {
  expect(changesOf(former, { ...here, ...changes }, at(minutes))).toEqual(said);
});

test('battery, contact and signal are each told once, at their instant, and what a lock remembered at its own', async () => {
  rig = await startHubRig();
  const { hub, hardware, clock, conditions } = rig;
  const about = { mac, at: clock.now() };
  const told = () =>
    conditions.map(({ at: when, battery_level, online, signal_strength }) =>
      [when.slice(11, 19), battery_level, online, signal_strength].filter(
        (one) => one !== undefined,
      ),
    );
  await rig.beat({ battery: 'good', signal: 25 });
  await rig.beat({ signal: 24 });
  await rig.beat({ battery: 'low', signal: 12 });
  // The reports of hub and lock are the same whoever measures.
  expect(rig.report()).toMatchObject({ battery_level: 'low', signal_strength: 12 });
  clock.advance(60_000);
  await until(() => told().length === 4, { what: 'the lock is missed' });
  // What was told last is on the disk of the hub: a start tells only what is another thing.
  await hub.stop();
  await hub.start();
  await rig.beat();
  await hardware.raise({ ...about, kind: 'battery', battery: 'critical', record: 7 });
  expect(told()).toEqual([
    ['10:00:00', 'good', true],
    ['10:00:00', 25],
    ['10:00:00', 'low', 12],
    ['10:00:50', false],
    ['10:01:00', true],
    ['10:00:00', 'critical'],
  ]);
});
