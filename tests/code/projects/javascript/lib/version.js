'use strict';

const FORM = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9a-z.-]+))?$/i;

/** Parts of a version; parts that are missing are zero. Throws a TypeError for what is none. */
function parse(text) {
  const found = FORM.exec(text.trim());
  if (found === null) {
    throw new TypeError(`no version: ${text}`);
  }
  const [, major, minor, patch, tag] = found;
  return {
    numbers: [major, minor ?? 0, patch ?? 0].map(Number),
    tag: tag === undefined ? [] : tag.split('.'),
  };
}

function compareParts(left, right) {
  const numeric = [left, right].map((part) => /^\d+$/.test(part));
  if (numeric[0] && numeric[1]) {
    return Math.sign(Number(left) - Number(right));
  }
  if (numeric[0] !== numeric[1]) {
    return numeric[0] ? -1 : 1;
  }
  return left === right ? 0 : left < right ? -1 : 1;
}

function compareTags(left, right) {
  if (left.length === 0 || right.length === 0) {
    return Math.sign(right.length - left.length);
  }
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i], right[i]);
    if (order !== 0) {
      return order;
    }
  }
  return Math.sign(left.length - right.length);
}

/** -1, 0 or 1; a version with a tag comes before the one without. */
function compare(left, right) {
  const a = parse(left);
  const b = parse(right);
  for (let i = 0; i < 3; i++) {
    if (a.numbers[i] !== b.numbers[i]) {
      return Math.sign(a.numbers[i] - b.numbers[i]);
    }
  }
  return compareTags(a.tag, b.tag);
}

module.exports = { parse, compare };
