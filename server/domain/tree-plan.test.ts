import { describe, expect, it } from 'vitest';
import type { CollectionId, IqId } from '#contract/ids';
import type { TreeHardware } from '#server/store/tree';
import { planTree, type TreeFacts, type TreeItem } from './tree-plan.ts';

const iqId = 'iq' as IqId;
const home = 'home' as CollectionId;

function lock(id: string, more: Partial<TreeHardware> = {}): TreeHardware {
  return {
    id,
    type: 'lock',
    vendor_reference: 'sallis',
    iq_link_state: 'detached',
    iq_id: null,
    collection_id: null,
    slot: null,
    repeater_id: null,
    is_in_group_outside: false,
    ...more,
  };
}
const repeater = (id: string, more: Partial<TreeHardware> = {}) =>
  lock(id, { type: 'repeater', ...more });
const here = { iq_id: iqId, iq_link_state: 'attached', slot: 4 } as const;

function facts(
  hardware: readonly TreeHardware[],
  rules: Partial<TreeFacts['rules']> = {},
): TreeFacts {
  return {
    iq: { id: iqId, vendor_reference: 'sallis', collection_id: home },
    rules: { limits: {}, is_mixed_root: false, ...rules },
    hardware,
  };
}

/** `a` = lock a on the IQ, `a>R` = lock a below repeater R; capitals are repeaters. */
function tree(text: string): TreeItem[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [id = '', parent] = word.split('>');
      return {
        id,
        parent_id: parent ?? null,
        hardware_type: id === id.toUpperCase() ? 'repeater' : 'lock',
      };
    });
}

const fault = (text: string, of: TreeFacts) => planTree(tree(text), of).fault;
const all = Array.from('abcdefghijklmnopqrs').map((id) => lock(id));
const repeaters = Array.from('RSTUVWXY').map((id) => repeater(id));

describe('a tree is refused for its first broken rule', () => {
  it.each([
    ['of an unknown item', 'a z', facts([lock('a')]), 'item 2 is no lock that is known'],
    ['of another kind', 'R', facts([lock('R')]), 'item 1 is no repeater that is known'],
    ['named twice', 'a b a', facts(all), 'item 3 occurs twice'],
    ['the IQ itself', 'iq', facts(all), 'item 1 is the IQ itself'],
    ['with a lock above', 'a b>a', facts(all), 'item 2 has a lock as parent'],
    [
      'with a parent elsewhere',
      'a>R',
      facts([...all, ...repeaters]),
      'item 1 has a parent that is not in the list',
    ],
    ['in a loop', 'R>S S>R', facts(repeaters), 'item 1 hangs on itself'],
    ['hanging on itself', 'R>R', facts(repeaters), 'item 1 hangs on itself'],
    [
      'with 17 locks',
      'a b c d e f g h i j k l m n o p q',
      facts(all),
      'item 17 is more than 16 locks',
    ],
    [
      'with more locks than the hub holds',
      'a b c',
      facts(all, { limits: { locks: 2 } }),
      'item 3 is more than 2 locks',
    ],
    ['with 7 repeaters', 'R S T U V W X', facts(repeaters), 'item 7 is more than 6 repeaters'],
    ['with a fourth layer', 'R S>R T>S', facts(repeaters), 'item 3 is below layer 3'],
    [
      'with a lock beside a repeater',
      'R a',
      facts([...all, ...repeaters]),
      'item 2 hangs on the IQ beside a repeater',
    ],
    [
      'with hardware of another IQ',
      'a',
      facts([lock('a', { iq_id: 'other' as IqId, iq_link_state: 'detached_pending' })]),
      'item 1 belongs to another IQ',
    ],
    [
      'of another vendor',
      'a',
      facts([lock('a', { vendor_reference: 'x' })]),
      'item 1 is of another vendor',
    ],
    [
      'of another collection',
      'a',
      facts([lock('a', { collection_id: 'away' as CollectionId })]),
      'item 1 is of another collection',
    ],
    [
      'with a lock in groups elsewhere',
      'a',
      facts([lock('a', { is_in_group_outside: true })]),
      'item 1 is in an access group of another collection',
    ],
    [
      'without an attached lock',
      '',
      facts([lock('a', here)]),
      'lock a is attached and missing: it must be detached first',
    ],
    // The rules are asked one after the other for all items, not item by item.
    [
      'of rule 2 before rule 3',
      'R S>R T>S a>b b',
      facts([...all, ...repeaters]),
      'item 4 has a lock as parent',
    ],
  ])('%s', (_name, text, of, expected) => {
    expect(fault(text, of)).toBe(expected);
  });
});

describe('a tree that fits', () => {
  it('is accepted at its limits: 16 locks below any repeater, a repeater below a repeater', () => {
    const locks = Array.from('abcdefghijklmnop').map(
      (id, index) => `${id}>${index % 2 === 0 ? 'R' : 'S'}`,
    );
    expect(fault(`R S>R ${locks.join(' ')}`, facts([...all, ...repeaters]))).toBeNull();
    expect(fault('R a', facts([...all, ...repeaters], { is_mixed_root: true }))).toBeNull();
  });

  function placed(text: string, hardware: readonly TreeHardware[]) {
    const plan = planTree(tree(text), facts(hardware));
    if (plan.fault !== null) throw new Error(plan.fault);
    return Object.fromEntries(
      plan.places.map((place) => [
        place.id,
        `${place.iq_link_state} ${place.slot ?? '-'} ${place.tree_position ?? '-'} ${place.repeater_id ?? '-'}`,
      ]),
    );
  }

  it('gives new items free slots and leaves the others theirs, whatever their order', () => {
    expect(
      placed('c b a', [
        lock('a', { ...here, slot: 1 }),
        lock('b', { ...here, slot: 3 }),
        lock('c'),
      ]),
    ).toEqual({ c: 'attached_pending 2 1 -', b: 'attached 3 2 -', a: 'attached 1 3 -' });
  });

  it('moves an attached lock to another parent without a card', () => {
    expect(placed('R a>R', [repeater('R'), lock('a', here)])).toEqual({
      R: 'attached_pending 1 1 -',
      a: 'attached 4 2 R',
    });
  });

  it('takes back a lock whose detaching was begun here', () => {
    expect(placed('a', [lock('a', { ...here, iq_link_state: 'detached_pending' })])).toEqual({
      a: 'attached 4 1 -',
    });
  });

  it('lets what never joined go at once, and the others when the hub confirms', () => {
    expect(
      placed('', [
        lock('a', { ...here, iq_link_state: 'attached_pending' }),
        lock('b', { ...here, iq_link_state: 'detached_pending' }),
        repeater('R', { ...here, iq_link_state: 'attached' }),
        repeater('S', { ...here, iq_link_state: 'attached_pending' }),
      ]),
    ).toEqual({
      a: 'detached - - -',
      b: 'detached_pending 4 - -',
      R: 'detached_pending 4 - -',
      S: 'detached - - -',
    });
  });
});
