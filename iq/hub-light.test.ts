import { expect, test } from 'vitest';
import { iqLedPatterns } from '#contract/iqs';
import { settings } from '#test/kit/access-table';
import { lightOf, type HubFacts } from './hub-light.ts';

const fine: HubFacts = {
  session: 'ready',
  isUpdating: false,
  hasBeenInContact: true,
  settings: settings(),
};

test.each(iqLedPatterns)('in peace a hub shows the pattern its owner chose: %s', (pattern) => {
  expect(lightOf({ ...fine, settings: settings({ led_pattern: pattern }) })).toBe(pattern);
});

test('a pattern this hub does not know is the usual one', () => {
  expect(lightOf({ ...fine, settings: settings({ led_pattern: 'disco' }) })).toBe(
    'green_blink_every_5_min',
  );
});

test.each<[string, Partial<HubFacts>, string]>([
  [
    'from the factory',
    { hasBeenInContact: false, session: 'down', settings: null },
    'permanent_white',
  ],
  ['claimed by nobody', { session: 'unclaimed', settings: null }, 'permanent_purple'],
  ['never subscribed', { settings: null }, 'permanent_purple'],
  ['not subscribed any more', { settings: settings({ subscribed: false }) }, 'permanent_purple'],
  ['without its server', { session: 'down' }, 'blink_red_every_second'],
  ['under update', { isUpdating: true, session: 'down' }, 'blink_blue_every_second'],
  [
    'switched dark, whatever happens',
    { settings: settings({ led_enabled: false }), isUpdating: true, session: 'down' },
    'off',
  ],
])('a hub %s shows it', (_what, facts, light) => {
  expect(lightOf({ ...fine, ...facts })).toBe(light);
});
