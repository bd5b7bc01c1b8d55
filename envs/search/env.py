"""The environment of search tasks: `search`, `open` and `find` over one closed corpus.

Nothing else is reachable. Every observation is bounded, and says so where it leaves something out.
"""

import asyncio

from pydantic import Field, JsonValue, ValidationError

from data.errors import TaskError
from data.record import Record
from data.task import JsonObject, PublicTask, ToolCall, ToolSpec
from data.trajectory import Observation
from envs.search.pages import CONTEXT_CHARS, MAX_MATCHES, PAGE_CHARS, SNIPPET_CHARS
from envs.search.world import Hit, World, open_world
from envs.tools import dispatch

VERSION = "1"
"""Raised when the same calls may give other observations."""
DEFAULT_TOP_K = 10
MAX_TOP_K = 50
MAX_QUERY_CHARS = 10_000
MAX_ID_CHARS = 200
MAX_PATTERN_CHARS = 200
MAX_TITLE_CHARS = 200
"""Longer titles are shown cut."""

_DOC_ID: JsonObject = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID_CHARS,
    "description": "Id of a document: the text in square brackets in search results.",
}

TOOLS = (
    ToolSpec(
        name="search",
        description=(
            "Finds documents by their words, best first. Gives a numbered list: id in square "
            "brackets, title, and the most relevant stretch of the text. The query is a set of "
            "words: order, quotes and operators mean nothing, rare words and names count most."
        ),
        parameters={
            "type": "object",
            "properties": {
                "query": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_QUERY_CHARS,
                    "description": "Words to look for, e.g. a name, or a few words of a fact.",
                },
                "top_k": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_TOP_K,
                    "default": DEFAULT_TOP_K,
                    "description": "Number of documents to list.",
                },
            },
            "required": ["query"],
            "additionalProperties": False,
        },
    ),
    ToolSpec(
        name="open",
        description=(
            f"Shows one page of a document (up to {PAGE_CHARS} characters), with its title and "
            "the number of pages."
        ),
        parameters={
            "type": "object",
            "properties": {
                "doc_id": _DOC_ID,
                "page": {
                    "type": "integer",
                    "minimum": 1,
                    "default": 1,
                    "description": "Page number; 1 is the first.",
                },
            },
            "required": ["doc_id"],
            "additionalProperties": False,
        },
    ),
    ToolSpec(
        name="find",
        description=(
            "Lists the places in one document where some text stands, with the words around it "
            "and the page it is on. The text is taken literally; case and accents do not matter."
        ),
        parameters={
            "type": "object",
            "properties": {
                "doc_id": _DOC_ID,
                "pattern": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_PATTERN_CHARS,
                    "pattern": r"\S",
                    "description": "Text to look for inside the document.",
                },
            },
            "required": ["doc_id", "pattern"],
            "additionalProperties": False,
        },
    ),
)


class Parameters(Record):
    """`EnvSpec.parameters` of a search task."""

    sources: tuple[str, ...] = Field(min_length=1)
    corpus_sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Env:
    """One search episode. Keeps which documents the agent has been shown and has opened."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._opened: dict[str, None] = {}
        self._shown: dict[str, None] = {}

    async def reset(self, task: PublicTask) -> Observation:
        """Opens the corpus; building its index on first use takes seconds, in another thread.

        Raises `TaskError` if the task's world is not one this version can rebuild.
        """
        parameters = _parameters(task)
        self._world = await asyncio.to_thread(
            open_world, parameters.sources, parameters.corpus_sha256
        )
        self._opened, self._shown = {}, {}
        return Observation(text="")

    async def call(self, call: ToolCall) -> Observation:
        handlers = {"search": self._search, "open": self._open, "find": self._find}
        return await dispatch(TOOLS, handlers, call)

    def state(self) -> JsonValue:
        """Ids in order of first opening, and of first appearance in search results."""
        return {"opened": list(self._opened), "shown": list(self._shown)}

    async def close(self) -> None:
        self._world = None

    async def _search(self, arguments: JsonObject) -> Observation:
        query, top_k = str(arguments["query"]), _whole(arguments.get("top_k", DEFAULT_TOP_K))
        hits = self._here().search(query, top_k)
        if not hits:
            return Observation(text="No document holds any of these words. Try other words.")
        self._shown.update(dict.fromkeys(hit.doc_id for hit in hits))
        return Observation(text="\n".join(map(_listed, range(1, len(hits) + 1), hits)))

    async def _open(self, arguments: JsonObject) -> Observation:
        doc_id, number = str(arguments["doc_id"]), _whole(arguments.get("page", 1))
        page = self._here().page(doc_id, number)
        if page is None:
            return _unknown(doc_id)
        if number > page.num_pages:
            pages = "1 page" if page.num_pages == 1 else f"{page.num_pages} pages"
            return Observation(text=f"Error: document {doc_id} has only {pages}.", error=True)
        self._opened.setdefault(page.doc_id)
        head = f"{_title(page.title)}\n[{page.doc_id}] page {page.number} of {page.num_pages}\n\n"
        if number == page.num_pages:
            return Observation(text=head + page.text)
        more = f"\n[continues on page {number + 1} of {page.num_pages}]"
        return Observation(text=head + page.text.rstrip() + more, truncated=True)

    async def _find(self, arguments: JsonObject) -> Observation:
        doc_id, pattern = str(arguments["doc_id"]), str(arguments["pattern"])
        matches = self._here().find(doc_id, pattern)
        if matches is None:
            return _unknown(doc_id)
        if not matches.total:
            return Observation(text=f"Document {doc_id} does not contain this text.")
        left_out = matches.total > MAX_MATCHES
        shown = f", the first {MAX_MATCHES} are shown" if left_out else ""
        plural = "match" if matches.total == 1 else "matches"
        lines = [f"{matches.total} {plural} in document {doc_id}{shown}:"]
        lines += [f"page {match.page}: {match.text}" for match in matches.shown]
        return Observation(text="\n".join(lines), truncated=left_out)

    def _here(self) -> World:
        assert self._world is not None, "reset comes before any call"
        return self._world


MAX_OBSERVATION_CHARS = max(
    MAX_TOP_K * (SNIPPET_CHARS + MAX_TITLE_CHARS + MAX_ID_CHARS + 40),
    PAGE_CHARS + MAX_TITLE_CHARS + MAX_ID_CHARS + 120,
    MAX_MATCHES * (MAX_PATTERN_CHARS + 2 * CONTEXT_CHARS + 40) + MAX_ID_CHARS + 80,
)
"""No observation is longer."""


def _parameters(task: PublicTask) -> Parameters:
    if task.env.version != VERSION:
        raise TaskError(
            f"task {task.id} was made for version {task.env.version} of the search world, "
            f"this is version {VERSION}; make the task again"
        )
    try:
        return Parameters.model_validate(task.env.parameters)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "parameters"
        raise TaskError(f"task {task.id} names no search world: {place}: {wrong['msg']}") from error


def _whole(value: JsonValue) -> int:
    """An integer of JSON, which may be written 3.0."""
    assert isinstance(value, int | float)
    return int(value)


def _listed(number: int, hit: Hit) -> str:
    return f"{number}. [{hit.doc_id}] {_title(hit.title)}\n   {hit.snippet}"


def _title(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= MAX_TITLE_CHARS else line[: MAX_TITLE_CHARS - 4] + " ..."


def _unknown(doc_id: str) -> Observation:
    text = f"Error: no document {ascii(doc_id)}; ids stand in square brackets in search results."
    return Observation(text=text, error=True)
