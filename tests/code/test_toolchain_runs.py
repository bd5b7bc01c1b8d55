"""In every language a real library is built and tested in the sandbox, and a bug in it is noticed.

Libraries lie in `projects/`. A machine without a language's toolchain skips its tests; `make test`
installs all of them (`scripts/toolchains.py`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from data.errors import EnvironmentFault, TaskError
from envs.code.junit import Status
from envs.code.layout import Layout, detect
from envs.code.runs import Run, RunRequest, run_many
from envs.code.toolchains import toolchain_module
from envs.code.toolchains.driven import MOMENT_S
from envs.code.tree import File, Tree, read_folder
from synth.code.operators.tree import TreeModule, candidates, language_of, mutated

PROJECTS = Path(__file__).parent / "projects"


class Planted(NamedTuple):
    """A bug, by the operator, the function and a piece of the text that it leaves; who notices it."""

    project: str
    path: str
    operator: str
    function: str
    leaves: str
    num_tests: int
    noticed: tuple[str, ...]


BUGS = (
    Planted(
        "javascript",
        "lib/range.js",
        "drop_comparator",
        "best",
        ".sort()",
        17,
        ("test/range.test.js::the best is the highest that fits",),
    ),
    Planted(
        "typescript",
        "src/agenda.ts",
        "shift_boundary",
        "Agenda.run",
        "due < now",
        8,
        (
            "test/agenda.test.ts > agenda::repeats",
            "test/agenda.test.ts > agenda::runs what is due, in order",
            "test/agenda.test.ts > agenda::waits for a job before it starts the next",
        ),
    ),
    Planted(
        "go",
        "limiter.go",
        "drop_guard",
        "fill",
        "passed * l.rate\n\tb.at",
        12,
        ("example.org/limiter::TestRefill", "example.org/limiter::TestRefill/never_more_than_full"),
    ),
    Planted(
        "java",
        "src/main/java/org/example/intervals/IntervalSet.java",
        "shift_boundary",
        "IntervalSet.contains",
        "value <= before",
        19,
        ("org.example.intervals.IntervalSetTest::endsAreOutside()",),
    ),
    Planted(
        "c",
        "ini.c",
        "shift_boundary",
        "ini_get_long",
        "value <= low",
        14,
        ("check::a number with a rest is none", "check::limits belong to the range"),
    ),
    Planted(
        "cpp",
        "src/lru.cpp",
        "shift_boundary",
        "Lru::put",
        "value.size() >= limit_",
        8,
        ("ctest::refuses_what_is_too_large",),
    ),
    Planted(
        "php",
        "src/Duration.php",
        "shift_boundary",
        "Duration.units",
        "> $last",
        20,
        ("Example.Duration.Tests.DurationTest::testRefuses with data set #3",),
    ),
)


def project(name: str) -> tuple[Tree, Layout]:
    tree = read_folder(PROJECTS / name)
    layout = detect(tree)
    try:
        toolchain_module(layout.toolchain.name).mounts(layout.toolchain)
    except EnvironmentFault as fault:
        pytest.skip(str(fault))
    return tree, layout


def runs(layout: Layout, *trees: Tree, **changes: int) -> list[Run]:
    found = [RunRequest(tree, layout.toolchain, layout.tests) for tree in trees]
    return run_many([request._replace(**changes) for request in found])


def with_text(tree: Tree, path: str, text: str) -> Tree:
    return {**tree, path: File(content=text.encode())}


def planted(tree: Tree, bug: Planted) -> Tree:
    language = language_of(bug.path)
    assert language is not None
    module = TreeModule(tree[bug.path].content.decode(), language)
    texts = [
        mutated(module, c) for c in candidates(module, bug.operator) if c.function == bug.function
    ]
    (text,) = [text for text in texts if text and bug.leaves in text]
    return with_text(tree, bug.path, text)


def failing(run: Run) -> list[str]:
    return sorted(
        name for name, result in run.results.items() if result.status is not Status.PASSED
    )


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.project)
def test_a_bug_is_noticed_by_the_tests_that_know_of_it(bug: Planted) -> None:
    tree, layout = project(bug.project)
    fixed, buggy = runs(layout, tree, planted(tree, bug))
    assert (fixed.problem, failing(fixed), len(fixed.results)) == ("", [], bug.num_tests)
    # Fail to pass are those that notice; all others pass on both sides.
    assert failing(buggy) == sorted(bug.noticed)
    assert set(buggy.results) == set(fixed.results)


@pytest.mark.parametrize(
    ("name", "path", "right", "wrong"),
    [
        ("go", "limiter.go", "return gone", "return nil"),
        ("c", "ini.c", "return failed;", "return faild;"),
        ("java", BUGS[3].path, "return total;", "return text;"),
        ("typescript", "src/heap.ts", "return top;", "return top top;"),
    ],
    ids=["go", "c", "java", "typescript"],
)
def test_a_tree_that_does_not_build_says_so_and_has_no_results(
    name: str, path: str, right: str, wrong: str
) -> None:
    tree, layout = project(name)
    text = tree[path].content.decode()
    assert right in text
    (run,) = runs(layout, with_text(tree, path, text.replace(right, wrong)))
    assert run.problem
    assert run.results == {}
    assert "it does not build" in run.output
    assert Path(path).name in run.output


def test_one_broken_test_file_does_not_keep_the_others_from_running() -> None:
    tree, layout = project("javascript")
    (run,) = runs(layout, with_text(tree, "test/version.test.js", "throw new Error('broken');"))
    assert failing(run) == []
    assert {name.partition("::")[0] for name in run.results} == {"test/range.test.js"}


@pytest.mark.parametrize("name", ["javascript", "go", "c", "php"])
def test_another_order_and_another_day_change_no_result(name: str) -> None:
    tree, layout = project(name)
    first, second = (
        runs(layout, tree, seed=seed, days=days)[0] for seed, days in ((0, 0), (7, 400))
    )
    statuses: Sequence[dict[str, Status]] = [
        {test: result.status for test, result in run.results.items()} for run in (first, second)
    ]
    assert statuses[0] == statuses[1]
    assert not first.problem + second.problem


def test_the_clock_stands_where_it_is_put() -> None:
    text = (
        "const test = require('node:test');\n"
        f"test('day', () => require('assert').equal(Math.floor(Date.now() / 864e5), "
        f"{MOMENT_S // 86_400 + 3000}));\n"
    )
    tree, layout = project("javascript")
    tree = with_text(tree, "test/version.test.js", text)
    name = "test/version.test.js::day"
    there, here = (runs(layout, tree, days=days)[0].results[name].status for days in (3000, 0))
    assert (there, here) == (Status.PASSED, Status.FAILED)


@pytest.mark.parametrize(
    ("name", "script", "printed"),
    [
        (
            "javascript",
            "import r from './lib/range.js';\nconsole.log(r.best(['1.9.0', '1.10.0'], '^1'));",
            "1.10.0\n",
        ),
        (
            "php",
            "<?php echo Example\\Duration\\Duration::parse('1h')->format(), PHP_EOL;",
            "1h\n",
        ),
        (
            "go",
            'package main\nimport ("example.org/limiter"; "fmt"; "time")\n'
            'func main() { ok, _ := limiter.New(1, 2, time.Now).Allow("a", 2); fmt.Println(ok) }\n',
            "true\n",
        ),
        (
            "java",
            "import org.example.intervals.IntervalSet;\nclass Script { public static void main("
            'String[] a) { System.out.println(IntervalSet.parse("1-3,4").size()); } }',
            "4\n",
        ),
    ],
    ids=["javascript", "php", "go", "java"],
)
def test_a_script_runs_outside_the_framework(name: str, script: str, printed: str) -> None:
    tree, layout = project(name)
    request = RunRequest(tree, layout.toolchain, (), script=script)
    (run,) = run_many([request])
    assert (run.output, run.problem) == (printed, "")


def test_a_language_without_scripts_says_so() -> None:
    tree, layout = project("c")
    with pytest.raises(TaskError, match="no scripts"):
        run_many([RunRequest(tree, layout.toolchain, (), script="int main(void) {}")])
