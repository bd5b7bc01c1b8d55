'use strict';

const { test, describe, it } = require('node:test');
const assert = require('node:assert');
const { parse, compare } = require('../lib/version.js');

describe('parse', () => {
  it('fills what is missing', () => {
    assert.deepStrictEqual(parse('v1.2'), { numbers: [1, 2, 0], tag: [] });
  });
  it('splits tags', () => {
    assert.deepStrictEqual(parse('1.2.3-rc.1').tag, ['rc', '1']);
  });
  it('refuses what is none', () => {
    for (const text of ['', 'x', '1.2.3.4', '1..2']) {
      assert.throws(() => parse(text), TypeError);
    }
  });
});

test('order', () => {
  const versions = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-rc.2'];
  versions.push('1.0.0-rc.10', '1.0.0', '1.2.0', '1.10.0', '2.0.0');
  for (let i = 1; i < versions.length; i++) {
    assert.strictEqual(compare(versions[i - 1], versions[i]), -1, versions[i]);
    assert.strictEqual(compare(versions[i], versions[i - 1]), 1, versions[i]);
  }
});

test('equal', () => {
  assert.strictEqual(compare('1.0', 'v1.0.0'), 0);
  assert.strictEqual(compare('1.0.0-a.1', '1.0.0-a.1'), 0);
});
