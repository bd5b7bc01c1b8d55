"""What changed between two releases of a project: sources as pieces, tests as whole files."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from data.errors import SourceError
from envs.code.project import Project, describe, is_configuration, is_test
from envs.code.spec import Files
from envs.code.tree import Tree
from envs.code.trees import laid_over
from synth.code.split import Piece, applied, means_nothing, pieces

MAX_PIECES = 160
"""A release that changes more is no bugfix release, and costs too many runs to split."""
MAX_RAW_PIECES = 400
"""With those that only change comments or layout."""
MAX_TEST_FILES = 400
_VERSION_FILE = re.compile(r"(^|/)(_?_?version_?_?|__about__|_version_info|__meta__)\.py$")
_VERSION_LINE = re.compile(
    r"^\s*(__?version(_info|_tuple|_date)?(__)?|VERSION|version|release|__date__|__copyright__"
    r"|__author__|__all__)\b.*$"
)
_NOT_RUN = re.compile(r"(^|/)(PKG-INFO|[^/]*\.egg-info/.*)$")


class Difference(NamedTuple):
    """`old` and `new` have the same project in the same places."""

    old: Tree
    project: Project
    """Of the new release."""
    sources: dict[str, tuple[str | None, str | None]]
    """Old and new text of each changed module."""
    pieces: tuple[Piece, ...]
    """All that means something, in the order of paths and lines."""
    tests: Files
    """Changed tests with their data and settings, as the new release has them."""

    def files(self, chosen: Iterable[Piece]) -> Files:
        """Texts of the modules that `chosen` changes, with it applied."""
        by_path: dict[str, list[Piece]] = {}
        for piece in chosen:
            by_path.setdefault(piece.path, []).append(piece)
        return {path: applied(*self.sources[path], by_path[path]) for path in sorted(by_path)}

    def tree(self, chosen: Iterable[Piece]) -> Tree:
        """The old sources with `chosen`, and the new tests."""
        return laid_over(self.old, {**self.files(chosen), **self.tests})

    def old_texts(self) -> list[str]:
        """The old release's modules."""
        return [
            file.content.decode(errors="replace")
            for path, file in self.old.items()
            if path.endswith(".py") and not is_test(path)
        ]


def difference(old: Tree, new: Tree) -> Difference:
    """Raises `SourceError` with the reason why the two are no fix that tests could show."""
    before, after = describe(old), describe(new)
    if before.root != after.root:
        raise SourceError("moved: the packages have moved between the releases")
    tests = changed_tests(old, new)
    if not any(path.endswith(".py") and text for path, text in tests.items()):
        raise SourceError("no_test_change: no test has changed")
    sources = {
        path: (text_at(old, path), text_at(new, path))
        for path in sorted({*before.sources, *after.sources})
        if not _same(old, new, path)
        # One that comes or goes with the release is imported by the rest.
        and not (_VERSION_FILE.search(path) and path in old and path in new)
    }
    every = [piece for path, texts in sources.items() for piece in pieces(path, *texts)]
    if len(every) > MAX_RAW_PIECES:
        raise SourceError(f"large: {len(every)} pieces have changed, with comments and layout")
    found = [
        piece
        for piece in every
        if not means_nothing(piece, *sources[piece.path])
        and not _is_version(piece, *sources[piece.path])
    ]
    if not found:
        raise SourceError("no_source_change: no module means anything else than before")
    if len(found) > MAX_PIECES:
        raise SourceError(f"large: {len(found)} pieces have changed, more than {MAX_PIECES}")
    return Difference(old, after, sources, tuple(found), tests)


def changed_tests(old: Tree, new: Tree) -> Files:
    """Changed files that decide what the tests do; those that are no text stay as they were."""
    found: Files = {}
    for path in sorted({*old, *new}):
        if _NOT_RUN.search(path) or not (is_test(path) or is_configuration(path)):
            continue
        if _same(old, new, path):
            continue
        try:
            found[path] = text_at(new, path)
        except SourceError:
            continue
    if len(found) > MAX_TEST_FILES:
        raise SourceError(f"large: {len(found)} files of the tests have changed")
    return found


def _is_version(piece: Piece, old: str | None, new: str | None) -> bool:
    """Whether nothing but the statement of a version changes."""
    if old is None or new is None:
        return False
    left, right = old.split("\n")[slice(*piece.old)], new.split("\n")[slice(*piece.new)]
    changed = [line for line in {*left} ^ {*right} if line.strip()]
    return all(_VERSION_LINE.match(line) for line in changed)


def _same(old: Tree, new: Tree, path: str) -> bool:
    return path in old and path in new and old[path].content == new[path].content


def text_at(tree: Tree, path: str) -> str | None:
    """None where there is no such file; raises `SourceError` where it is no text."""
    if path not in tree:
        return None
    try:
        return tree[path].content.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"no_text: {path} is not UTF-8") from error
