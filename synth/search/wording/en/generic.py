"""English words for relations and types that users name themselves, such as `book.written_by`."""

import re

from data.sources.base import Relation, ValueKind
from synth.search.wording.en.grammar import article
from synth.search.wording.en.lexicon import OPENERS, Attribute, Edge, Noun, measure

PARTICIPLE = re.compile(r"(ed|born|built|made|written|begun|sold|sunk)$")
LINKERS = ("by", "in", "of", "to", "at", "from", "on", "for", "with", "after", "under", "near")


def words(name: str) -> str:
    """`author_name`, `authorName` and `author-name` as "author name"."""
    last = name.rsplit(".", maxsplit=1)[-1]
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last)
    parts = re.split(r"[\s_\-]+", spaced)
    return (
        " ".join(p if p.isupper() and len(p) > 1 else p.lower() for p in parts if p) or "relation"
    )


def noun(type_: str) -> Noun:
    name = words(type_)
    plural = f"{name}{'es' if name.endswith(('s', 'x', 'ch', 'sh')) else 's'}"
    if re.search(r"[^aeiou]y$", name):
        plural = f"{name[:-1]}ies"
    return Noun(
        name,
        plural,
        openers=(
            *OPENERS,
            "There is {np} that I'd like you to find.",
            "I have {np} in mind.",
            "Help me track down {np}.",
        ),
        closers=(
            f"Which {name} is it?",
            f"Which {name} is this?",
            f"Can you name the {name}?",
            f"Name the {name}.",
        ),
    )


def edge(relation: Relation, inverse: bool) -> Edge:
    word = words(relation.name)
    if word.split()[-1] in LINKERS:
        return _linked(word, inverse)
    return _listed_by(word) if inverse else _lists(word)


def _lists(word: str) -> Edge:
    a_word = article(word)
    return Edge(
        says=(
            f"[has|have] {{y}} as {a_word}",
            f"[lists|list] {{y}} as {a_word}",
            f'[names|name] {{y}} under "{word}"',
        ),
        denies=(f"[does|do] not list {{y}} as {a_word}",),
        counts=(f'[names|name] {{y}} under "{word}"', f"[lists|list] {{y}} as {word}"),
        group=f'those listed under "{word}" for {{x}}',
        how_many=(f'How many {{y}} does {{x}} list under "{word}"?',),
        roles=(word,),
        label=f"{word} of {{x}}",
        part=word,
    )


def _listed_by(word: str) -> Edge:
    a_word = article(word)
    return Edge(
        says=(
            f"[is|are] listed as {a_word} of {{y}}",
            f'[is|are] named under "{word}" by {{y}}',
            f"[is|are] given as {a_word} of {{y}}",
        ),
        denies=(f"[is|are] not listed as {a_word} of {{y}}",),
        counts=(f"[is|are] listed as {a_word} of {{y}}",),
        group=f'those that list {{x}} under "{word}"',
        how_many=(f'How many {{y}} list {{x}} under "{word}"?',),
        part=word,
    )


def _linked(word: str, inverse: bool) -> Edge:
    """A relation that reads like a verb: "written by", "located in"."""
    if inverse:
        return Edge(
            says=(
                f'[is|are] given under "{word}" by {{y}}',
                f'[is|are] named under "{word}" by {{y}}',
            ),
            denies=(f'[is|are] not given under "{word}" by {{y}}',),
            counts=(f'[is|are] given under "{word}" by {{y}}',),
            group=f'those that give {{x}} under "{word}"',
            how_many=(f'How many {{y}} give {{x}} under "{word}"?',),
            part=word,
        )
    return Edge(
        says=(f"[is|are] {word} {{y}}", f'[names|name] under "{word}" {{y}}'),
        denies=(f"[is|are] not {word} {{y}}",),
        counts=(f"[is|are] {word} {{y}}",),
        group=f'those given under "{word}" for {{x}}',
        how_many=(f'How many {{y}} are given under "{word}" for {{x}}?',),
        verb=f"[is|are] {word}",
        part=word,
    )


def attribute(relation: Relation) -> Attribute:
    word = words(relation.name)
    if relation.value is ValueKind.YEAR:
        return _event(word) if PARTICIPLE.search(word) else _year(word)
    if relation.value is ValueKind.NUMBER:
        return measure(word)
    if relation.value is ValueKind.CATEGORY:
        return Attribute(
            noun=word,
            says=(f"[has|have] {{v}} as {article(word)}", f'[names|name] {{v}} under "{word}"'),
            denies=(f'[does|do] not name {{v}} under "{word}"',),
            asks=(),
        )
    return Attribute(
        noun=word,
        says=(f"[has|have] {{v}} as {{its}} {word}", f"[gives|give] {{its}} {word} as {{v}}"),
        denies=(f"[does|do] not have {{v}} as {{its}} {word}",),
        asks=(f"What is the {word} of {{x}}?",),
    )


def _event(word: str) -> Attribute:
    """A year named after what happened: "first published", "born"."""
    return Attribute(
        noun=f'year under "{word}"',
        says=(f"[was|were] {word} {{v}}",),
        denies=(f"[was|were] not {word} {{v}}",),
        asks=(f"In what year was {{x}} {word}?",),
        is_year=True,
        event=f"{{x}} [was|were] {word}",
        happened=f"[was|were] {word}",
        more="later",
        less="earlier",
        most="latest",
        least="earliest",
        apart=(f"How many years apart were {{x}} and {{y}} {word}?",),
    )


def _year(word: str) -> Attribute:
    """A year named by a noun: "birth year"."""
    a_word = article(word)
    return Attribute(
        noun=word,
        says=(f"[has|have] {a_word} {{v}}",),
        denies=(f"[does|do] not have {a_word} {{v}}",),
        asks=(f"What is the {word} of {{x}}?",),
        is_year=True,
        more="later",
        less="earlier",
        most="latest",
        least="earliest",
        whole=True,
        apart=(f"How many years lie between the {word} of {{x}} and that of {{y}}?",),
    )
