"""English words for relations and types that users name themselves, such as `book.written_by`."""

import re

from data.sources.base import Relation, ValueKind
from synth.search.wording.en.grammar import article
from synth.search.wording.en.lexicon import OPENERS, Attribute, Edge, Noun

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
            f"Which {name} fits?",
            f"Which {name} am I describing?",
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
    verb = f"[is|are] {word}" if re.match(r"\w+(ed|en|wn|ng)\b", word) else f"[is|are] {word}"
    if inverse:
        return Edge(
            says=(
                f'[is|are] what {{y}} gives under "{word}"',
                f'[is|are] given as "{word}" by {{y}}',
            ),
            denies=(f'[is|are] not given as "{word}" by {{y}}',),
            counts=(f'[is|are] given as "{word}" by {{y}}',),
            group=f'those that give {{x}} as "{word}"',
            how_many=(f'How many {{y}} give {{x}} as "{word}"?',),
            part=word,
        )
    return Edge(
        says=(f"{verb} {{y}}", f'[has|have] {{y}} given as "{word}"'),
        denies=(f"[is|are] not {word} {{y}}",),
        counts=(f"{verb} {{y}}",),
        group=f'those given as "{word}" for {{x}}',
        how_many=(f'How many {{y}} are given as "{word}" for {{x}}?',),
        verb=verb,
        part=word,
    )


def attribute(relation: Relation) -> Attribute:
    word = words(relation.name)
    a_word = article(word)
    if relation.value is ValueKind.YEAR:
        return Attribute(
            noun=word,
            says=(f"[has|have] {a_word} that falls {{v}}", f"[has|have] {its_dated(word)} {{v}}"),
            denies=(f"[does|do] not have {a_word} that falls {{v}}",),
            asks=(f"What is the {word} of {{x}}?",),
            event=f"{{x}} [has|have] {{its}} {word}",
            happened=f"[has|have] {a_word}",
            more="later",
            less="earlier",
            most="latest",
            least="earliest",
            apart=(f"How many years lie between the {word} of {{x}} and that of {{y}}?",),
        )
    return Attribute(
        noun=word,
        says=(f"[has|have] {{v}} as {{its}} {word}", f"[gives|give] {{its}} {word} as {{v}}"),
        denies=(f"[does|do] not have {{v}} as {{its}} {word}",),
        asks=(f"What is the {word} of {{x}}{{in_unit}}?",),
        apart=(f"By how much do the {word} of {{x}} and that of {{y}} differ{{in_unit}}?",),
    )


def its_dated(word: str) -> str:
    return f"{article(word)} dated"
