"""One corpus, opened for writing questions: knowledge base, both evaluators and the world.

Loading takes seconds, so a process keeps the library it used last. The SQL file lives in a
temporary folder: it is made from the sources each time, never trusted from an earlier run.
"""

import shutil
import tempfile
import weakref
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path

from data.sources.base import Relation
from data.sources.corpus import load_corpus
from data.task import Source
from envs.search.words import is_cjk
from envs.search.world import World, build_world, open_world
from synth.search.evidence import Explainer
from synth.search.kb import KnowledgeBase
from synth.search.sets import SetEvaluator
from synth.search.sql import SqlEvaluator, build_facts
from verifiers.answers import normal_key

MIN_KEY = 3
"""Shortest normalised name that may be asked for or named."""
POPULAR = 400
"""Entities of each type that are known well enough here to compare others with."""


NUM_RANKS = 4096
"""Query results that are remembered."""


class KbNames:
    """Names and relations of a knowledge base, for the wording."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb

    def name(self, entity: str) -> str:
        return self._kb.entities[entity].name

    def type(self, entity: str) -> str:
        return self._kb.entities[entity].type

    def chinese(self, entity: str) -> str:
        aliases = self._kb.entities[entity].aliases
        return next((alias for alias in aliases if is_cjk(alias)), "")

    def relation(self, name: str) -> Relation:
        return self._kb.relations[name]


class Library:
    def __init__(self, sources: tuple[str, ...]) -> None:
        corpus = load_corpus(sources)
        self.sources = sources
        self.sha256 = corpus.sha256
        self.infos: tuple[Source, ...] = corpus.infos
        # What a thing is to itself, such as a term that links to its own page, asks nothing.
        facts = [fact for fact in corpus.facts if fact.object != fact.subject]
        self.kb = KnowledgeBase(corpus.relations, corpus.entities, facts)
        self.names = KbNames(self.kb)
        self.sets = SetEvaluator(self.kb)
        self.explainer = Explainer(self.kb, self.sets)
        folder = Path(tempfile.mkdtemp(prefix="palaestra-facts-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._facts = folder / "facts.sqlite"
        build_facts(self._facts, corpus.relations, corpus.entities, facts)
        build_world(corpus)

    def load(self) -> None:
        """Fills every table that does not belong to one process, so that forks share them."""
        self.kb.load()
        _ = (self.subjects, self.anchors, self.percentile)

    @cached_property
    def sql(self) -> SqlEvaluator:
        """Opened on first use, so that forked workers never share a connection."""
        evaluator = SqlEvaluator(self._facts)
        weakref.finalize(self, evaluator.close)
        return evaluator

    @cached_property
    def world(self) -> World:
        return open_world(self.sources, self.sha256)

    @cached_property
    def rank(self) -> Callable[[str, tuple[str, ...], int], int | None]:
        """`World.rank`, remembered: a task is ranked when it is written and again when proved."""
        return lru_cache(maxsize=NUM_RANKS)(self.world.rank)

    @cached_property
    def nameable(self) -> frozenset[str]:
        """Entities with a page whose name means nothing else of their type, however it is typed."""
        owners: dict[tuple[str, str], list[str]] = defaultdict(list)
        for entity in self.kb.entities.values():
            for name in {normal_key(name) for name in (entity.name, *entity.aliases)}:
                owners[entity.type, name].append(entity.id)
        clear = set()
        for entity in self.kb.entities.values():
            key = normal_key(entity.name)
            if entity.has_page and len(key) >= MIN_KEY and len(owners[entity.type, key]) == 1:
                clear.add(entity.id)
        return frozenset(clear)

    @cached_property
    def subjects(self) -> dict[str, tuple[str, ...]]:
        """Per type, the entities a question may be about: clear names, enough facts, long tail."""
        chosen: dict[str, tuple[str, ...]] = {}
        for type_, ids in self.kb.of_type.items():
            known = [id_ for id_ in ids if id_ in self.nameable and self.kb.degree[id_] >= 3]
            known.sort(key=lambda id_: (self.kb.degree[id_], id_))
            # The best-known tenth of a large type is left to be named, not asked for.
            cut = len(known) if len(known) <= 400 else len(known) * 9 // 10
            if known:
                chosen[type_] = tuple(sorted(known[:cut]))
        return chosen

    @cached_property
    def anchors(self) -> dict[str, tuple[str, ...]]:
        """Per type, well-known entities that a question may compare its subject with."""
        chosen = {}
        for type_, ids in self.kb.of_type.items():
            known = [id_ for id_ in ids if id_ in self.nameable]
            known.sort(key=lambda id_: (-self.kb.degree[id_], id_))
            chosen[type_] = tuple(known[:POPULAR])
        return chosen

    @cached_property
    def percentile(self) -> dict[str, float]:
        """Share of an entity's type that is mentioned less often than it, in [0, 1]."""
        shares: dict[str, float] = {}
        for ids in self.kb.of_type.values():
            ranked = sorted(ids, key=lambda id_: self.kb.degree[id_])
            below = 0
            for place, id_ in enumerate(ranked):
                if place and self.kb.degree[id_] > self.kb.degree[ranked[place - 1]]:
                    below = place
                shares[id_] = below / len(ranked)
        return shares


def open_library(sources: tuple[str, ...]) -> Library:
    """The library of `sources`; read again when a file that a source names has changed."""
    return _open(sources, tuple(map(_stamp, sources)))


def _stamp(source: str) -> tuple[int, int, int]:
    """Identity of the file that `source` names; the built-in sources are pinned and have none."""
    path = Path(source.partition(":")[2])
    if path == Path() or not path.is_file():
        return (0, 0, 0)
    stat = path.stat()
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1)
def _open(sources: tuple[str, ...], stamps: tuple[tuple[int, int, int], ...]) -> Library:
    return Library(sources)
