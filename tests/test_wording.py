"""The wording: well-formed, complete, exact and varied, over random queries of every shape."""

import re
from collections.abc import Iterator
from random import Random

import pytest

from data.hashing import derive_rng
from data.sources import debian, elements, factbook, films, foldoc
from data.sources.base import Relation, ValueKind
from data.task import Language, Role
from synth.search.query import (
    Category,
    Clue,
    Count,
    Difference,
    Direction,
    Entities,
    Exclude,
    Extreme,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    Range,
    Step,
)
from synth.search.wording import realise
from synth.search.wording.en import grammar
from synth.search.wording.en import values as english
from synth.search.wording.en import words as english_words
from synth.search.wording.en.generic import words as spoken
from synth.search.wording.prompt import prompt
from synth.search.wording.zh import values as chinese
from synth.search.wording.zh import words as chinese_words
from tests.wording_cases import MadeUp, queries

NAMES = MadeUp()
LANGUAGES = pytest.mark.parametrize("language", list(Language))
NUM_QUERIES = 1500


def texts(
    language: Language, seed: int, number: int = NUM_QUERIES, depth: int = 2
) -> Iterator[tuple[Query, str]]:
    for index, query in enumerate(queries(seed, number, depth)):
        yield query, realise(query, NAMES, language, derive_rng(seed, index))


def every_node(query: Query) -> Iterator[Node]:
    pending = [query.root]
    if isinstance(query.ask, Difference):
        pending.append(query.ask.node)
    while pending:
        node = pending.pop()
        yield node
        for clue in node.clues:
            inner = clue.clue if isinstance(clue, Exclude) else clue
            if isinstance(inner, Link | Loop | Count | Offset):
                pending.append(inner.node)


def every_clue(query: Query) -> Iterator[Clue]:
    for node in every_node(query):
        for clue in node.clues:
            yield clue.clue if isinstance(clue, Exclude) else clue


FLAWS = {
    Language.EN: re.compile(
        r"[{}\[\]|~\0]|  | [,?]| \.(?![a-z])|\.\.|,,|\b(a a|an an|the the|the a|a the|of of|is is|has has"
        r"|one one|that that|who who|and and|of it's|a hour|a 8\d*)\b|\ba [AEIOaeio]\w|\ban [bcdfgjkmpqtvwyz][a-z]"
        r"|someone (was|has|is) |None",
    ),
    Language.ZH: re.compile(
        r"[{}\[\]|~\0]|  |[，。？]{2}|的的|其其|它其|中中|，的|[一-鿿],|,[一-鿿]|[一-鿿] [一-鿿]|是是|有有|None"
    ),
}


@LANGUAGES
def test_no_text_shows_a_flaw_of_grammar_or_of_templates(language: Language) -> None:
    flawed = [
        (found[0], text)
        for _, text in texts(language, 1)
        if (found := FLAWS[language].search(text))
    ]
    assert not flawed, flawed[:5]


def test_english_sentences_start_with_a_capital_and_end_with_a_mark() -> None:
    for _, text in texts(Language.EN, 2):
        assert text[-1] in ".?", text
        for sentence in re.split(r"(?<=[a-z0-9\"%)][.?]) ", text):
            assert sentence[0].isupper() or sentence[0] == '"', (sentence, text)


def test_chinese_sentences_end_with_a_mark() -> None:
    for _, text in texts(Language.ZH, 2):
        assert text[-1] in "。？", text


@LANGUAGES
def test_quotes_and_brackets_are_balanced(language: Language) -> None:
    for _, text in texts(language, 3):
        assert text.count('"') % 2 == 0, text
        for opening, closing in ("()", "（）", "《》", "“”"):
            assert text.count(opening) == text.count(closing), text


@LANGUAGES
def test_every_name_value_and_letter_of_the_query_is_said(language: Language) -> None:
    words = chinese_words.Words(NAMES)
    for query, text in texts(language, 4):
        for node in every_node(query):
            if not node.constant:
                continue
            name = NAMES.name(node.constant)
            said = words.name(node.constant) if language is Language.ZH else name
            assert said.strip().lower() in text.lower(), (node, text)
        for clue in every_clue(query):
            if isinstance(clue, Category):
                assert any(word in text for word in said_as(clue, language)), (clue, text)
            if isinstance(clue, Initials):
                assert " ".join(f"{letter}." for letter in clue.letters)[:-1] in text, (clue, text)


def said_as(clue: Category, language: Language) -> list[str]:
    if language is Language.ZH:
        return [chinese_words.Words(NAMES).value(clue.relation, clue.value).strip()]
    words = english_words.Words(NAMES).attribute(clue.relation)
    head = words.heads.get(clue.value, clue.value)
    return [head, grammar.pluralised(head), words.words.get(clue.value, clue.value)]


@LANGUAGES
def test_every_bound_of_a_range_can_be_read_off_the_text(language: Language) -> None:
    for query, text in texts(language, 5):
        plain = text.replace(",", "")
        for clue in every_clue(query):
            if not isinstance(clue, Range):
                continue
            kind = NAMES.relation(clue.relation).value
            for bound, outside in ((clue.lo, -1), (clue.hi, 1)):
                if bound is None:
                    continue
                ways = [f"{bound:g}"] if bound < 1e5 else [str(int(bound))]
                if bound <= 12:
                    ways += [grammar.spelled(int(bound)), chinese.spelled(int(bound))]
                if kind is ValueKind.YEAR:
                    ways += [str(int(bound) + outside), f"{int(bound) // 10 * 10}s"]
                    ways += [chinese.decade(int(bound) // 10 * 10)]
                assert any(way in plain for way in ways), (clue, text)


@LANGUAGES
def test_texts_have_a_readable_length(language: Language) -> None:
    lengths = [len(text) for _, text in texts(language, 6)]
    limit = 1500 if language is Language.EN else 700
    assert max(lengths) < limit
    assert sorted(lengths)[len(lengths) // 2] < limit / 3


def test_a_letter_is_given_before_it_is_used() -> None:
    lettered = 0
    for _, text in texts(Language.EN, 7, 600, depth=4):
        for tag in set(
            re.findall(r"(?<=[.?] )(?!One of|In |The )(\w[\w ]{2,30} [A-D])(?= [a-z])", text)
        ):
            given = text.find(f"(call it {tag[0].lower()}{tag[1:]})")
            given = max(given, text.find(f"(call them {tag[0].lower()}{tag[1:]})"))
            assert 0 <= given < text.find(f" {tag} "), (tag, text)
            lettered += 1
    assert lettered, "no query needed a letter: the test saw nothing"


@LANGUAGES
def test_the_same_generator_state_gives_the_same_text(language: Language) -> None:
    first = [text for _, text in texts(language, 8, 100)]
    assert first == [text for _, text in texts(language, 8, 100)]


SHAPE = Query(
    root=Node(
        type="film",
        clues=(
            Range(relation="film.year", lo=1970, hi=1979),
            Category(relation="film.language", value="French"),
            Link(
                steps=(Step(relation="film.director"),),
                node=Node(
                    type="person",
                    clues=(
                        Link(
                            steps=(Step(relation="film.writer", inverse=True),),
                            node=Node(type="film", constant="film/Ten Winters"),
                        ),
                        Initials(letters=("I", "V")),
                    ),
                ),
            ),
            Count(step=Step(relation="film.cast"), node=Node(type="person"), lo=4, hi=4),
        ),
    )
)


@LANGUAGES
def test_one_query_is_worded_in_many_ways(language: Language) -> None:
    said = {realise(SHAPE, NAMES, language, Random(seed)) for seed in range(1000)}
    openings = {opening(text, language) for text in said}
    assert len(said) > 950
    assert len(openings) > 25


def opening(text: str, language: Language) -> str:
    return " ".join(text.split()[:5]) if language is Language.EN else text[:8]


@LANGUAGES
@pytest.mark.parametrize("clues", [(), (Range(relation="country.area", lo=10, hi=None),)])
def test_two_walks_are_said_to_end_at_one_thing(
    language: Language, clues: tuple[Clue, ...]
) -> None:
    loop = Loop(
        first=Step(relation="film.cast", inverse=True),
        second=Step(relation="film.country"),
        node=Node(type="country", clues=clues),
    )
    same = "a single|one and the same" if language is Language.EN else "同一个"
    for seed in range(30):
        query = Query(root=Node(type="person", clues=(loop,)))
        assert re.search(same, realise(query, NAMES, language, Random(seed)))


@LANGUAGES
def test_a_list_question_asks_for_all(language: Language) -> None:
    ends = [realise(SHAPE, NAMES, language, Random(seed), num_answers=3) for seed in range(50)]
    asked = r"(Name|List|Give).*\.$" if language is Language.EN else r"(全部|逐一|完整|一个不漏)"
    assert all(re.search(asked, text) for text in ends)


@LANGUAGES
@pytest.mark.parametrize("asks", ["count", "extreme"])
def test_counts_and_superlatives_name_the_collection_once(language: Language, asks: str) -> None:
    clue: Clue = SHAPE.root.clues[3]
    if asks == "extreme":
        clue = Extreme(relation="film.runtime", direction=Direction.MOST)
    query = Query(root=Node(type="film", clues=(*SHAPE.root.clues[:2], clue)))
    mark = r"this collection|the pages here" if language is Language.EN else "本资料库"
    for seed in range(50):
        text = realise(query, NAMES, language, Random(seed))
        assert len(re.findall(mark, text)) == 1, text


def test_only_the_opening_asks_when_it_already_is_the_question() -> None:
    for query, text in texts(Language.EN, 9):
        if isinstance(query.ask, Entities):
            asking = len(re.findall(r"\?", text))
            assert asking <= 1, text


# The values, read back by a reader written from the phrases' documented meaning.

PERIODS = (
    (r"in (\d{4})", lambda a: (a, a)),
    (r"in the (\d{4})s", lambda a: (a, a + 9)),
    (r"in (\d{4}) or (\d{4})", lambda a, b: (a, b)),
    (r"in (\d{4}), (\d{4}),? or (\d{4})", lambda a, b, c: (a, c) if b == a + 1 else None),
    (r"between (\d{4}) and (\d{4})", lambda a, b: (a, b)),
    (r"after (\d{4}) but before (\d{4})", lambda a, b: (a + 1, b - 1)),
    (r"some time between (\d{4}) and (\d{4})", lambda a, b: (a, b)),
    (r"in (\d{4}) or later", lambda a: (a, None)),
    (r"after (\d{4})", lambda a: (a + 1, None)),
    (r"in or after (\d{4})", lambda a: (a, None)),
    (r"in (\d{4}) or earlier", lambda a: (None, a)),
    (r"before (\d{4})", lambda a: (None, a - 1)),
    (r"in or before (\d{4})", lambda a: (None, a)),
)
BOUNDS = [(1974, 1974), (1970, 1979), (1900, 1909), (1970, 1973), (1970, 1971), (1998, 2000)]


@pytest.mark.parametrize(("lo", "hi"), [*BOUNDS, (1970, None), (None, 1970), (1985, 1994)])
def test_english_periods_mean_exactly_their_bounds(lo: int | None, hi: int | None) -> None:
    for seed in range(60):
        phrase = english.period(lo, hi, Random(seed))
        readings = [
            reader(*map(int, found.groups()))
            for pattern, reader in PERIODS
            if (found := re.fullmatch(pattern, phrase))
        ]
        assert readings == [(lo, hi)], phrase


@pytest.mark.parametrize(("lo", "hi"), [*BOUNDS, (1970, None), (None, 1970)])
def test_chinese_periods_mean_exactly_their_bounds(lo: int | None, hi: int | None) -> None:
    for seed in range(60):
        phrase = chinese.period(lo, hi, Random(seed))
        if decade := re.fullmatch(r"(\d+)世纪(\d0)年代", phrase):
            first = (int(decade[1]) - 1) * 100 + int(decade[2])
            assert (lo, hi) == (first, first + 9)
            continue
        years = [int(year) for year in re.findall(r"\d{4}", phrase)]
        if "之后、" in phrase:
            assert (years[0] + 1, years[1] - 1) == (lo, hi), phrase
        elif re.fullmatch(r"\d+年之后", phrase):
            assert (years[0] + 1, None) == (lo, hi), phrase
        elif re.fullmatch(r"\d+年之前", phrase):
            assert (None, years[0] - 1) == (lo, hi), phrase
        elif "或之" in phrase or "及以" in phrase:
            assert years == [lo if "后" in phrase else hi], phrase
        else:
            assert (years[0], years[-1]) == (lo, hi), phrase


@pytest.mark.parametrize(
    ("lo", "hi", "phrase"),
    [
        (0, 0, "in the same year as"),
        (-2, -2, "two years before"),
        (1, 1, "one year after"),
        (2, 4, "two to four years after"),
        (-4, -3, "three or four years before"),
        (-2, 2, "no more than two years before or after"),
        (3, None, "at least three years after"),
        (None, -3, "at least three years before"),
        (0, None, "in a year no earlier than that of"),
        (None, 0, "in a year no later than that of"),
        (-1, None, "no more than one year before"),
    ],
)
def test_english_gaps_in_years_keep_their_direction(
    lo: int | None, hi: int | None, phrase: str
) -> None:
    assert english.years_gap(lo, hi, Random(0)) == phrase


@pytest.mark.parametrize(
    ("lo", "hi", "phrase"),
    [
        (0, 0, "exactly equal to"),
        (10, 10, "exactly 10 minutes longer than"),
        (-10, -10, "exactly 10 minutes shorter than"),
        (1, None, "longer than"),
        (None, -1, "shorter than"),
        (10, None, "at least 10 minutes longer than"),
        (None, -10, "at least 10 minutes shorter than"),
        (0, None, "no shorter than"),
        (-5, 5, "within 5 minutes of"),
        (5, 9, "5 to 9 minutes longer than"),
        (-9, -5, "5 to 9 minutes shorter than"),
        (-1, None, "no more than 1 minute shorter than"),
    ],
)
def test_english_margins_keep_their_direction(lo: int | None, hi: int | None, phrase: str) -> None:
    assert english.margin(lo, hi, "minutes", "longer", "shorter", whole=True) == phrase


@pytest.mark.parametrize(
    ("lo", "hi", "phrase"),
    [
        (0, 0, "片长与甲相同"),
        (10, 10, "片长比甲长10分钟"),
        (-10, -10, "片长比甲短10分钟"),
        (1, None, "片长比甲长"),
        (None, -1, "片长比甲短"),
        (None, -10, "片长比甲至少短10分钟"),
        (0, None, "片长不短于甲"),
        (None, 0, "片长不长于甲"),
        (-5, 5, "片长与甲相差不超过5分钟"),
        (-9, -5, "片长比甲短5到9分钟"),
    ],
)
def test_chinese_margins_keep_their_direction(lo: int | None, hi: int | None, phrase: str) -> None:
    assert chinese.margin(lo, hi, "分钟", "片长", "甲", "长", "短", whole=True) == phrase


@pytest.mark.parametrize(
    ("lo", "hi", "phrase"),
    [(2, 2, "两部"), (3, 5, "三到五部"), (8, 11, "8到11部"), (2, 3, "两部或三部"), (0, 4, "四部")],
)
def test_chinese_counts_write_both_ends_alike(lo: int, hi: int, phrase: str) -> None:
    assert chinese.counted(lo, hi, "部", Random(0)).endswith(phrase)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("hour", "an hour"),
        ("unit", "a unit"),
        ("European country", "a European country"),
        ("80-minute film", "an 80-minute film"),
        ("18th entry", "an 18th entry"),
        ("11-minute film", "an 11-minute film"),
        ("110-minute film", "a 110-minute film"),
        ("1,100 m peak", "a 1,100 m peak"),
        ("R-rated film", "an R-rated film"),
        ("PG-rated film", "a PG-rated film"),
        ("one-hour film", "a one-hour film"),
        ("Ukrainian film", "a Ukrainian film"),
        ("understudy", "an understudy"),
    ],
)
def test_the_indefinite_article_follows_the_sound(phrase: str, expected: str) -> None:
    assert grammar.article(phrase) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Netherlands", "the Netherlands"),
        ("United States", "the United States"),
        ("Dominican Republic", "the Dominican Republic"),
        ("Solomon Islands", "the Solomon Islands"),
        ("Democratic Republic of the Congo", "the Democratic Republic of the Congo"),
        ("The Bahamas", "the Bahamas"),
        ("Isle of Man", "the Isle of Man"),
        ("France", "France"),
        ("Ireland", "Ireland"),
    ],
)
def test_countries_take_their_article(name: str, expected: str) -> None:
    assert grammar.country(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("book.first_published", "first published"),
        ("book.firstPublished", "first published"),
        ("book.ISBN_number", "ISBN number"),
        ("article.founded-by", "founded by"),
    ],
)
def test_user_relations_are_read_as_words(name: str, expected: str) -> None:
    assert spoken(name) == expected


@pytest.mark.parametrize("source", [films, factbook, elements, foldoc, debian])
def test_every_relation_of_a_source_has_words_of_its_own_in_both_languages(source: object) -> None:
    relations: tuple[Relation, ...] = source.RELATIONS  # type: ignore[attr-defined]
    for relation in relations:
        for words in (english_words, chinese_words):
            if relation.value is ValueKind.ENTITY:
                assert (relation.name, False) in words.EDGES, relation
                assert (relation.name, True) in words.EDGES, relation
            else:
                assert relation.name in words.ATTRIBUTES, relation
                if relation.functional and relation.value is not ValueKind.CATEGORY:
                    asks = words.ATTRIBUTES[relation.name].asks
                    assert asks or words is chinese_words, relation


@LANGUAGES
def test_the_prompt_carries_the_question_and_the_form_of_the_answer(language: Language) -> None:
    system, user = prompt("Which film is it?", language)
    assert (system.role, user.role) == (Role.SYSTEM, Role.USER)
    assert user.content == "Which film is it?"
    assert '{"answer": ..., "evidence": [' in system.content
    assert all(f"`{tool}`" in system.content for tool in ("search", "open", "find"))
