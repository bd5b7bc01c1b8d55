"""What a run of synthesis was asked for: with an index, all that a task is made from."""

from importlib import import_module
from pathlib import PurePath
from random import Random
from typing import NamedTuple, Protocol, cast

from data.errors import UserError
from data.hashing import content_hash, derive_rng
from data.record import Record
from data.task import Author, JsonObject, Language, Task, TaskBody, TaskKind
from synth.parts import Parts


class Request(Record):
    """The same request and index always give the same task, or the same rejection."""

    kind: TaskKind
    seed: int = 0
    language: Language = Language.EN
    author: Author = Author.PROGRAM
    options: JsonObject = {}
    """What only the kind understands, e.g. its sources and difficulty."""


class Rejection(NamedTuple):
    """Why an index gave no task: one short machine word, counted by the funnel."""

    reason: str


class Catalogue(NamedTuple):
    """What a kind's tasks can be made of, for people who choose."""

    sources: dict[str, str]
    """What each is, and whether this machine has it."""
    domains: tuple[str, ...] = ()
    environments: int = 0
    """Generated environments, where a kind has them."""

    def record(self, kind: TaskKind) -> JsonObject:
        """What `kinds --json` says of a kind."""
        return {
            "kind": kind.value,
            "sources": list(self.sources),
            "domains": list(self.domains),
            "environments": self.environments,
        }


class KindModule(Protocol):
    """What `synth.<kind>` exports."""

    VERSION: str
    """Version of the generator; part of every task's provenance and of a run's identity."""

    AUTHORS: tuple[Author, ...]
    """Who can write tasks of this kind."""

    def catalogue(self) -> Catalogue:
        """What there is to choose from; loads nothing."""

    def prepare(self, options: JsonObject) -> JsonObject:
        """Checks and completes the options; raises `UserError` that names what is known."""

    def warm(self, request: Request) -> None:
        """Loads what `generate` needs, so that forked workers share it."""

    def generate(self, request: Request, index: int) -> TaskBody | Rejection:
        """The task at `index`: a pure function of its arguments and the sources."""

    def parts(self, task: Task) -> Parts:
        """What the certificate of `task` is made of, derived anew from its sources."""


def kind_module(kind: str) -> KindModule:
    return cast(KindModule, import_module(f"synth.{kind}"))


def make_request(
    kind: TaskKind, options: JsonObject, seed: int, language: Language, author: Author
) -> Request:
    """A request that the kind can meet; raises `UserError` that names what it knows."""
    module = kind_module(kind)
    if author not in module.AUTHORS:
        known = ", ".join(module.AUTHORS)
        raise UserError(f"{kind} has no author {author.value!r}; its authors are {known}")
    return Request(
        kind=kind,
        seed=seed,
        language=language,
        author=author,
        options=module.prepare(options),
    )


def run_id(request: Request) -> str:
    """Identity of a run: what was asked, and by which generator it is answered."""
    fields = request.model_dump(mode="json")
    return content_hash({**fields, "version": kind_module(request.kind).VERSION})[:16]


def draft_rng(request: Request, index: int, generator: str, version: str) -> Random:
    """The random numbers of the draft at `index`.

    A user's file counts by its name alone, so that the same corpus gives the same drafts in
    whatever folder it lies.
    """
    options = dict(request.options)
    sources = options.get("sources")
    if isinstance(sources, list):
        options["sources"] = [_without_folder(str(source)) for source in sources]
    return derive_rng(request.seed, generator, version, content_hash(options), index)


def _without_folder(source: str) -> str:
    """`jsonl:notes.jsonl` of `jsonl:/home/ada/notes.jsonl`; a source without a path as it is."""
    scheme, colon, path = source.partition(":")
    return f"{scheme}:{PurePath(path).name}" if colon else source
