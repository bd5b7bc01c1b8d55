"""The discourse plan: every clue is said once, every thing is brought in once, nothing nests deep."""

import re
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from data.hashing import derive_rng
from data.task import Language
from synth.search.query import Category, Link, Node, Query, Step
from synth.search.wording import realise
from synth.search.wording.en.clauses import shortened
from synth.search.wording.en.text import Text as EnglishText
from synth.search.wording.plan import MAX_NESTED, Actor, Part, actors, beats, distant, stage
from synth.search.wording.zh.text import Text as ChineseText
from tests.wording_cases import MadeUp, queries

NAMES = MadeUp()
TEXTS = pytest.mark.parametrize("text", [EnglishText, ChineseText], ids=["en", "zh"])


def staged(text: type[EnglishText] | type[ChineseText], depth: int = 4) -> Iterator[Actor]:
    for index, query in enumerate(queries(21, 400, depth)):
        rng = derive_rng(21, index)
        yield stage(query.root, text(NAMES, rng).slot, rng)


def placed(actor: Actor) -> list[Part]:
    return [*actor.light, *actor.inline, *(part for group in actor.groups for part in group)]


@TEXTS
def test_every_clue_of_a_described_thing_has_exactly_one_place(
    text: type[EnglishText] | type[ChineseText],
) -> None:
    for root in staged(text):
        for actor in actors(root):
            said = Counter(part.clue for part in placed(actor)) + Counter(actor.extremes)
            assert said == Counter(actor.node.clues)


@TEXTS
def test_every_thing_is_brought_in_once_before_it_is_spoken_of(
    text: type[EnglishText] | type[ChineseText],
) -> None:
    for root in staged(text):
        known = {root}
        for beat in beats(root):
            assert beat.first == (beat.actor not in known)
            assert beat.actor.parent in known or beat.actor is root
            fresh = brought_in(beat.parts) + ([beat.actor] if beat.first else [])
            assert not known.intersection(fresh)
            known.update(fresh)
        assert known == set(actors(root))


def brought_in(parts: list[Part]) -> list[Actor]:
    found = []
    for part in parts:
        if part.actor and not part.actor.leads:
            found += [part.actor, *brought_in(part.actor.inline)]
    return found


@TEXTS
def test_relative_clauses_nest_no_deeper_than_the_limit(
    text: type[EnglishText] | type[ChineseText],
) -> None:
    def nesting(actor: Actor) -> int:
        below = [nesting(part.actor) if part.actor else 0 for part in actor.inline]
        return 1 + max(below) if below else 0

    deepest = 0
    for root in staged(text):
        depths = [nesting(actor) for actor in actors(root)]
        deepest = max(deepest, *depths)
    assert deepest == MAX_NESTED


@TEXTS
def test_only_things_that_the_text_comes_back_to_are_distant(
    text: type[EnglishText] | type[ChineseText],
) -> None:
    for root in staged(text):
        for actor in distant(root):
            assert actor.groups


def chain(*steps: Step) -> Node:
    """A person, reached from a named film by edges walked from the far end."""
    node = Node(type="film", constant="film/Ten Winters")
    for place, step in enumerate(reversed(steps)):
        kind = "person" if place % 2 == 0 else "film"
        node = Node(type=kind, clues=(Link(steps=(step,), node=node),))
    return node


ACTED, WRITTEN = Step(relation="film.cast", inverse=True), Step(relation="film.writer")


def test_a_chain_of_three_bare_links_takes_one_english_sentence() -> None:
    query = Query(root=chain(ACTED, WRITTEN, ACTED))
    for seed in range(200):
        text = realise(query, NAMES, Language.EN, Random(seed))
        assert not re.search(r"(a film|someone|a writer)[.?]", text), text
        story = [s for s in re.split(r"(?<=[.?]) ", text) if "Ten Winters" in s]
        assert len(story) == 1, text
        assert re.search(r"\bwr(ote|itten|iters?|iting)\b|script", story[0]), text


def test_a_chain_in_chinese_goes_on_from_the_film_instead_of_stacking_clauses() -> None:
    query = Query(root=chain(ACTED, WRITTEN, ACTED))
    for seed in range(200):
        text = realise(query, NAMES, Language.ZH, Random(seed))
        assert re.search(r"一部影片，该片的?(一位编剧|编剧之一)", text), text


@pytest.mark.parametrize("language", list(Language))
def test_the_subject_of_a_question_keeps_one_name(language: Language) -> None:
    names = r"\w+ I'm after|\w+ I'm looking for(?! an? | someone| several)|要找的\w{2}"
    seen = 0
    for index, query in enumerate(queries(22, 800, 3)):
        text = realise(query, NAMES, language, derive_rng(22, index))
        found = set(re.findall(names, text))
        seen += bool(found)
        assert len(found) <= 1, (found, text)
    assert seen, "no question came back to its subject: the test saw nothing"


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("that was written by X", "written by X"),
        ("that were made in X", "made in X"),
        ("that features X", "featuring X"),
        ("that has X in the cast", "with X in the cast"),
        ("that was behind X", "behind X"),
        ("that is maintained by X", "maintained by X"),
        ("that was not written by X", "that was not written by X"),
        ("that has produced X", "that has produced X"),
        ("that has as a main partner X", "that has as a main partner X"),
        ("that has a title with the initials A. B.", "that has a title with the initials A. B."),
        ("who has written X", "who has written X"),
        ("where X was made", "where X was made"),
    ],
)
def test_a_relative_clause_is_shortened_only_where_it_says_the_same(
    clause: str, expected: str
) -> None:
    assert shortened(clause) == expected


def test_things_are_called_by_their_own_noun_where_they_have_one() -> None:
    clues = (
        Category(relation="film.genre", value="Horror"),
        Link(
            steps=(Step(relation="film.cast"),), node=chain(ACTED, WRITTEN, ACTED, WRITTEN, ACTED)
        ),
        Link(steps=(WRITTEN,), node=chain(ACTED, WRITTEN, ACTED, WRITTEN, ACTED)),
    )
    for seed in range(50):
        text = realise(Query(root=Node(type="film", clues=clues)), NAMES, Language.EN, Random(seed))
        assert "horror film" in text
        assert "film I'm" not in text, text
