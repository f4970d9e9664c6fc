import { describe, expect, it } from 'vitest';
import { visitsOf, type DoorUse } from './attendance.ts';

/** `ada 1 08:00 in` */
function use(text: string): DoorUse {
  const [accessorId = '', day = '', time = '', lockId = ''] = text.split(' ');
  const date = `2026-11-${day.padStart(2, '0')}`;
  return { accessorId, lockId, local: `${date} ${time}:00`, at: new Date(`${date}T${time}:00Z`) };
}

const shown = ({ came, left }: ReturnType<typeof visitsOf>[number]): string =>
  `${came.accessorId} ${Number(came.local.slice(8, 10))} ${came.local.slice(11, 16)}-${left === null ? '' : left.local.slice(11, 16)}`;

describe('visits', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['nothing is no visit', [], []],
    ['in and out', ['ada 1 08:00 in', 'ada 1 17:00 out'], ['ada 1 08:00-17:00']],
    ['a day that ends inside is open', ['ada 1 08:00 in'], ['ada 1 08:00-']],
    ['out alone is no visit', ['ada 1 17:00 out'], []],
    [
      'the first way in counts, and the next way out',
      ['ada 1 08:00 in', 'ada 1 09:00 in', 'ada 1 12:00 out', 'ada 1 12:30 out'],
      ['ada 1 08:00-12:00'],
    ],
    [
      'a person may come twice',
      ['ada 1 08:00 in', 'ada 1 12:00 out', 'ada 1 13:00 in', 'ada 1 17:00 out'],
      ['ada 1 08:00-12:00', 'ada 1 13:00-17:00'],
    ],
    [
      'leaving after midnight does not end the visit of the day before',
      ['ada 1 22:00 in', 'ada 2 01:00 out', 'ada 2 08:00 in'],
      ['ada 1 22:00-', 'ada 2 08:00-'],
    ],
    [
      'one person does not end the visit of another',
      ['ada 1 08:00 in', 'bob 1 09:00 out', 'bob 1 10:00 in', 'bob 1 11:00 out'],
      ['ada 1 08:00-', 'bob 1 10:00-11:00'],
    ],
  ])('%s', (_name, uses, expected) => {
    const visits = visitsOf(uses.map(use), { inId: 'in', outId: 'out' });
    expect(visits.map(shown)).toEqual(expected);
  });

  it('of one door take turns', () => {
    const uses = ['ada 1 08:00 d', 'ada 1 12:00 d', 'ada 1 13:00 d'].map(use);
    const visits = visitsOf(uses, { inId: 'd', outId: 'd' });
    expect(visits.map(shown)).toEqual(['ada 1 08:00-12:00', 'ada 1 13:00-']);
  });
});
