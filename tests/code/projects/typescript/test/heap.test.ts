import { test } from 'node:test';
import assert from 'node:assert';
import { Heap } from '../src/heap';

test('comes out in order', () => {
  const heap = new Heap<number>((a, b) => a < b);
  const numbers = Array.from({ length: 50 }, (_, i) => (i * 37) % 50);
  for (const number of numbers) heap.push(number);
  assert.strictEqual(heap.size, 50);
  const out = numbers.map(() => heap.pop());
  assert.deepStrictEqual(out, [...numbers].sort((a, b) => a - b));
  assert.strictEqual(heap.pop(), undefined);
});

test('peek takes nothing away', () => {
  const heap = new Heap<string>((a, b) => a.length > b.length);
  assert.strictEqual(heap.peek(), undefined);
  heap.push('a');
  heap.push('abc');
  assert.strictEqual(heap.peek(), 'abc');
  assert.strictEqual(heap.size, 2);
});
