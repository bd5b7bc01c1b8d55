'use strict';

const { test } = require('node:test');
const assert = require('node:assert');
const { satisfies, best } = require('../lib/range.js');

const CASES = [
  ['^1.2.3', ['1.2.3', '1.9.0'], ['1.2.2', '2.0.0', '1.3.0-rc']],
  ['^0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '0.2.2']],
  ['^0.0.3', ['0.0.3'], ['0.0.4', '0.0.2']],
  ['~1.2', ['1.2.0', '1.2.7'], ['1.3.0', '1.1.9']],
  ['~1', ['1.0.0', '1.9.9'], ['2.0.0']],
  ['1.x', ['1.0.0', '1.7.3'], ['2.0.0', '0.9.9']],
  ['1.2', ['1.2.0', '1.2.9'], ['1.3.0']],
  ['>=1.2 <1.5', ['1.2.0', '1.4.9'], ['1.5.0', '1.1.9']],
  ['<1 || >2', ['0.9.0', '2.0.1'], ['1.0.0', '2.0.0']],
  ['*', ['0.0.1', '9.9.9'], ['1.0.0-rc']],
  ['>=1.0.0-rc.1', ['1.0.0-rc.2', '1.0.0'], ['1.0.0-rc.0', '1.0.0-beta']],
];

for (const [range, inside, outside] of CASES) {
  test(`range ${range}`, () => {
    for (const version of inside) assert.ok(satisfies(version, range), version);
    for (const version of outside) assert.ok(!satisfies(version, range), version);
  });
}

test('the best is the highest that fits', () => {
  const versions = ['1.2.0', '1.10.0', '2.0.0', '1.9.1'];
  assert.strictEqual(best(versions, '^1.0'), '1.10.0');
  assert.strictEqual(best(versions, '>3'), undefined);
  assert.deepStrictEqual(versions, ['1.2.0', '1.10.0', '2.0.0', '1.9.1']);
});
