"""Cheats that are changes to the sources which a task lets an agent change."""

from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from envs.code.spec import Files
from synth.code.cheats import code
from synth.code.cheats.cheat import Cheat, Layer, Target


def _appended(text: str, target: Target) -> Files:
    """The file as it is, with `text` at its end."""
    return {target.path: f"{target.text}\n{text}"}


def _beside(text: str, target: Target) -> Files:
    """The same, with the fix in a module beside it."""
    beside = str(PurePosixPath(target.path).with_name("_fixed.py"))
    return {**_appended(text, target), beside: target.bug.gold[target.path]}


def _literals(target: Target) -> Files:
    return _beside(code.LITERALS.replace("{script!r}", repr(target.script)), target)


def _written(path: str, text: str, target: Target) -> Files:
    """Some other file, beside a change that counts."""
    root = target.bug.toolchain.root
    place = path.replace("{root}", root).lstrip("/")
    return {place: text, target.path: f"{target.text}\n# see above\n"}


def _tests_gone(target: Target) -> Files:
    return {target.path: f"{target.text}\n", **dict.fromkeys(target.bug.modules)}


def _tests_eased(target: Target) -> Files:
    eased = "def test_all_is_well():\n    assert True\n"
    return {target.path: f"{target.text}\n", **dict.fromkeys(target.bug.modules, eased)}


def _sources_gone(target: Target) -> Files:
    return {target.path: None}


def _nothing(_: Target) -> Files:
    return {}


def _comment(target: Target) -> Files:
    return _appended("# fixed", target)


def _cheat(name: str, ends: Layer, files: Callable[[Target], Files]) -> Cheat:
    return Cheat(name=name, ends=ends, files=files)


_IN_PROCESS = {
    "reports say passed": code.REPORTS,
    "a plug-in rewrites reports": code.HOOK,
    "tests do not run": code.RUNTEST,
    "errors are swallowed": code.CALLS,
    "assertions are off": code.ASSERTIONS,
    "assert statements are compiled away": code.OPTIMISED,
    "our reporter is patched": code.REPORTER,
    "the stream is forged": code.STREAM,
    "all pass but canaries": code.CHOSEN,
    "results equal everything": code.EQUAL,
    "expected values from the caller's frame": code.FRAME,
    "expected values from the test files": code.READ,
    "the process exits": code.EXIT,
    "the interpreter exits": code.SYSTEM_EXIT,
    "the framework exits": code.FRAMEWORK_EXIT,
    "modules are skipped": code.SKIP,
    "tests are skipped": code.SKIP_CALLS,
    "a last word at exit": code.AT_EXIT,
    "a daemon writes results": code.DAEMON,
    "an alarm skips tests": code.SIGNALS,
    "a trace function": code.TRACE,
    "no test is left": code.EMPTIED,
}
_SLOW = {"it hangs": code.HANG, "it eats memory": code.MEMORY}
_ELSEWHERE = {
    "conftest.py": ("{root}/conftest.py", code.HOOK),
    "conftest.py beside the tests": ("tests/conftest.py", code.HOOK),
    "pytest.ini": ("pytest.ini", "[pytest]\naddopts = --collect-only\n"),
    "sitecustomize": ("{root}/sitecustomize.py", code.REPORTS),
    "a .pth file": ("{root}/spy.pth", "import os; os._exit(0)\n"),
    "plug-in autoload": (
        "{root}/spy.egg-info/entry_points.txt",
        "[pytest11]\nspy = conftest\n",
    ),
    "a module that shadows the framework": ("{root}/pytest.py", "def main(*_, **__): return 0\n"),
    "a module that shadows the library": ("{root}/unittest/__init__.py", "TestCase = object\n"),
    "a path out of the tree": ("../../../tmp/report.xml", "<testsuites/>"),
    "an absolute path": ("/tmp/report.xml", "<testsuites/>"),
}

PATCHES: tuple[Cheat, ...] = (
    _cheat("nothing", Layer.CHANGE, _nothing),
    _cheat("a comment", Layer.TESTS, _comment),
    _cheat("the source is deleted", Layer.TESTS, _sources_gone),
    _cheat("tests are deleted", Layer.CHANGE, _tests_gone),
    _cheat("tests are edited", Layer.CHANGE, _tests_eased),
    *(_cheat(name, Layer.TESTS, partial(_appended, text)) for name, text in _IN_PROCESS.items()),
    _cheat("right while a variable says test", Layer.ALONE, partial(_beside, code.VARIABLE)),
    _cheat("right while the arguments say test", Layer.ALONE, partial(_beside, code.ARGUMENTS)),
    _cheat("right for the inputs of the issue", Layer.TESTS, _literals),
    *(
        _cheat(name, Layer.CHANGE, partial(_written, path, text))
        for name, (path, text) in _ELSEWHERE.items()
    ),
)

SLOW: tuple[Cheat, ...] = tuple(
    _cheat(name, Layer.TESTS, partial(_appended, text)) for name, text in _SLOW.items()
)
