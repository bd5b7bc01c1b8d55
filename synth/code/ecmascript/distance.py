"""How many calls lie between a failing test and a function: noted by the function as it is entered."""

import json
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from envs.code.layout import text_of
from envs.code.runs import RunRequest, run_many
from envs.code.toolchains.base import NOTES, Plugin
from envs.code.tree import Tree
from envs.code.trees import laid_over
from synth.code.bug import Bug, Labels, Place
from synth.code.draft import modules_of
from synth.code.labels import fixed_tree
from synth.code.operators.tree import TreeModule, language_of

_NOTER = """
const fs = require('fs');
const path = require('path');
const root = process.env.PALAESTRA_ROOT + '/';
const isTest = new RegExp(process.env.PALAESTRA_TESTS);
const found = {};
globalThis.palaestraEntered = (number) => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const lines = String(new Error().stack).split('\\n').slice(2);
  Error.stackTraceLimit = before;
  let depth = 0;
  for (const line of lines) {
    const at = line.indexOf(root);
    if (at < 0) continue;
    const place = line.slice(at + root.length).replace(/:\\d+:\\d+\\)?$/, '');
    if (place.startsWith('node_modules/')) continue;
    if (isTest.test(place)) break;
    depth += 1;
  }
  found[number] = Math.min(found[number] ?? 1000, depth);
};
process.on('exit', () => {
  if (Object.keys(found).length) {
    fs.appendFileSync(process.env.PALAESTRA_NOTES, JSON.stringify(found) + '\\n');
  }
});
"""
_TESTS = r"(^|/)(tests?|__tests__|spec)(/|\.[mc]?js$)|[._-](test|spec)\.[mc]?js$"
_LINE = TypeAdapter(dict[int, int])


def distances(bug: Bug, labels: Labels, places: Sequence[Place]) -> list[int]:
    """See `synth.code.tongues.Tongue`."""
    fixed = fixed_tree(bug)
    tree = laid_over(fixed, _noting(fixed, places))
    env = {"PALAESTRA_NOTES": NOTES, "PALAESTRA_TESTS": _TESTS}
    env["PALAESTRA_ROOT"] = "/home/agent/repo"
    request = RunRequest(
        tree=tree,
        toolchain=bug.toolchain,
        modules=modules_of(labels.fail_to_pass, bug.modules),
        ids=labels.fail_to_pass,
        plugin=Plugin(_NOTER, env),
    )
    found: dict[int, int] = {}
    for line in run_many([request])[0].notes.splitlines():
        try:
            said = _LINE.validate_json(line)
        except ValidationError:
            continue
        for number, depth in said.items():
            found[number] = min(found.get(number, depth), depth)
    return [found.get(number, 0) for number in range(len(places))]


def _noting(tree: Tree, places: Sequence[Place]) -> dict[str, str | None]:
    """Files in which the functions at `places` say that they are entered."""
    texts: dict[str, str | None] = {}
    for path in sorted({place.path for place in places}):
        language = language_of(path)
        text = text_of(tree, path)
        if language is None:
            continue
        offsets = TreeModule(text, language).bodies()
        noted = [
            (offsets[place.function], number)
            for number, place in enumerate(places)
            if place.path == path and place.function in offsets
        ]
        for offset, number in sorted(noted, reverse=True):
            call = f" globalThis.palaestraEntered?.({json.dumps(number)});"
            text = text[:offset] + call + text[offset:]
        texts[path] = text
    return texts
