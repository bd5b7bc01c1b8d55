import json
from pathlib import Path
from typing import Any

import pytest

from data.errors import SourceError
from data.sources import jsonl
from data.sources.base import SourceData, ValueKind
from tests.sources.properties import check

GOOD = {"id": "good", "title": "Good", "text": "A good page of 1,250 words from 1815 about Bad."}


def page(one: int | str, text: str = "Some text.", **more: Any) -> dict[str, Any]:
    return {"id": str(one), "title": f"Page {one}", "text": text, **more}


def fact(relation: str, **more: Any) -> dict[str, Any]:
    return {"relation": relation, **more}


def write(path: Path, lines: list[Any]) -> Path:
    file = path / "notes.jsonl"
    raw = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    file.write_bytes(b"\n".join(raw) + b"\n")
    return file


def load(path: Path, lines: list[Any]) -> SourceData:
    return jsonl.load(write(path, lines))


def padded(lines: list[Any]) -> list[Any]:
    """The lines among enough good ones that up to three bad ones are tolerated."""
    return [*lines, *(page(f"filler{i}") for i in range(60))]


MALFORMED = {
    "not-json": (b"{bad", "Invalid JSON"),
    "not-an-object": (b"[1, 2]", "should be an object"),
    "no-title": ({"id": "x", "text": "y"}, "title: Field required"),
    "empty-text": ({"id": "x", "title": "y", "text": " "}, "text: "),
    "unknown-field": ({**GOOD, "id": "x", "tags": []}, "tags: Extra inputs"),
    "wrong-type": ({**GOOD, "id": 7}, "id: Input should be a valid string"),
    "not-utf-8": (b'{"id": "x", "title": "\xff", "text": "y"}', "not UTF-8 at byte 22"),
    "lone-surrogate": (b'{"id": "x", "title": "\\ud800", "text": "y"}', "Invalid JSON"),
    "duplicate-id": (GOOD, "id 'good' is that of line 1 too"),
    "value-not-in-text": (page(1, facts=[fact("year", value=1999)]), "1999 is not in the text"),
    "stated-not-in-text": (
        page(1, "It is 5.", facts=[fact("size", value=5, stated="five")]),
        "'five' is not in the text",
    ),
    "not-a-number": (
        b'{"id":"x","title":"t","text":"y","facts":[{"relation":"a","value":NaN}]}',
        "",
    ),
    "boolean": (page(1, "True", facts=[fact("a", value=True)]), "facts.0.value"),
    "value-and-to": (page(1, facts=[fact("a", value=1, to="good")]), "either value or to"),
    "neither": (page(1, facts=[fact("a")]), "either value or to"),
    "relation-name": (page(1, facts=[fact("Big Name", value="Some")]), "facts.0.relation"),
    "unknown-target": (page(1, facts=[fact("a", to="nobody")]), "no document 'nobody'"),
    "target-not-named": (page(1, facts=[fact("a", to="good")]), "'Good' is not in the text"),
}


@pytest.mark.parametrize(("line", "reason"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_line_is_skipped_with_place_and_reason(
    tmp_path: Path, line: Any, reason: str
) -> None:
    data = load(tmp_path, padded([GOOD, line]))
    assert [skipped.place for skipped in data.skipped] == ["notes.jsonl:2"]
    assert reason in data.skipped[0].reason
    assert len(data.documents) == 61


def test_a_line_over_the_limit_is_skipped_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 2**20)
    data = load(tmp_path, padded([page(1, "x" * 5 * 2**20), GOOD]))
    assert [tuple(skipped) for skipped in data.skipped] == [("notes.jsonl:1", "longer than 1 MiB")]
    assert data.documents[0].id == "good"


def test_kinds_follow_from_all_facts(tmp_path: Path) -> None:
    lines = [
        page(
            i,
            f"Written in {1900 + i} by Page {(i + 1) % 20}, {1000 + i:,} km long, red, name N{i}.",
            type="book",
            facts=[
                fact("year", value=1900 + i),
                fact("length", value=1000 + i, unit="km"),
                fact("colour", value="red"),
                fact("label", value=f"N{i}"),
                fact("author", to=str((i + 1) % 20)),
                fact("count", value=1900 + i),
            ],
        )
        for i in range(20)
    ]
    data = load(tmp_path, lines)
    check(data)
    kinds = {relation.name: relation.value for relation in data.relations}
    assert kinds == {
        "book.year": ValueKind.YEAR,
        "book.length": ValueKind.NUMBER,
        "book.colour": ValueKind.CATEGORY,
        "book.label": ValueKind.NAME,
        "book.author": ValueKind.ENTITY,
        "book.count": ValueKind.NUMBER,
    }
    stated = {f.relation: f.stated for f in data.facts if f.subject == "3"}
    assert stated["book.length"] == "1,003 km"
    assert stated["book.author"] == "Page 4"
    assert all(relation.functional for relation in data.relations)


def test_a_relation_is_functional_only_while_no_subject_repeats_it(tmp_path: Path) -> None:
    twice = page(1, "red and blue", facts=[fact("a", value="red"), fact("a", value="blue")])
    assert not load(tmp_path, [twice]).relations[0].functional


def test_lines_that_disagree_with_the_kind_of_most_are_reported(tmp_path: Path) -> None:
    numbers = [page(i, f"It is {i} m.", facts=[fact("a", value=i, unit="m")]) for i in range(40)]
    odd = page("odd", "It is big.", facts=[fact("a", value="big")])
    data = load(tmp_path, [*numbers, odd])
    assert data.skipped[0].place == "notes.jsonl:41"
    assert "'article.a' is text here and a number in 'm' in most lines" in data.skipped[0].reason
    assert data.relations[0].value is ValueKind.NUMBER


def test_a_link_to_a_skipped_line_is_no_link(tmp_path: Path) -> None:
    lines = [
        page("a", "See Page b.", facts=[fact("see", to="b")]),
        page("b", "See Page c.", facts=[fact("see", to="c")]),
        page("c", "", facts=[]),
    ]
    data = load(tmp_path, padded(lines))
    assert [line.place for line in data.skipped] == [f"notes.jsonl:{n}" for n in (1, 2, 3)]


def test_too_many_bad_lines_are_an_error_with_examples(tmp_path: Path) -> None:
    lines = [*(page(i) for i in range(90)), *[b"{bad"] * 10]
    with pytest.raises(
        SourceError, match=r"10 of 100 lines .* \(at most 5%.*jsonl:91: .*jsonl:93:"
    ):
        load(tmp_path, lines)


@pytest.mark.parametrize("content", [b"", b"\n\n  \n"], ids=["empty", "blank"])
def test_a_file_without_documents_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(SourceError, match="holds no documents"):
        jsonl.load(tmp_path / "x.jsonl")


def test_a_missing_file_and_a_folder_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        jsonl.load(tmp_path / "none.jsonl")
    with pytest.raises(SourceError, match="Is a directory"):
        jsonl.load(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n"
    (tmp_path / "x.jsonl").write_bytes(raw)
    assert jsonl.load(tmp_path / "x.jsonl").documents[0].title == "Good"
