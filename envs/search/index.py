"""A BM25 index over the pages of one corpus, on tantivy.

One thread writes one segment, in the order of document ids, so a document's address is its position
in that order, and hits of equal score always come in the order of their ids. tantivy's query language is never used: a query is a set of terms.
"""

from collections.abc import Iterable
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import tantivy

from data.sources.base import Document
from envs.search.words import analyzer, page_words, query_terms

FIELDS = ("title_words", "text_words")
"""Indexed apart and summed: a title is short, so a term in it weighs more by itself. A boost would
hide the terms from tantivy's block-max pruning and make queries three times slower."""
COMMON_WEIGHT = log(1 + 1 / 0.2)
"""Weight of a term on a fifth of all pages. Such terms are looked up in titles only, unless the
query has no others."""
MAX_QUERY_TERMS = 64
"""Of a longer query, the terms that occur on the fewest pages are kept."""
WRITER_MEMORY = 4_000_000_000
"""Most bytes of postings held before a segment is written, about 15 GB of text; used only as far
as pages need it."""


Terms = list[tuple[str, float]]
"""Terms of a query with the weight of their rareness (natural logarithm)."""


class Ranked(NamedTuple):
    """A page's position in the corpus (documents sorted by id, 0 is the first) and its score."""

    position: int
    score: float


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="words", index_option="freq")
    # What is shown is stored apart from what is indexed, byte for byte.
    builder.add_bytes_field("title", stored=True)
    builder.add_bytes_field("text", stored=True)
    return builder.build()


def write_index(directory: Path, documents: Iterable[Document]) -> int:
    """Indexes `documents` (distinct ids) into an empty directory; gives their number.

    Raises `OSError` or `ValueError`, whatever tantivy makes of a full disk.
    """
    index = tantivy.Index(_schema(), path=str(directory), reuse=False)
    index.register_tokenizer("words", analyzer())
    writer = index.writer(heap_size=WRITER_MEMORY, num_threads=1)
    ordered = sorted(documents, key=lambda document: document.id)
    for document in ordered:
        fields = tantivy.Document()
        fields.add_text("id", document.id)
        fields.add_text("title_words", page_words(document.title))
        fields.add_text("text_words", page_words(document.text))
        fields.add_bytes("title", document.title.encode(errors="replace"))
        fields.add_bytes("text", document.text.encode(errors="replace"))
        writer.add_document(fields)
    writer.commit()
    writer.wait_merging_threads()
    return len(ordered)


class PageIndex:
    """An opened index; reading only, safe to share between threads."""

    def __init__(self, directory: Path) -> None:
        """Raises `OSError` or `ValueError` if the directory holds no index of this format."""
        # tantivy locks the directory it opens by writing to it. Through links, an index that is
        # read-only serves too, and the searcher maps all files before the links are gone.
        with TemporaryDirectory(prefix="palaestra-") as links:
            for path in directory.resolve().iterdir():
                if path.suffix != ".lock":
                    (Path(links) / path.name).symlink_to(path)
            index = tantivy.Index.open(links)
            # Nothing is ever added, so no thread needs to watch for commits.
            index.config_reader("manual")
            index.reload()
            self._searcher = index.searcher()
        self._schema = index.schema
        if self._searcher.num_segments > 1:
            raise ValueError(f"it has {self._searcher.num_segments} segments instead of one")

    @property
    def num_documents(self) -> int:
        return self._searcher.num_docs

    def weigh(self, query: str) -> Terms:
        """The words of any text that occur in the corpus with their weights, rarest first."""
        total = self.num_documents
        counted = [
            (term, max(self._searcher.doc_freq(field, term) for field in FIELDS))
            for term in query_terms(query)
        ]
        present = sorted((pair for pair in counted if pair[1]), key=lambda pair: pair[1])
        return [(term, log(1 + total / count)) for term, count in present[:MAX_QUERY_TERMS]]

    def rank(self, terms: Terms, limit: int) -> list[Ranked]:
        """The best `limit` pages, best first, equal scores in order of id."""
        if not terms:
            return []
        # Reading the long postings of "the" or "film" takes most of the time and says least; in a
        # title such a word is rare enough.
        rare = {term for term, weight in terms if weight > COMMON_WEIGHT} or dict(terms)
        query_of = tantivy.Query.term_query
        clauses = [
            (tantivy.Occur.Should, query_of(self._schema, field, term, "freq"))
            for term, _ in terms
            for field in (FIELDS if term in rare else FIELDS[:1])
        ]
        query = tantivy.Query.boolean_query(clauses)
        hits = self._searcher.search(query, limit=limit, count=False).hits
        return [Ranked(address.doc, score) for score, address in hits]

    def position(self, doc_id: str) -> int | None:
        """Position of the document of that id, None if there is none."""
        # A lone surrogate is valid in JSON, but no id holds one and tantivy refuses it.
        if any("\ud800" <= character <= "\udfff" for character in doc_id):
            return None
        if not self._searcher.doc_freq("id", doc_id):
            return None
        query = tantivy.Query.term_query(self._schema, "id", doc_id, "basic")
        ((_, address),) = self._searcher.search(query, limit=1, count=False).hits
        return int(address.doc)

    def document(self, position: int) -> Document:
        """The document at a position that `rank` or `position` gave."""
        stored = self._searcher.doc(tantivy.DocAddress(0, position)).to_dict()
        return Document(stored["id"][0], stored["title"][0].decode(), stored["text"][0].decode())
