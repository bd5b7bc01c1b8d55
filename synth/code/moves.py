"""Changes of files as an agent makes them: calls of the tools, from the text before and after."""

import difflib
import shlex
from collections.abc import Iterator, Sequence

from data.task import ToolCall
from envs.code.spec import Files
from envs.code.tree import Tree
from synth.code.draft import text_of

CONTEXT = 3
"""Lines around a change in a patch."""
MARK = "END-OF-PATCH"

SUBMIT = ToolCall(name="submit", arguments={})


def bash(command: str) -> ToolCall:
    return ToolCall(name="bash", arguments={"command": command})


def edited(tree: Tree, files: Files) -> tuple[ToolCall, ...]:
    """Calls of the editor, one for each changed place, that make `files` out of `tree`'s."""
    calls: list[ToolCall] = []
    for path, after in sorted(files.items()):
        before = text_of(tree, path)
        if after is None:
            calls.append(bash(f"rm -- {shlex.quote(path)}"))
        elif path not in tree:
            calls.append(_edit(path, "", after))
        elif before is None:
            calls.append(_written(path, after))
        else:
            calls += _edits(path, before, after)
    return tuple(calls)


def patched(tree: Tree, files: Files) -> tuple[ToolCall, ...]:
    """One call of the shell that applies a patch."""
    patch = "".join(diff(tree, files))
    return (bash(f"git apply <<'{MARK}'\n{patch}{MARK}"),)


def diff(tree: Tree, files: Files) -> Iterator[str]:
    """Lines of a unified diff, with their ends, from `tree`'s files to `files`."""
    for path, after in sorted(files.items()):
        before = text_of(tree, path)
        old = [] if before is None else before.splitlines(keepends=True)
        new = [] if after is None else after.splitlines(keepends=True)
        names = f"a/{path}" if before is not None else "/dev/null"
        into = f"b/{path}" if after is not None else "/dev/null"
        for line in difflib.unified_diff(old, new, names, into, n=CONTEXT):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _written(path: str, text: str) -> ToolCall:
    """Writes a whole file, for what cannot be edited."""
    end = "" if text.endswith("\n") else f" && truncate -s -1 {shlex.quote(path)}"
    return bash(
        f"cat > {shlex.quote(path)} <<'{MARK}'\n{text.removesuffix(chr(10))}\n{MARK}\n:{end}"
    )


def _edits(path: str, before: str, after: str) -> Iterator[ToolCall]:
    """From the last change to the first, so that lines above keep their numbers."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    current = old
    for tag, first, last, start, end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        top, bottom = _unique(current, first, last)
        replaced = "".join(current[top:bottom])
        text = "".join([*current[top:first], *new[start:end], *current[last:bottom]])
        yield _edit(path, replaced, text)
        current = [*current[:first], *new[start:end], *current[last:]]


def _unique(lines: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """The lines [first, last) with as few around them as make them occur once."""
    whole = "".join(lines)
    top, bottom = (first, last) if last > first else (max(0, first - 1), last)
    while True:
        text = "".join(lines[top:bottom])
        if text and whole.find(text) == whole.rfind(text):
            return top, bottom
        if top == 0 and bottom == len(lines):
            return top, bottom
        top, bottom = max(0, top - 1), min(len(lines), bottom + 1)


def _edit(path: str, old: str, new: str) -> ToolCall:
    return ToolCall(name="edit", arguments={"path": path, "old": old, "new": new})
