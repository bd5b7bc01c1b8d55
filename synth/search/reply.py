"""The right answer of a query in three forms: typed for the verifier, plain, and other spellings."""

import unicodedata
from collections.abc import Iterator

from data.sources.base import ValueKind
from synth.search.kb import KnowledgeBase
from synth.search.query import Answer, Entities, Query, Value
from verifiers.answers import AnswerSpec, EntityAnswer, ListAnswer, NumberAnswer, YearAnswer

TOLERANCE = 0.005
"""Relative error allowed in a measured quantity; counts and years are exact."""


def _names(kb: KnowledgeBase, entity: str) -> tuple[str, ...]:
    found = kb.entities[entity]
    return tuple(dict.fromkeys((found.name, *found.aliases)))


def accepted_answer(kb: KnowledgeBase, query: Query, answer: Answer) -> AnswerSpec:
    """What the verifier compares with."""
    ask = query.ask
    if isinstance(ask, Entities):
        items = tuple(EntityAnswer(names=_names(kb, str(entity))) for entity in answer)
        return items[0] if len(items) == 1 else ListAnswer(items=items)
    (value,) = answer
    if not isinstance(ask, Value):
        return NumberAnswer(value=float(value))
    relation = kb.relations[ask.relation]
    if relation.value is ValueKind.NAME:
        return EntityAnswer(names=(str(value),))
    if relation.value is ValueKind.YEAR:
        return YearAnswer(value=int(value))
    exact = float(value) == int(value) and abs(float(value)) < 1000
    tolerance = 0.0 if exact else TOLERANCE
    return NumberAnswer(value=float(value), tolerance=tolerance, unit=relation.unit)


def reference(kb: KnowledgeBase, query: Query, answer: Answer) -> str | float | list[str]:
    """The answer as a solver would write it in JSON."""
    if isinstance(query.ask, Entities):
        names = [kb.entities[str(entity)].name for entity in answer]
        return names[0] if len(names) == 1 else list(names)
    (value,) = answer
    if isinstance(value, str):
        return value
    return int(value) if float(value) == int(value) else float(value)


def spellings(kb: KnowledgeBase, query: Query, answer: Answer) -> Iterator[tuple[str, object]]:
    """The right answer written in other ways, each of which must be accepted; with a label."""
    plain = reference(kb, query, answer)
    if isinstance(plain, list):
        yield "reversed", plain[::-1]
        yield "upper case", [name.upper() for name in plain]
    elif isinstance(plain, str):
        yield "upper case", plain.upper()
        yield "no accents", _plain_letters(plain)
        yield "spaces", f"  {plain.replace(' ', '  ')} "
        yield "quoted", f'"{plain}"'
        yield "full stop", f"{plain}."
        if plain.startswith("The "):
            yield "article behind", f"{plain[4:]}, The"
            yield "no article", plain[4:]
        if isinstance(query.ask, Entities):
            for i, alias in enumerate(kb.entities[str(answer[0])].aliases):
                yield f"alias {i}", alias
    else:
        yield "as text", str(plain)
        yield "as float", float(plain)
        if plain == int(plain) and plain >= 10_000:
            yield "thousands", f"{int(plain):,}"


def _plain_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))
