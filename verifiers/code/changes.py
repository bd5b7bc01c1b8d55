"""Whether what an agent left behind has the form of a change to the declared sources."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from envs.code import layout, project
from envs.code.spec import Files, Parameters
from envs.code.survey import MAX_CHANGED, MAX_CHANGED_BYTES, MAX_FILE_BYTES, Changes
from envs.code.tree import Tree

MAX_PATH_CHARS = 300
MAX_NAME_CHARS = 150
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff\\]+")


class Formed(NamedTuple):
    files: Files
    """What differs from the agent's tree."""
    problem: str
    """Worded for whoever made the change; empty if it can be graded."""


def formed(changes: Changes, parameters: Parameters, tree: Tree) -> Formed:
    """The changes that count; `tree` is the one that the agent was given."""
    files = {
        path: text for path, text in sorted(changes.files.items()) if _differs(path, text, tree)
    }
    lost = [path for path in changes.refused if path in tree]
    if lost:
        return Formed(files, f"{lost[0]} {changes.refused[lost[0]]}")
    if not files:
        return Formed(files, "no source file was changed")
    sizes = [len(text.encode(errors="replace")) for text in files.values() if text is not None]
    if len(files) > MAX_CHANGED or sum(sizes) > MAX_CHANGED_BYTES:
        return Formed(files, f"{len(files)} files were changed, {sum(sizes)} bytes: too much")
    if max(sizes, default=0) > MAX_FILE_BYTES:
        return Formed(files, f"a changed file has {max(sizes)} bytes: too many")
    left = {*tree, *files} - {path for path, text in files.items() if text is None}
    problems = (_problem(path, text, parameters, tree, left) for path, text in files.items())
    return Formed(files, next(filter(None, problems), ""))


def _differs(path: str, text: str | None, tree: Tree) -> bool:
    if text is None or path not in tree:
        return (path in tree) or text is not None
    return tree[path].content != text.encode(errors="replace")


def _problem(
    path: str, text: str | None, parameters: Parameters, tree: Tree, left: set[str]
) -> str:
    parts = path.split("/")
    odd = not _PLAIN.fullmatch(path) or {"", ".", ".."} & {*parts}
    if odd or len(path) > MAX_PATH_CHARS or max(map(len, parts)) > MAX_NAME_CHARS:
        return f"{path[:MAX_PATH_CHARS]!r} is no plain path inside the tree"
    if text is not None and re.search("[\ud800-\udfff]", text):
        return f"{path} is no text in UTF-8"
    folders = {str(above) for above in PurePosixPath(path).parents}
    if folders & left or any(other.startswith(f"{path}/") for other in left):
        return f"{path} would be a file and a folder"
    if path in parameters.sources:
        return ""
    names = project if parameters.toolchain.name == "python" else layout
    if names.is_test(path) or names.is_configuration(path):
        return f"{path} is no source file"
    if not any(s.endswith("/") and path.startswith(s) for s in parameters.sources):
        return f"{path} is none of the declared sources"
    if path in tree:
        return f"{path} may not be changed"
    return _addition_problem(path, parameters)


def _addition_problem(path: str, parameters: Parameters) -> str:
    """A new module has to be one like the others, in a package that is there."""
    known = {PurePosixPath(s).suffix for s in parameters.sources if not s.endswith("/")}
    if known and PurePosixPath(path).suffix not in known:
        return f"{path} is no module like the other sources"
    root = f"{parameters.toolchain.root}/".lstrip("/")
    tops = {s.removeprefix(root).split("/")[0] for s in parameters.sources}
    if path.removeprefix(root).split("/")[0] not in tops:
        return f"{path} would be a new top-level module"
    return ""
