"""Which tests to run of a release's: those that differ from the old release's, and no others.

A choice is a module (`tests.test_x`), or a test of it without its parameters
(`tests.test_x.TestY::test_z`), or a whole id with them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from data.errors import SourceError
from envs.code.spec import Files
from envs.code.toolchains.base import Plugin
from envs.code.tree import Tree
from synth.code.split import Segment, segments

VARIABLE = "PALAESTRA_CHOSEN"
_PLUGIN = f"""
import json, os, re

def pytest_collection_modifyitems(config, items):
    from _pytest.junitxml import mangle_test_address
    wanted = set(json.loads(os.environ[{VARIABLE!r}]))
    def is_wanted(item):
        *owner, name = mangle_test_address(item.nodeid)
        owner = ".".join(owner)
        plain = name.partition("[")[0]
        parts = owner.split(".")
        modules = {{".".join(parts[:end]) for end in range(1, len(parts) + 1)}}
        return bool(wanted & {{f"{{owner}}::{{name}}", f"{{owner}}::{{plain}}", *modules}})
    left = [item for item in items if not is_wanted(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if is_wanted(item)]
"""


def plugin(tests: Sequence[str]) -> Plugin:
    """Runs `tests` only, of the modules that are asked for."""
    return Plugin(_PLUGIN, {VARIABLE: json.dumps(list(tests))})


def changed(old: Tree, new: Files, every: Sequence[str]) -> tuple[str, ...]:
    """What of the modules `every` may end differently, by the files that `new` has changed.

    A changed test is itself; changed data, settings or other code of a module are all that they
    may reach. Raises `SourceError` if nothing is left.
    """
    folders = {path.rpartition("/")[0] for path in new if path not in every and _reaches(path)}
    found: list[str] = []
    for module in every:
        text = new.get(module)
        if any(folder and module.startswith(f"{folder}/") for folder in folders):
            found.append(_dotted(module))
        elif text is not None:
            before = old[module].content.decode(errors="replace") if module in old else ""
            found += _functions(module, before, text)
    if not found:
        raise SourceError("no_test_change: no test has changed")
    return tuple(found)


def _reaches(path: str) -> bool:
    """Whether tests below its folder may read it, other than by its name."""
    return "/" in path and PurePosixPath(path).name != "__init__.py"


def _functions(module: str, old: str, new: str) -> list[str]:
    """The tests of a module that are new or changed; the module itself if other code is."""
    try:
        before, after = segments(old), segments(new)
    except (SyntaxError, ValueError, RecursionError):
        return [_dotted(module)]
    known = {(segment.key, _text(old, segment)) for segment in before}
    fresh = [s for s in after if (s.key, _text(new, s)) not in known and s.key != ("tail",)]
    found: list[str] = []
    for segment in fresh:
        name = segment.key[1].removeprefix("class ")
        owner, _, function = name.rpartition(".")
        if segment.key[0] == "def" and function.startswith("test"):
            found.append(f"{_dotted(module)}{f'.{owner}' if owner else ''}::{function}")
        elif not _is_import(_text(new, segment)) and not segment.key[1].startswith("class "):
            return [_dotted(module)]
    return list(dict.fromkeys(found))


def _text(text: str, segment: Segment) -> str:
    return "\n".join(text.split("\n")[segment.start : segment.end]).strip()


def _is_import(text: str) -> bool:
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return not lines or lines[0].startswith(("import ", "from "))


def _dotted(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")


def module_of(test: str, modules: Iterable[str]) -> str:
    """The path of the module that a choice is of, among `modules`; '' if it is of none."""
    owner = test.partition("::")[0] + "."
    fitting = [m for m in modules if owner.startswith(f"{_dotted(m)}.")]
    return max(fitting, key=len, default="")


def modules(tests: Sequence[str], every: Sequence[str]) -> tuple[str, ...]:
    """The modules that `tests` are of, in the order of `every`."""
    wanted = {module_of(test, every) for test in tests}
    return tuple(module for module in every if module in wanted)


def texts(old: Tree, new: Files, every: Sequence[str]) -> Mapping[str, str]:
    """The modules' texts after the change."""
    found = {path: text for path in every if (text := new.get(path))}
    rest = {p: old[p].content.decode(errors="replace") for p in every if p in old and p not in new}
    return {**rest, **found}


def whole(every: Iterable[str]) -> tuple[str, ...]:
    """All tests of these modules."""
    return tuple(_dotted(module) for module in every)
