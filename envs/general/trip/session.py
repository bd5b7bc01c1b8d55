"""One episode in a trip world: the reading tools, and what was submitted."""

import hashlib
import json
from functools import cache
from importlib.resources import files

from pydantic import JsonValue, ValidationError

from data.errors import TaskError, UserError
from data.hashing import content_hash
from data.record import Record
from data.task import JsonObject, PublicTask, ToolCall
from data.trajectory import Observation
from envs.general.trip.compiled import Compiled, Domain, TripVariant, compile_trip, sources
from envs.general.trip.desk import Desk
from envs.general.trip.surface import trip_tools
from envs.tools import Handler, dispatch

VERSION = "1"
"""Raised when the same calls may give other observations."""
MAX_SUBMISSIONS = 100
KEYS = (
    "time",
    "city",
    "hotel",
    "afternoon_restaurant",
    "afternoon_attraction",
    "evening_restaurant",
)
"""Of a day in a submitted itinerary."""
WORDS = ("cities.tsv", "cuisines.tsv", "sights.tsv")


class TripParameters(Record):
    """`EnvSpec.parameters` of a trip task; `spec` is the hash of all that worlds are made from."""

    domain: Domain
    spec: str
    variant: TripVariant
    seed: int


@cache
def spec_of(domain: Domain) -> str:
    """Hash of the tables of this package, the sources' files, and the version."""
    texts = {
        name: hashlib.sha256(files(__package__).joinpath(name).read_bytes()).hexdigest()
        for name in WORDS
    }
    read: list[JsonValue] = [source.sha256 for source in sources(domain)]
    return content_hash({"version": VERSION, "tables": texts, "sources": read})


def open_trip(task: PublicTask) -> Compiled:
    """The world of `task`. Raises `TaskError` if it is no longer what the task was made for."""
    try:
        wanted = TripParameters.model_validate(task.env.parameters)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "parameters"
        raise TaskError(f"task {task.id} names no trip world: {place}: {wrong['msg']}") from error
    try:
        if spec_of(wanted.domain) != wanted.spec:
            raise TaskError(
                f"task {task.id}: the sources of {wanted.domain} have changed since; install the "
                "versions that the task names, or make it again"
            )
        return compile_trip(wanted.domain, wanted.variant, wanted.seed, task.language)
    except UserError as error:
        if isinstance(error, TaskError):
            raise
        raise TaskError(f"task {task.id}: {error}") from error


class TripSession:
    """Keeps nothing but the submissions; the world is shared and never changed."""

    def __init__(self, compiled: Compiled) -> None:
        self.tools = trip_tools(compiled)
        self._desk = Desk(compiled)
        self._submitted: str | None = None
        self._submissions = 0

    async def call(self, call: ToolCall) -> Observation:
        return await dispatch(self.tools, {call.name: self._handle(call.name)}, call)

    def state(self) -> JsonValue:
        """The last submission, null without one."""
        return {"submitted": self._submitted}

    def _handle(self, tool: str) -> Handler:
        async def handle(given: JsonObject) -> Observation:
            if tool == "submit_result":
                return self._submit(str(given["answer_text"]))
            return self._desk.answer(tool, given)

        return handle

    def _submit(self, text: str) -> Observation:
        wrong = form_problem(text)
        if wrong:
            return Observation(text=f"Error: not submitted: {wrong}", error=True)
        if self._submissions >= MAX_SUBMISSIONS:
            return Observation(text=f"Error: over {MAX_SUBMISSIONS} submissions.", error=True)
        self._submissions += 1
        self._submitted = text
        told = "行程已提交。" if self._desk.zh else "The itinerary is submitted."
        return Observation(text=told)


def form_problem(text: str) -> str:
    """What is wrong with the form of an itinerary; empty if nothing is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "answer_text must be a JSON list, with nothing before or after it."
    if not isinstance(value, list) or not value:
        return "answer_text must be a JSON list with one object for each day."
    for number, day in enumerate(value, start=1):
        if not isinstance(day, dict) or set(day) != set(KEYS):
            return f"item {number} must be an object with the keys {', '.join(KEYS)}, no others."
        if not all(isinstance(part, str) for part in day.values()):
            return f"every value of item {number} must be text."
    return ""
