"""Reproductions of a bug that were really run: what each prints on the fixed and on the buggy tree.

The search runs in one sandbox that holds both trees (`inside`); nothing of the package is loaded
here. What comes back is checked by its form only, for a package can print what it likes: a false
reproduction makes a poor statement, and the certificate runs each once more.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import zip_longest
from pathlib import PurePosixPath

from pydantic import Field, ValidationError

from data.record import Record
from envs.code.project import is_test
from envs.code.runs import RunRequest, run_many
from envs.code.spec import CodeLimits
from envs.code.tree import File, Tree
from envs.sandbox.view import PACKAGES
from synth.code.bug import Bug

MAX_TESTS = 8
"""Failing tests that are traced; more would tell little else."""
TEST_CPU_S = 2.0
SEARCH_S = 600.0
"""Far above what the counted limits of the search allow, for a machine that is very busy."""
ENGINE = "engine"
MARK = "EVIDENCE "
NO_REPRODUCTION = "no_reproduction"
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]+")
_PACKAGE = "synth/code/statement/inside"


class Outcome(Record):
    """What a script did; addresses in memory are `0x...`."""

    out: str
    error: str = ""
    """Class of the error that ended it, as a traceback names it; `hang` if it did not end."""
    message: str = ""
    lines: tuple[int, ...] = ()
    """Lines of the script in the traceback, outermost first."""
    deepest: str = ""

    @property
    def last_line(self) -> str:
        return f"{self.error}: {self.message}" if self.message else self.error

    def printed(self, output: str) -> bool:
        """Whether a program that printed this, and the last line of its error, did the same."""
        plain = without_addresses(output)
        end = self.last_line.rpartition("\n")[2].strip() if self.error else ""
        return plain.startswith(self.out) and plain[len(self.out) :].strip() == end


class Contrast(Record):
    """A neighbour of a script that both trees handle alike."""

    script: str
    out: str


class Reproduction(Record):
    script: str
    """A program for a file of its own; it prints what shows the bug."""
    language: str = "python"
    """Toolchain that runs it."""
    fixed: Outcome
    buggy: Outcome
    contrast: Contrast | None = None
    tests: tuple[str, ...] = ()
    """Failing tests with this symptom."""


class Evidence(Record):
    reproductions: tuple[Reproduction, ...] = Field(min_length=1)
    """The most readable first."""
    docs: dict[str, str] = {}
    """First paragraph of the documentation of what a reproduction calls, by its bare name."""
    runtime: str = f"Python {sys.version_info.major}.{sys.version_info.minor}"

    @property
    def shown(self) -> str:
        """All that a statement may quote."""
        parts: list[str] = list(self.docs.values())
        for each in self.reproductions:
            parts.append(each.script)
            parts += [side.out + "\n" + side.last_line for side in (each.fixed, each.buggy)]
            parts += [each.contrast.script, each.contrast.out] if each.contrast else []
        return "\n".join(parts)


def without_addresses(output: str) -> str:
    """With `0x...` for addresses in memory, which differ from run to run."""
    return _ADDRESS.sub("0x...", output)


def gather(
    bug: Bug,
    tests: Sequence[str],
    fixed: Tree,
    buggy: Tree,
    places: Sequence[Sequence[str]] = (),
) -> Evidence | str:
    """Reproductions of `bug`, or why there are none; raises `EnvironmentFault`.

    `fixed` and `buggy` are whole trees with the failing `tests`. `places`: of each of several
    mistakes the tests that notice it; each mistake is shown if that can be done.
    """
    request = RunRequest(
        tree=_both(bug, _chosen(tests, places), places, fixed, buggy),
        toolchain=bug.toolchain.model_copy(update={"root": ""}),
        modules=(),
        limits=CodeLimits(tests_s=SEARCH_S),
        script=_PROGRAM,
        forked=True,
    )
    [run] = run_many([request])
    found = tuple(_found(run.output))
    if not found:
        return NO_REPRODUCTION
    return Evidence(reproductions=found, docs=_docs(found, buggy, bug.sources))


_PROGRAM = f"""\
import os, sys
sys.path[:0] = [os.path.join(os.getcwd(), {ENGINE!r}), {PACKAGES!r}]
import pytest  # ours, whatever else the tree's requirements have
sys.path.remove({PACKAGES!r})
sys.path.append({PACKAGES!r})
from synth.code.statement.inside.bench import main
main()
"""


def _both(
    bug: Bug, tests: Sequence[str], places: Sequence[Sequence[str]], fixed: Tree, buggy: Tree
) -> Tree:
    """Both trees side by side, with what searches them."""
    tree = {f"fixed/{path}": file for path, file in fixed.items()}
    tree |= {f"buggy/{path}": file for path, file in buggy.items()}
    for part in files("synth.code.statement.inside").iterdir():
        if part.name.endswith(".py"):
            tree[f"{ENGINE}/{_PACKAGE}/{part.name}"] = File(content=part.read_bytes())
    orders = {
        "root": bug.toolchain.root,
        "hidden": sorted(path for path in {*fixed, *buggy} if is_test(path)),
        "modules": _top_modules(bug),
        "tests": tests,
        "test_modules": _modules_of(tests, bug.modules),
        "sources": bug.sources,
        "places": [[test for test in tests if test in place] for place in places],
        "test_cpu_s": TEST_CPU_S,
    }
    return {**tree, "orders.json": File(content=json.dumps(orders).encode())}


def _chosen(tests: Sequence[str], places: Sequence[Sequence[str]]) -> list[str]:
    """A few tests of as many different places and functions as there are."""
    groups = [_spread([t for t in tests if t in place]) for place in places or [tests]]
    mixed = (test for row in zip_longest(*groups) for test in row if test)
    return list(dict.fromkeys(mixed))[:MAX_TESTS]


def _spread(tests: Sequence[str]) -> list[str]:
    """Those of different functions first."""
    by_function: dict[str, list[str]] = {}
    for test in tests:
        by_function.setdefault(test.partition("[")[0], []).append(test)
    rows = zip_longest(*by_function.values())
    return [test for row in rows for test in row if test]


def _modules_of(tests: Sequence[str], modules: Sequence[str]) -> list[str]:
    dotted = {module: module.removesuffix(".py").replace("/", ".") for module in modules}
    wanted = [
        m
        for m in modules
        if any(f"{t}.".startswith(f"{dotted[m]}.") or t.startswith(f"{dotted[m]}::") for t in tests)
    ]
    return wanted or list(modules)


def _top_modules(bug: Bug) -> list[str]:
    prefix = f"{bug.toolchain.root}/" if bug.toolchain.root else ""
    inner = [path.removeprefix(prefix) for path in bug.sources]
    return sorted({PurePosixPath(path).parts[0].removesuffix(".py") for path in inner})


def _found(output: str) -> Iterator[Reproduction]:
    line = next((line for line in output.splitlines() if line.startswith(MARK)), "")
    try:
        entries = json.loads(line.removeprefix(MARK) or "{}").get("found", [])
        for entry in entries:
            yield Reproduction.model_validate(entry)
    except (ValueError, ValidationError, AttributeError):
        return


def _docs(found: Sequence[Reproduction], tree: Tree, sources: Sequence[str]) -> dict[str, str]:
    """Documentation of public functions by name, where only one of that name has any."""
    called = {name for each in found for name in called_names(each.script)}
    texts: dict[str, set[str]] = {}
    for path in sources:
        if path not in tree:
            continue
        try:
            module = ast.parse(tree[path].content)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in called:
                texts.setdefault(node.name, set()).add(_first_paragraph(node))
    return {name: next(iter(t)) for name, t in sorted(texts.items()) if len(t) == 1 and t != {""}}


def _first_paragraph(node: ast.FunctionDef | ast.ClassDef) -> str:
    text = (ast.get_docstring(node) or "").strip().split("\n\n")[0]
    return re.sub(r"\s+", " ", text)


def called_names(script: str) -> list[str]:
    """Bare names of what a script calls, those of its last statements first, outermost first."""
    found: list[str] = []
    for statement in reversed(ast.parse(script).body):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name not in found and name not in ("print", "repr", "list", "len", "str"):
                    found.append(name)
    return found
