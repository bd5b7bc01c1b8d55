"""The files of a change by what they are: source, tests, configuration, and what does not matter."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from envs.code.project import is_configuration, is_test
from synth.code.mining.history import Touched

_CODE = re.compile(
    r"\.(py|pyi|pyx|pxd|js|mjs|cjs|jsx|ts|tsx|go|java|kt|c|h|cc|cpp|cxx|hpp|php|rs|rb|cs|swift|scala)$"
)
_IRRELEVANT_FOLDERS = frozenset(
    {"docs", "doc", "documentation", "changes", "changelog", "changelog.d", "news", "newsfragments"}
    | {".github", ".circleci", ".gitlab", "releasenotes", "examples", "benchmarks", "licenses"}
)
_IRRELEVANT = re.compile(
    r"\.(md|rst|adoc|png|jpe?g|gif|svg|ico|pdf|ipynb)$|^\.[\w.-]+$|(^|/)(authors|change(s|log)|contributors"
    r"|copying|history|licen[cs]e|news|notice|readme|release(s|notes)?|todo|version)[^/]*$",
    re.IGNORECASE,
)
_TEST_MODULE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|tests?)\.py$")


class Parts(NamedTuple):
    source: tuple[Touched, ...]
    """Code, and data files that are neither of the others."""
    tests: tuple[Touched, ...]
    """With their data, and the configuration of how they are run."""

    @property
    def has_code(self) -> bool:
        return any(_CODE.search(file.path) for file in self.source)

    @property
    def has_test_module(self) -> bool:
        """Whether it brings or changes a test; to remove one proves nothing."""
        return any(file.new and _TEST_MODULE.search(file.path) for file in self.tests)


def parted(files: Iterable[Touched]) -> Parts:
    source, tests = [], []
    for file in files:
        if is_test(file.path) or is_configuration(file.path):
            tests.append(file)
        elif not _is_irrelevant(file.path):
            source.append(file)
    return Parts(tuple(source), tuple(tests))


def _is_irrelevant(path: str) -> bool:
    if path.endswith(".py"):
        # A module may be called version.py or releases.py; one in the documentation sets it up.
        return PurePosixPath(path).parts[0] in _IRRELEVANT_FOLDERS
    folders = PurePosixPath(path).parts[:-1]
    return bool(_IRRELEVANT_FOLDERS & set(folders) or _IRRELEVANT.search(path))
