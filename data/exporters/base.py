"""What every export shares: which tasks are admitted, what a row says about a task, the manifest.

A row has two sides. The public side is the task as an agent may see it plus what a trainer needs to
know about it; the hidden side is the rest of the record. Together they are the whole task.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self, TextIO

from pydantic import JsonValue, ValidationError

from data.errors import UserError
from data.hashing import canonical_json, content_hash
from data.record import Record
from data.task import JsonObject, Role, Source, Split, Task, TaskBody, TaskKind

MANIFEST = "manifest.json"

DISCRIMINATORS = frozenset({"type", "kind", "op", "unit", "language"})
"""Keys whose text names a form, not an answer."""

MIN_SECRET_CHARS = 4
"""Shorter answers occur in any text by chance; the certificate's own leak check judges them."""

MIN_SPEC_CHARS = 24
"""Shorter pieces of a verifier's JSON are no sign that the specification was copied."""


class ExportedFile(Record):
    path: str
    """Relative to the export, with `/`."""
    sha256: str
    rows: int | None
    """None for a file that holds no rows."""


class Manifest(Record):
    """What an export holds; no clock and no machine, so the same tasks give the same manifest."""

    exporter: Literal["palaestra"] = "palaestra"
    format: str
    format_version: str
    tool_version: str
    tasks: int
    kinds: dict[str, int]
    languages: dict[str, int]
    splits: dict[str, int]
    levels: dict[str, int]
    licences: dict[str, int]
    sources: tuple[Source, ...]
    files: tuple[ExportedFile, ...]


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of an export of ours, or None if `directory` is not one."""
    try:
        return Manifest.model_validate_json((directory / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None


@cache
def tool_version() -> str:
    """The version of this checkout."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


@dataclass
class Tally:
    """Counts over the tasks that went by."""

    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    sources: set[Source] = field(default_factory=set)

    def add(self, task: Task) -> None:
        self.kinds[task.kind] += 1
        self.languages[task.language] += 1
        self.splits[task.split] += 1
        self.levels[str(task.difficulty.level)] += 1
        self.licences[task.licence] += 1
        self.sources.update(task.provenance.sources)

    def manifest(self, target: str, version: str, files: Iterable[ExportedFile]) -> Manifest:
        return Manifest(
            format=target,
            format_version=version,
            tool_version=tool_version(),
            tasks=self.kinds.total(),
            kinds=dict(sorted(self.kinds.items())),
            languages=dict(sorted(self.languages.items())),
            splits=dict(sorted(self.splits.items())),
            levels=dict(sorted(self.levels.items())),
            licences=dict(sorted(self.licences.items())),
            sources=tuple(sorted(self.sources, key=lambda s: (s.name, s.version, s.sha256))),
            files=tuple(files),
        )


def admitted(tasks: Iterable[Task], tally: Tally) -> Iterator[Task]:
    """`tasks`, one by one, each checked and counted.

    Raises `UserError` naming the first task that is unfit, repeated or out of id order.
    """
    previous = ""
    for task in tasks:
        if task.id == previous:
            raise UserError(f"task {task.id} comes twice; an export holds each task once")
        if task.id < previous:
            raise UserError(f"task {task.id} comes after {previous}; tasks must come in id order")
        problem = unfit(task)
        if problem:
            raise UserError(f"task {task.id} cannot be exported: {problem}")
        previous = task.id
        tally.add(task)
        yield task


def unfit(task: Task) -> str:
    """Why `task` may not be exported, or an empty string."""
    if task.kind not in set(TaskKind):
        return f"unknown kind {str(task.kind)!r}; kinds are {', '.join(TaskKind)}"
    if task.id != f"{task.kind}-{body_hash(task)[:20]}":
        return "its content does not match its id; it was altered after it was made"
    certificate = task.certificate
    if certificate is None:
        return "it has no certificate; run certify first"
    if certificate.task_id != task.id:
        return f"its certificate is that of {certificate.task_id}; run certify again"
    if not certificate.passed:
        failed = ", ".join(check.name for check in certificate.failures) or "not all checks ran"
        return f"its certificate did not pass ({failed})"
    if not task.licence.strip():
        return "it names no licence"
    unlicensed = [source.name for source in task.provenance.sources if not source.licence.strip()]
    if unlicensed:
        return f"its source {unlicensed[0]!r} names no licence"
    return _exposed(task)


def body_hash(task: Task) -> str:
    """SHA-256 of everything in the task but its id and certificate; the id is its start."""
    return content_hash(task.model_dump(mode="json", include=set(TaskBody.model_fields)))


def about(task: Task) -> JsonObject:
    """What a trainer may know of a task beside its public part; never shown to an agent."""
    certificate = task.certificate
    assert certificate is not None, "only admitted tasks are written"
    return {
        "split": task.split,
        "level": task.difficulty.level,
        "licence": task.licence,
        "content_hash": body_hash(task),
        "provenance": task.provenance.model_dump(mode="json"),
        "certificate": {
            "version": certificate.version,
            "passed": [check.name for check in certificate.checks],
        },
    }


def hidden(task: Task) -> JsonObject:
    """What is needed beside the public side to have the whole task again, its certificate apart."""
    return task.model_dump(mode="json", include={"id", "hidden", "difficulty", "fingerprint"})


def full(task: Task) -> JsonObject:
    """The task without its certificate, for the process that verifies."""
    return task.model_dump(mode="json", exclude={"certificate"})


def _exposed(task: Task) -> str:
    """What the public side gives away of the hidden side, in words, or an empty string.

    Answers are looked for, as they are written, in what is particular to the task: its user messages, its world's
    parameters, its origin's options. System messages and tool descriptions are shared by all tasks
    of a kind, so an ordinary word there ("search") gives no single task away. Veiled forms of an
    answer are for the certificate's leak check to find; this one must not refuse honest tasks.
    """
    user = [message.content for message in task.prompt if message.role is Role.USER]
    particular = " ".join([*user, *_texts(task.env.parameters), *_texts(task.provenance.options)])
    for secret in _texts(task.hidden.reference):
        if len(secret) >= MIN_SECRET_CHARS and _occurs(secret, particular):
            return f"its public side contains {secret!r} of the reference answer"
    public = canonical_json([task.public().model_dump(mode="json"), about(task)])
    unquoted = public.replace('\\"', '"')
    for piece in _pieces(task.hidden.verifier):
        if piece in public or piece in unquoted:
            return "its public side contains text of the verifier's specification"
    return ""


def _occurs(word: str, text: str) -> bool:
    """`word` in `text`, not inside a longer latin word."""
    if word not in text:
        return False
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", text) is not None


def _texts(value: JsonValue) -> Iterator[str]:
    """Every string in `value` but those that only name a form."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in DISCRIMINATORS:
                yield from _texts(item)


def _pieces(value: JsonValue) -> Iterator[str]:
    """The canonical JSON of `value` and of every object and list in it that is long enough."""
    if isinstance(value, dict | list):
        text = canonical_json(value)
        if len(text) >= MIN_SPEC_CHARS:
            yield text
        for item in value.values() if isinstance(value, dict) else value:
            yield from _pieces(item)


class JsonLines:
    """Canonical JSON Lines, one file a split, opened when its first row comes."""

    def __init__(self, out: Path, folder: str) -> None:
        self._out = out
        self._folder = folder
        self._files: dict[str, TextIO] = {}
        self.rows: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, split: Split, row: JsonObject) -> None:
        name = f"{self._folder}/{split}.jsonl"
        if name not in self._files:
            path = self._out / name
            path.parent.mkdir(exist_ok=True)
            self._files[name] = path.open("w", encoding="utf-8", newline="\n")
        self._files[name].write(canonical_json(row) + "\n")
        self.rows[name] += 1


def pretty_json(value: JsonValue) -> str:
    """JSON for people: sorted, indented, one text for one value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2) + "\n"


def ship(name: str, target: Path) -> None:
    """Copies the file `name` of `shipped` to `target`, as it is."""
    text = files("data.exporters.shipped").joinpath(name).read_text("utf-8")
    target.write_text(text, "utf-8")
