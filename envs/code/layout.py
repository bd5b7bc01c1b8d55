"""What a source tree of any language says of itself: its toolchain, its sources, its tests.

`detect` asks the toolchains in turn; nothing of the tree is run. A tree that none can run is
refused with the reason of the one whose build system it has.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import PurePosixPath

from data.errors import SourceError
from data.record import Record
from envs.code.spec import Toolchain
from envs.code.tree import Tree

LANGUAGES = ("node", "go", "php", "java", "cpp", "c")
"""Toolchains that describe trees, the ones with the plainest signs first."""

_TEST = re.compile(
    r"(^|/)(tests?|__tests__|__mocks__|specs?|testing|testdata|testsuite|unittests?|t)/"
    r"|(^|/)(tests?|test[-_.][^/]*|[^/]*[-_.](tests?|spec))\.(m|c)?(j|t)sx?$"
    r"|_test\.go$|(^|/)([^/]*(Test|Tests|TestCase|IT)|Test[^/]*)\.(java|kt|php)$"
    r"|(^|/)(test[-_][^/]*|tests?|[^/]*[-_]tests?|[a-z0-9]*test)\.(c|cc|cpp|cxx|h|hpp)$"
)
_CONFIGURATION = re.compile(
    r"(^|/)(package(-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|\.npmrc|\.mocharc[^/]*"
    r"|mocha\.opts|(jest|vitest|vite|babel|ava)\.config\.[^/]*|\.babelrc[^/]*|tsconfig[^/]*\.json|\.taprc"
    r"|go\.(mod|sum|work)|pom\.xml|(build|settings)\.gradle(\.kts)?|gradle\.properties|junit-platform\.properties"
    r"|CMakeLists\.txt|CTestTestfile\.cmake|[^/]*\.cmake(\.in)?|(GNU)?[Mm]akefile(\.[^/]*)?|configure(\.[^/]*)?"
    r"|[^/]*\.(am|ac|m4)|composer\.(json|lock)|phpunit\.xml(\.dist)?)$"
    r"|(^|/)(node_modules|vendor|\.mvn|gradle)/"
)
_NOT_SOURCE = frozenset(
    {"docs", "doc", "examples", "example", "benchmarks", "benchmark", "bench", "scripts", "tools"}
    | {"dist", "build", "node_modules", "vendor", "third_party", "fixtures", "demo", "samples"}
)


class Layout(Record):
    toolchain: Toolchain
    """Without its lock where `requirements` are to be installed."""
    framework: str
    """What runs the tests, e.g. `mocha`."""
    sources: tuple[str, ...]
    """Paths that tasks may change."""
    tests: tuple[str, ...]
    """What `RunRequest.modules` takes: paths of test files, or of what builds the tests."""
    requirements: tuple[str, ...] = ()
    """What has to be installed, `name@range`, for the toolchain's own lock."""


def detect(tree: Tree) -> Layout:
    """Raises `SourceError` with the reason why no toolchain can run `tree`."""
    for name in LANGUAGES:
        found: Layout | None = import_module(f"envs.code.toolchains.{name}").describe(tree)
        if found is not None:
            return found
    raise SourceError("no_build: it has no build system that we know")


def is_test(path: str) -> bool:
    """Whether `path` belongs to the tests of any language but Python, with their data."""
    return bool(_TEST.search(path))


def is_configuration(path: str) -> bool:
    """Whether `path` decides how a tree is built, or its tests are found, run or reported."""
    return bool(_CONFIGURATION.search(path))


def sources_of(tree: Tree, suffixes: Iterable[str]) -> tuple[str, ...]:
    """Files with one of `suffixes` that are neither tests nor configuration, in path order."""
    ends = tuple(suffixes)
    return tuple(
        path
        for path in sorted(tree)
        if path.endswith(ends)
        and not is_test(path)
        and not is_configuration(path)
        and not _NOT_SOURCE & set(PurePosixPath(path).parts[:-1])
    )


def text_of(tree: Tree, path: str) -> str:
    """A file's text; '' where there is no such file."""
    return tree[path].content.decode(errors="replace") if path in tree else ""


def checked(layout: Layout) -> Layout:
    """Raises `SourceError` for a tree without sources or tests."""
    if not layout.sources:
        raise SourceError(f"no_sources: it has no {layout.toolchain.name} sources that we can find")
    if not layout.tests:
        raise SourceError("no_tests: it ships no tests")
    return layout
