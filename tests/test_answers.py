"""Typed answers: every way to write the right one counts, nothing else does."""

from collections import defaultdict
from datetime import date, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter

from data.sources.corpus import load_corpus
from verifiers.answers import (
    AnswerSpec,
    DateAnswer,
    EntityAnswer,
    ListAnswer,
    MomentAnswer,
    NumberAnswer,
    TableAnswer,
    TextAnswer,
    YearAnswer,
    matches,
    normal_key,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@cache
def names() -> dict[str, list[str]]:
    """Names of all films, people and companies of the default corpus, by type."""
    found = defaultdict(list)
    for entity in load_corpus(("films",)).entities.values():
        found[entity.type].append(entity.name)
    return dict(found)


def entity(*written: str) -> EntityAnswer:
    return EntityAnswer(names=written)


# Names


@pytest.mark.parametrize(
    ("name", "given_name"),
    [
        ("Lina Wertmüller", "Wertmüller, Lina"),
        ("Lina Wertmüller", "Wertmüller Lina"),
        ("Lina Wertmüller", "LINA WERTMULLER"),
        ("Lina Wertmüller", "Wertmu\u0308ller Lina"),
        ("The Omen", "Omen"),
        ("Omen", "The Omen"),
        ("The Omen", "Omen, The"),
        ("An Education", "education"),
        ("Solaris", "Solaris (1972)"),
        ("Solaris", "《Solaris》（1972年）"),
        ("卧虎藏龙", "《卧虎藏龙》"),
        ("Amarcord", "“Ａｍａｒｃｏｒｄ”."),
        ("Fast & Furious", "Fast and Furious"),
        ("Ocean's Eleven", "Ocean’s  Eleven"),
        ("M*A*S*H", "MASH"),
        ("J. R. R. Tolkien", "J.R.R. Tolkien"),
        ("Jean-Luc Godard", "Godard, Jean Luc"),
        ("Łódź Øre", "lodz ore"),
        ("The The", "the the"),
        ("8½", "8 1/2"),
        ("A. A. Milne", "A A Milne"),
        ("$", "$"),
    ],
)
def test_a_name_counts_however_it_is_written(name: str, given_name: str) -> None:
    assert matches(entity(name), given_name)


@pytest.mark.parametrize(
    ("name", "given_name"),
    [
        ("Hamlet", "Hamlet 2"),
        ("Hamlet 2", "Hamlet"),
        ("Paris", "Paris, Texas"),
        ("Paris, Texas", "Paris"),
        ("Paris, Texas", "Texas"),
        ("Federico Fellini", "Fellini"),
        ("Amarcord", "Amarcord or Roma"),
        ("Amarcord", "Amarcord, Roma, City of Women"),
        ("Amarcord", "Either Amarcord"),
        ("Amarcord", "The film is Amarcord"),
        ("Amarcord", "not Amarcord"),
        ("Amarcord", "Amarcord" + " " * 400),
        ("Amarcord", ""),
        ("Amarcord", "(1973)"),
        ("Blade Runner", "Blade Runner (2049)"),
        ("The A", "The"),
        ("$", "!"),
        ("か", "が"),
        ("1, 2", "12"),
    ],
)
def test_part_of_a_name_or_more_than_it_is_another_name(name: str, given_name: str) -> None:
    assert not matches(entity(name), given_name)


def test_any_of_several_names_counts() -> None:
    spec = entity("Myanmar", "Burma", "缅甸")
    assert all(matches(spec, name) for name in spec.names)
    assert not matches(spec, "Myanmar Burma")


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=0))
def test_variants_of_a_real_name_count_and_other_real_names_do_not(one: int, two: int) -> None:
    everything = [name for kind in ("person", "film", "company") for name in names()[kind]]
    name, other = everything[one % len(everything)], everything[two % len(everything)]
    spec = entity(name)
    variants = {name, name.upper(), name.swapcase(), f" {name}. ", f"“{name}”", f"{name} (1999)"}
    if name.split()[0].casefold() not in ("the", "a", "an"):
        variants |= {f"The {name}", f"{name}, The"}
        *given_names, last = name.replace(",", "").split()
        if given_names and one % len(everything) < len(names()["person"]) and len(last) > 2:
            variants |= {" ".join([f"{last},", *given_names]), " ".join([last, *given_names])}
    assert [v for v in variants if not matches(spec, v)] == []
    assert bool(matches(spec, other)) == (normal_key(name) == normal_key(other))
    for text in (f"{name} or {other}", f"{name}, {other}", f"{name}; {other}"):
        assert not matches(spec, text)
    assert not matches(spec, [name])
    assert not matches(spec, [name, other])


def letters(name: str) -> list[str]:
    """An independent notion of the same name: its letters and digits, whatever their order."""
    bare = [word for word in name.casefold().split() if word.strip(",.") not in ("the", "a", "an")]
    return sorted(normal_key("".join(bare)).replace(" ", "").replace("and", ""))


def test_real_names_that_share_a_key_have_the_same_letters() -> None:
    """Their number is known: authors look names up by `normal_key` and avoid the ambiguous ones."""
    shared = {}
    for kind, written in names().items():
        groups = defaultdict(set)
        for name in written:
            groups[normal_key(name)].add(name)
        clashes = [group for group in groups.values() if len(group) > 1]
        for group in clashes:
            assert len({tuple(letters(name)) for name in group}) == 1, group
        shared[kind] = len(clashes)
    assert all(count < 0.01 * len(names()[kind]) for kind, count in shared.items()), shared


# Numbers, years, dates


@pytest.mark.parametrize(
    ("value", "unit", "given_value"),
    [
        (1250, "km", "1,250 km"),
        (1250, "km", 1250),
        (1250, "km", 1250.0),
        (1250, "km", "1250"),
        (1250, "km", "1 250 km"),
        (1250, "km", "1250000 metres"),
        (1250, "km", "776.7 miles"),
        (1250, "km", "1.25e3 km"),
        (1250, "km", "１２５０公里"),
        (652230, "sq km", "652,230 km²"),
        (652230, "sq km", "251,827 sq mi"),
        (300, "K", "26.85 °C"),
        (300, "K", "300 kelvin"),
        (90, "minutes", "1.5 h"),
        (90, "minutes", "90分钟"),
        (76, "%", "76 percent"),
        (19.3, "g/cm3", "19.3 g/cm³"),
        (30000, "", "3万"),
        (120_000_000, "", "1.2亿"),
        (12, "", "十二"),
        (12, "", "十二部"),
        (12, "", "Twelve"),
        (12, "", "12 films"),
        (2, "", "两个"),
        (105, "", "一百零五"),
        (35000, "", "三万五千"),
        (5, "", "5 years"),
        (5, "years", "5"),
        (0, "", 0),
        (-40, "m", "−40 m"),
    ],
)
def test_a_number_counts_however_it_is_written(
    value: float, unit: str, given_value: JsonValue
) -> None:
    assert matches(NumberAnswer(value=value, unit=unit), given_value)


@pytest.mark.parametrize(
    ("value", "unit", "given_value"),
    [
        (1250, "km", "1,250 kg"),
        (1250, "km", "1250 sq km"),
        (1250, "km", "1.25 thousand km"),
        (1250, "km", "about 1250 km"),
        (1250, "km", "1250 or 1300"),
        (1250, "km", "1250-1300"),
        (1250, "km", "1250, 1300"),
        (1250, "km", [1250]),
        (1250, "km", {"value": 1250}),
        (1250, "km", 1251),
        (12, "", "12 km"),
        (12, "", "1 2"),
        (12, "", "twelvefold"),
        (12, "", float("nan")),
        (12, "", 10**400),
        (12, "", "1" * 5000),
        (1, "", True),
        (0, "", False),
        (0, "", None),
        (0, "", ""),
        (0, "", "万"),
    ],
)
def test_another_number_or_more_than_a_number_does_not(
    value: float, unit: str, given_value: JsonValue
) -> None:
    assert not matches(NumberAnswer(value=value, unit=unit), given_value)


def test_tolerance_is_relative_and_symmetric() -> None:
    spec = NumberAnswer(value=200, tolerance=0.05)
    assert [bool(matches(spec, value)) for value in (189, 190, 210, 211)] == [0, 1, 1, 0]


@pytest.mark.parametrize("given_value", [1974, 1974.0, "1974", " 1974年", "１９７４"])
def test_a_year_counts_as_number_or_text(given_value: JsonValue) -> None:
    assert matches(YearAnswer(value=1974), given_value)


@pytest.mark.parametrize(
    "given_value", [1975, "1974 or 1975", "1970s", True, "in 1974", [1974], 1974.5]
)
def test_anything_else_is_no_year(given_value: JsonValue) -> None:
    assert not matches(YearAnswer(value=1974), given_value)


@pytest.mark.parametrize(
    ("given_value", "counts"),
    [
        ("1974-03-02", True), ("2 March 1974", True), ("March 2nd, 1974", True), ("2 Mar. 1974", True),
        ("1974年3月2日", True), ("1974", False), (1974, False), ("1974-02-30", False),
        ("1974-03-03", False), ("the 2nd of Smarch 1974", False),
    ],
)  # fmt: skip
def test_a_date_is_one_whole_day(given_value: JsonValue, counts: bool) -> None:
    spec = TypeAdapter[AnswerSpec](AnswerSpec).validate_python(
        {"type": "date", "value": "1974-03-02"}
    )
    assert isinstance(spec, DateAnswer)
    assert bool(matches(spec, given_value)) is counts


# Lists


PAIR = ListAnswer(items=(entity("Amarcord"), entity("Roma")))


def test_a_list_counts_in_any_order_unless_order_is_asked_for() -> None:
    ordered = PAIR.model_copy(update={"ordered": True})
    assert matches(PAIR, ["Roma", "Amarcord"])
    assert not matches(ordered, ["Roma", "Amarcord"])
    assert matches(ordered, ["amarcord", "Roma"])


@pytest.mark.parametrize(
    "given_list",
    [["Roma"], ["Roma", "Roma"], ["Roma", "Amarcord", "Casanova"], "Roma, Amarcord", [["Roma", "Amarcord"]],
     {"Roma": "Amarcord"}, ["Roma", "Amarcord", "Roma"], []],
)  # fmt: skip
def test_a_list_has_each_item_once_and_no_other(given_list: JsonValue) -> None:
    assert not matches(PAIR, given_list)


def test_items_pair_off_even_where_tolerances_overlap() -> None:
    wide, narrow = NumberAnswer(value=100, tolerance=0.2), NumberAnswer(value=100)
    assert matches(ListAnswer(items=(wide, narrow)), [100, 110])
    assert matches(ListAnswer(items=(narrow, wide)), [110, 100])
    assert not matches(ListAnswer(items=(narrow, wide)), [110, 110])


@given(JSON)
def test_any_json_value_is_judged_without_an_exception(value: JsonValue) -> None:
    specs: tuple[AnswerSpec, ...] = (
        entity("x"), YearAnswer(value=1), NumberAnswer(value=2, unit="km"), PAIR,
        DateAnswer.model_validate({"value": "1974-03-02"}),
    )  # fmt: skip
    for spec in specs:
        assert matches(spec, value).reason


def test_a_reason_never_repeats_the_answer() -> None:
    wrong: tuple[JsonValue, ...] = ("Casanova", ["x"], None, "x" * 999, 12)
    for given_value in wrong:
        assert "Amarcord" not in matches(entity("Amarcord"), given_value).reason
        assert not any(map(str.isdigit, matches(YearAnswer(value=1974), given_value).reason))
        assert not any(map(str.isdigit, matches(NumberAnswer(value=7), given_value).reason))


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("Mixed Breed, M", True),
        ("  mixed  breed, m ", True),
        ("M, Mixed Breed", False),
        ("Mixed Breed", False),
        (["Mixed Breed, M"], False),
    ],
)
def test_texts_are_judged_as_they_stand_but_for_case_and_spaces(written: Any, right: bool) -> None:
    assert matches(TextAnswer(value="Mixed Breed, M"), written).matched is right


def test_a_code_in_digits_may_be_given_as_a_number() -> None:
    assert matches(TextAnswer(value="75119"), 75119)
    assert not matches(TextAnswer(value="1"), True)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("2024-03-01 09:05:00", True),
        ("2024-03-01T09:05", True),
        ("2024-03-01 09:06:00", False),
        ("2024-03-01", False),
    ],
)
def test_moments_are_compared_to_the_second(written: str, right: bool) -> None:
    assert matches(MomentAnswer(value=datetime(2024, 3, 1, 9, 5)), written).matched is right


def test_a_day_may_come_with_midnight() -> None:
    assert matches(DateAnswer(value=date(2024, 3, 1)), "2024-03-01T00:00:00")
    assert not matches(DateAnswer(value=date(2024, 3, 1)), "2024-03-01T10:00:00")


ROWS = TableAnswer(
    columns=("city", "mean"),
    rows=(
        (TextAnswer(value="Ulm"), NumberAnswer(value=2.5, tolerance=1e-4)),
        (TextAnswer(value="Bonn"), NumberAnswer(value=1.25, tolerance=1e-4)),
    ),
)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ([["Ulm", 2.5], ["Bonn", 1.25]], True),
        ([["ulm", "2.50001"], ["BONN", 1.25]], True),
        ([{"city": "Ulm", "mean": 2.5}, {"mean": 1.25, "city": "Bonn"}], True),
        ({"columns": ["a", "b"], "index": [0, 1], "rows": [["Ulm", 2.5], ["Bonn", 1.25]]}, True),
        ({"Ulm": 2.5, "Bonn": 1.25}, True),
        ([["Bonn", 1.25], ["Ulm", 2.5]], False),
        ([["Ulm", 2.5]], False),
        ([["Ulm", 2.5, 1], ["Bonn", 1.25, 1]], False),
        ([{"town": "Ulm", "mean": 2.5}, {"town": "Bonn", "mean": 1.25}], False),
        ("Ulm 2.5, Bonn 1.25", False),
    ],
)
def test_tables_are_judged_by_their_cells(written: Any, right: bool) -> None:
    assert matches(ROWS, written).matched is right


def test_the_rows_of_an_unordered_table_may_stand_anyhow() -> None:
    anyhow = ROWS.model_copy(update={"ordered": False})
    assert matches(anyhow, [["Bonn", 1.25], ["Ulm", 2.5]])
    assert not matches(anyhow, [["Bonn", 1.25], ["Bonn", 1.25]])
