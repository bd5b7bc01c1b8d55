import base64
import gzip
from pathlib import Path

import pytest

from data.errors import SourceError
from data.sources import foldoc
from tests.sources.properties import check

BODY = """Gravel stack
GST

   <programming, humour> A {stack} kept in {gravel sorting
   (sorting)}, see {the page (http://example.org/)}.

   (2001-01-01)

sorting

   1. <algorithm> Putting in order.

   2. <operating system> What a {GST} does.

stack

   Things {stack}ed.

"""


def digits(value: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = alphabet[value % 64]
    while value := value // 64:
        text = alphabet[value % 64] + text
    return text


def write(path: Path) -> Path:
    starts = {head: BODY.index(head) for head in ("Gravel stack\n", "sorting\n\n", "stack\n\n")}
    places = [*starts.values(), len(BODY)]
    lines = [
        f"{head.strip().lower()}\t{digits(start)}\t{digits(end - start)}"
        for head, start, end in zip(starts, places, places[1:], strict=False)
    ]
    (path / "x.index").write_text("\n".join(lines) + "\n")
    (path / "x.dict.dz").write_bytes(gzip.compress(BODY.encode()))
    return path / "x.index"


def test_entries_become_terms_with_links_and_fields(tmp_path: Path) -> None:
    data = foldoc.load(write(tmp_path))
    check(data)
    names = {entity.id: entity.name for entity in data.entities}
    assert {entity.name: entity.aliases for entity in data.entities} == {
        "Gravel stack": ("GST",),
        "sorting": (),
        "stack": (),
    }
    found = [(names[f.subject], names.get(str(f.object), f.object)) for f in data.facts]
    assert found == [
        ("Gravel stack", "stack"),
        ("Gravel stack", "sorting"),
        ("Gravel stack", "programming"),
        ("Gravel stack", "humour"),
        ("sorting", "Gravel stack"),
        ("sorting", "algorithm"),
        ("sorting", "operating system"),
    ]
    assert data.documents[0].text == (
        "<programming, humour> A stack kept in gravel sorting, see the page.\n\n(2001-01-01)"
    )


def test_index_numbers_are_base_64() -> None:
    assert foldoc._number(digits(123_456)) == 123_456
    assert digits(0) == base64.b64encode(b"\0")[:1].decode()


def test_a_broken_dictionary_is_one_clear_line(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "x.dict.dz").write_bytes(b"no archive")
    with pytest.raises(SourceError, match="apt-get install --reinstall dict-foldoc"):
        foldoc.load(path)


def test_a_broken_index_names_the_line(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + "word without numbers\n")
    with pytest.raises(SourceError, match="index line 4 is malformed"):
        foldoc.load(path)


def test_the_real_dictionary_states_its_facts() -> None:
    try:
        foldoc.locate()
    except SourceError as error:
        pytest.skip(str(error))
    data = foldoc.load()
    check(data)
    assert len(data.documents) > 12_000
    assert sum(fact.relation == "term.link" for fact in data.facts) > 40_000
