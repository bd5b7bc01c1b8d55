"""What a family of puzzles supplies, and how a task is drafted from it.

Rules stand in the text and hold for every edition; data stand in files and differ between them.
`solve` and `check` are two methods that share nothing. Both are self-contained functions: their
source, with the rules as a literal, is the code of the witness and of the alternative.
"""

import inspect
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import JsonValue

from data.hashing import content_hash
from data.task import Language, Source
from envs.interpreter.files import data_file
from envs.interpreter.files.recipe import TextRecipe
from synth.interpreter.draft import Draft, Edition, Rejected, answer_spec
from synth.interpreter.engines import same
from synth.interpreter.prompt import form_words
from synth.interpreter.shapes.asked import Form
from synth.parts import Finding
from verifiers.answers import AnswerSpec, matches

Rules = dict[str, Any]
Data = Any
HIDDEN_TRIES = 8


def as_json(data: Data) -> dict[str, str]:
    """The usual file: one JSON document."""
    return {"problem.json": json.dumps(data, ensure_ascii=False, indent=1) + "\n"}


def read_json() -> Any:
    import json

    with open("problem.json") as file:  # noqa: PTH123
        return json.load(file)


@dataclass(frozen=True)
class Puzzle:
    name: str
    rules: Callable[[Random, int], Rules]
    """Rules for a level of difficulty, 1 to 5; what the text says."""
    fill: Callable[[Random, Rules], Data]
    """An instance as JSON data; raises `Rejected` for an unlucky one."""
    tell: Callable[[Rules, Language], str]
    solve: Callable[[Data, Rules], Any]
    check: Callable[[Data, Rules], Any]
    near: Callable[[Rules], list[tuple[str, Rules]]]
    """Rules as a careless reader has them."""
    form: Callable[[Rules], Form] = lambda rules: Form.INTEGER
    parts: Callable[[Rules, Language], tuple[str, ...]] = lambda rules, language: ()
    unit: str = ""
    files: Callable[[Data], Mapping[str, str]] = as_json
    read: Callable[[], Any] = read_json
    portable: bool = True
    """Whether `check` can run in a kernel, which has numpy and pandas alone."""
    sources: Callable[[], tuple[Source, ...]] = tuple
    stateful: bool = False


def draft_of(puzzle: Puzzle, rng: Random, language: Language, level: int) -> Draft:
    """Raises `Rejected`."""
    rules = puzzle.rules(rng, level)
    data = _instance(puzzle, rng, rules)
    value = _proved(puzzle, data, rules)
    hidden = _other(puzzle, rng, rules, value)
    form = puzzle.form(rules)

    def spec(answer: JsonValue) -> AnswerSpec:
        return answer_spec(
            answer,
            ordered=form is not Form.SET,
            unit=puzzle.unit if form is Form.NUMBER else "",
            table=puzzle.parts(rules, language) if form is Form.TABLE else (),
        )

    def near() -> list[tuple[str, JsonValue]]:
        return [
            (label, plain(puzzle.solve(_copy(data), other))) for label, other in puzzle.near(rules)
        ]

    def shortcut() -> Finding:
        numbers = _numbers(data)
        evidence: dict[str, JsonValue] = {"numbers_in_file": len(numbers)}
        given = isinstance(value, float) and any(same(value, number, 1e-6) for number in numbers)
        return Finding("answer_in_the_file" if given else "", evidence)

    spec(value)
    method = "stateful" if puzzle.stateful else "puzzle"
    return Draft(
        family=f"{method}:{puzzle.name}",
        text=puzzle.tell(rules, language),
        form=form_words(form, puzzle.unit, puzzle.parts(rules, language), language),
        shown=_edition(puzzle, data, value),
        hidden=(hidden,),
        spec=spec,
        witness=_cells(puzzle, puzzle.solve, rules),
        others=(("second method", _cells(puzzle, puzzle.check, rules)),) if puzzle.portable else (),
        near=near,
        shortcut=shortcut,
        evidence={"methods": [puzzle.solve.__name__, puzzle.check.__name__], "editions": 2},
        level=level,
        measures={"characters": float(sum(map(len, puzzle.files(data).values())))},
        fingerprint=content_hash([puzzle.name, rules, data]),
        sources=puzzle.sources(),
        notes={"rules": rules},
    )


def _instance(puzzle: Puzzle, rng: Random, rules: Rules) -> Data:
    return _copy(puzzle.fill(rng, rules))


def _copy(data: Data) -> Data:
    """As the kernel reads it; and methods may change what they are given."""
    return json.loads(json.dumps(data))


def _proved(puzzle: Puzzle, data: Data, rules: Rules) -> JsonValue:
    one = plain(puzzle.solve(_copy(data), rules))
    other = plain(puzzle.check(_copy(data), rules))
    if not same(one, other, 1e-9):
        raise Rejected("methods_disagree")
    if one is None or one == []:
        raise Rejected("no_answer")
    if one == 0:
        raise Rejected("zero")
    return one


def _other(puzzle: Puzzle, rng: Random, rules: Rules, value: JsonValue) -> Edition:
    for _ in range(HIDDEN_TRIES):
        try:
            data = _instance(puzzle, rng, rules)
            found = _proved(puzzle, data, rules)
            ordered = puzzle.form(rules) is not Form.SET
            if not matches(answer_spec(found, ordered=ordered), value):
                return _edition(puzzle, data, found)
        except Rejected:
            continue
    raise Rejected("hidden_same")


def _edition(puzzle: Puzzle, data: Data, value: JsonValue) -> Edition:
    files = tuple(data_file(name, TextRecipe.of(text)) for name, text in puzzle.files(data).items())
    return Edition(files, value)


def _cells(puzzle: Puzzle, method: Callable[[Data, Rules], Any], rules: Rules) -> tuple[str, str]:
    read = textwrap.dedent(inspect.getsource(puzzle.read))
    read = read.replace("  # noqa: PTH123", "").replace(" -> Any:", ":")
    source = textwrap.dedent(inspect.getsource(method))
    return (
        f"{read}\n\ndata = {puzzle.read.__name__}()",
        f"{source}\n\nanswer = {method.__name__}(data, {rules!r})\nanswer",
    )


def plain(value: Any) -> JsonValue:
    """A method's result as JSON."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(one) for one in value)  # type: ignore[type-var]
    assert value is None or isinstance(value, bool | int | float | str), type(value)
    return value


def _numbers(data: Data) -> list[float]:
    match data:
        case bool() | str() | None:
            return []
        case int() | float():
            return [float(data)]
        case dict():
            return [number for one in data.values() for number in _numbers(one)]
        case list():
            return [number for one in data for number in _numbers(one)]
    return []


def say(language: Language, en: str, zh: str) -> str:
    return en if language is Language.EN else zh
