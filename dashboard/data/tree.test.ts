import { expect, it } from 'vitest';
import {
  changesOf,
  hang,
  inOrder,
  isMixed,
  mayHang,
  nodeOf,
  takeOut,
  type TreeNode,
} from './tree.ts';

const node = (id: string, parentId: string | null, type: TreeNode['hardware_type']): TreeNode => ({
  id,
  parent_id: parentId,
  hardware_type: type,
  mac: null,
  customer_reference: id,
  lock_type: 'unknown',
  is_online: true,
  is_attached: true,
  battery_state: 'good',
  communication_type: 'blue_net',
});
const tree = [
  node('door', 'low', 'lock'),
  node('high', null, 'repeater'),
  node('low', 'high', 'repeater'),
];
const at = (id: string) => nodeOf(id, tree) ?? node(id, null, 'lock');

it('things hang on the hub and on repeaters, and on nothing that hangs on themselves', () => {
  expect(mayHang(at('door'), null, tree)).toBe(true);
  expect(mayHang(at('door'), 'high', tree)).toBe(true);
  expect(mayHang(at('high'), 'low', tree)).toBe(false);
  expect(mayHang(at('high'), 'high', tree)).toBe(false);
  expect(mayHang(at('low'), 'door', tree)).toBe(false);
});

it('a tree is shown with what hangs on a thing after it, and how deep', () => {
  expect(inOrder(tree).map(({ node: { id }, depth }) => [id, depth])).toEqual([
    ['high', 0],
    ['low', 1],
    ['door', 2],
  ]);
});

it('what hung on a thing that is taken out hangs where that hung', () => {
  const draft = takeOut('low', tree);
  expect(changesOf(tree, draft).map(({ kind, node: { id } }) => [kind, id])).toEqual([
    ['moved', 'door'],
    ['takenOut', 'low'],
  ]);
  expect(nodeOf('door', draft)?.parent_id).toBe('high');
});

it('a change that is taken back is none, and a new thing is one', () => {
  const back = hang('door', 'low', hang('door', null, tree));
  expect(changesOf(tree, back)).toEqual([]);
  const added = [...tree, node('new', 'high', 'lock')];
  expect(changesOf(tree, added).map(({ kind }) => kind)).toEqual(['added']);
});

it('a lock on the hub beside a repeater is mixed', () => {
  expect(isMixed(tree)).toBe(false);
  expect(isMixed(hang('door', null, tree))).toBe(true);
});
