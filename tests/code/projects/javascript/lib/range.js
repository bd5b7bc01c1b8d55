'use strict';

const { parse, compare } = require('./version.js');

const HOLDS = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '=': (order) => order === 0,
};

function nextAfter(numbers, place) {
  const next = numbers.slice();
  next[place] += 1;
  return next.fill(0, place + 1).join('.');
}

/** Comparisons that `^1.2`, `~1.2`, `1.x` and `>=1` stand for. */
function expand(word) {
  if (word === '*' || word === '') {
    return [];
  }
  const found = /^(\^|~|<=|>=|<|>|=)?(.+)$/.exec(word);
  const [, sign, rest] = found;
  const parts = rest.split('.').filter((part) => !/^[x*]$/i.test(part));
  const { numbers } = parse(parts.join('.'));
  if (sign === '^') {
    const first = numbers.findIndex((number) => number > 0);
    return [['>=', rest], ['<', nextAfter(numbers, first === -1 ? 2 : first)]];
  }
  if (sign === '~') {
    return [['>=', rest], ['<', nextAfter(numbers, parts.length === 1 ? 0 : 1)]];
  }
  if (sign === undefined && parts.length < 3) {
    return [['>=', numbers.join('.')], ['<', nextAfter(numbers, parts.length - 1)]];
  }
  return [[sign ?? '=', parts.join('.')]];
}

/** Whether `version` is in `range`: words that must all hold, alternatives between `||`. */
function satisfies(version, range) {
  const tagged = parse(version).tag.length > 0;
  return range.split('||').some((alternative) => {
    const words = alternative.trim().split(/\s+/);
    const rules = words.flatMap(expand);
    const named = rules.some(([, wanted]) => parse(wanted).tag.length > 0);
    if (tagged && !named) {
      return false;
    }
    return rules.every(([sign, wanted]) => HOLDS[sign](compare(version, wanted)));
  });
}

/** The highest of `versions` in `range`; undefined if there is none. */
function best(versions, range) {
  const fitting = versions.filter((version) => satisfies(version, range));
  return [...fitting].sort(compare).pop();
}

module.exports = { satisfies, best };
