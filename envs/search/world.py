"""A closed corpus behind a search index: the world of a search task.

A world is named by the hash of its corpus, so a task always meets the documents it was made from.
Opened worlds are shared by the whole process and read only.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from data.errors import TaskError
from data.sources.base import Document
from data.sources.corpus import Corpus, load_corpus
from envs.search.cache import cache_root, open_index
from envs.search.index import PageIndex
from envs.search.pages import Matches, cut, find, snippet
from envs.search.words import fold_aligned

MAX_OPEN_WORLDS = 4
"""Least recently used ones are let go."""
CACHED_DOCUMENTS = 256
CACHED_SEARCHES = 128
"""Lists of results that are remembered: a certificate plays one witness in several variations."""


class Hit(NamedTuple):
    doc_id: str
    title: str
    snippet: str
    score: float


class Page(NamedTuple):
    doc_id: str
    title: str
    number: int
    """1 is the first."""
    num_pages: int
    text: str


class _Loaded(NamedTuple):
    document: Document
    folded: str
    pages: tuple[str, ...]


class World:
    """Reads of one corpus. Ids that do not exist give None; results depend on the corpus alone."""

    def __init__(self, index: PageIndex) -> None:
        self._index = index
        self._at = lru_cache(maxsize=CACHED_DOCUMENTS)(self._load)
        self._hits = lru_cache(maxsize=CACHED_SEARCHES)(self._search)

    @property
    def num_documents(self) -> int:
        return self._index.num_documents

    def search(self, query: str, top_k: int) -> tuple[Hit, ...]:
        """The `top_k` best documents for the words of `query`; equal scores in order of id."""
        return self._hits(query, top_k)

    def _search(self, query: str, top_k: int) -> tuple[Hit, ...]:
        terms = self._index.weigh(query)
        hits: list[Hit] = []
        for ranked in self._index.rank(terms, top_k):
            loaded = self._at(ranked.position)
            shown = snippet(loaded.document.text, loaded.folded, terms)
            hits.append(Hit(loaded.document.id, loaded.document.title, shown, ranked.score))
        return tuple(hits)

    def rank(self, query: str, doc_ids: Iterable[str], limit: int) -> int | None:
        """Best rank (1 is first) of any of `doc_ids` for `query`; None if below `limit`."""
        wanted = {self._index.position(doc_id) for doc_id in doc_ids}
        ranking = self._index.rank(self._index.weigh(query), limit)
        return next((n for n, hit in enumerate(ranking, start=1) if hit.position in wanted), None)

    def document(self, doc_id: str) -> Document | None:
        loaded = self._named(doc_id)
        return loaded and loaded.document

    def page(self, doc_id: str, number: int) -> Page | None:
        """Page `number` of a document; past the last one its text is empty."""
        loaded = self._named(doc_id)
        if loaded is None:
            return None
        text = loaded.pages[number - 1] if 1 <= number <= len(loaded.pages) else ""
        document = loaded.document
        return Page(document.id, document.title, number, len(loaded.pages), text)

    def find(self, doc_id: str, pattern: str) -> Matches | None:
        """Literal matches of a pattern of at least one character, whatever case and accents."""
        loaded = self._named(doc_id)
        return loaded and find(loaded.document.text, loaded.folded, loaded.pages, pattern)

    def _named(self, doc_id: str) -> _Loaded | None:
        position = self._index.position(doc_id)
        return None if position is None else self._at(position)

    def _load(self, position: int) -> _Loaded:
        document = self._index.document(position)
        return _Loaded(document, fold_aligned(document.text), cut(document.text))


_opened: OrderedDict[str, World] = OrderedDict()
_opening = Lock()


def open_world(sources: tuple[str, ...], sha256: str) -> World:
    """The world of the corpus with that hash, from the cache or built from `sources`.

    Raises `TaskError` if the sources now give another corpus, `SourceError` if one cannot be read,
    `EnvironmentFault` if the index can neither be opened nor built.
    """

    def documents() -> Iterable[Document]:
        corpus = load_corpus(sources)
        if corpus.sha256 != sha256:
            raise TaskError(
                f"the task needs the corpus {sha256[:12]} of {', '.join(sources)}, but these "
                f"sources now give {corpus.sha256[:12]}; install the versions of the sources that "
                "the task names, or make the task again"
            )
        return corpus.documents

    return _shared(sha256, documents)


def build_world(corpus: Corpus) -> World:
    """The world of a corpus at hand; `open_world` finds it later by the corpus's hash."""
    return _shared(corpus.sha256, lambda: corpus.documents)


def _shared(sha256: str, documents: Callable[[], Iterable[Document]]) -> World:
    # One at a time: two threads that ask for one world must not build it twice.
    with _opening:
        world = _opened.get(sha256)
        if world is None:
            world = _opened[sha256] = World(open_index(cache_root(), sha256, documents))
        _opened.move_to_end(sha256)
        while len(_opened) > MAX_OPEN_WORLDS:
            _opened.popitem(last=False)
        return world
