import re
from pathlib import Path

import pytest

from data.errors import SourceError
from data.sources import elements as module
from data.sources.base import SourceData
from tests.sources.properties import check


def test_all_pages_state_their_facts(elements: SourceData) -> None:
    check(elements)


def test_each_of_the_118_elements_has_its_own_chinese_name(elements: SourceData) -> None:
    names = [entity for entity in elements.entities if entity.type == "element"]
    assert len(names) == 118
    chinese = [entity.aliases[-1] for entity in names]
    assert len(set(chinese)) == 118
    assert all(re.fullmatch(r"[\u4e00-\u9fff\U00020000-\U0002ffff]", name) for name in chinese)
    by_name = {entity.name: entity.aliases for entity in names}
    assert by_name["Hydrogen"] == ("氢",)
    assert by_name["Aluminum"] == ("Aluminium", "铝")
    assert by_name["Gold"] == ("金",)
    assert by_name["Oganesson"] == ("鿫",)


def test_iron_is_iron(elements: SourceData) -> None:
    one = next(entity.id for entity in elements.entities if entity.name == "Iron")
    facts = {
        f.relation.removeprefix("element."): f.object for f in elements.facts if f.subject == one
    }
    assert facts == {
        "symbol": "Fe",
        "atomic_number": 26,
        "period": 4,
        "group": 8,
        "block": "d",
        "series": "transition metal",
        "lattice": "body-centred cubic",
        "melting_point": 1811.15,
        "boiling_point": 3134.15,
        "density": 7.87,
        "atomic_weight": 55.845,
        "electronegativity": 1.83,
    }


def test_a_page_gives_one_year_of_discovery(elements: SourceData) -> None:
    years = {f.subject: f.object for f in elements.facts if f.relation == "element.discovery_year"}
    for document in elements.documents:
        before = document.text.split("The atomic weight")[0]
        found = set(re.findall(r"\b(1[5-9]\d\d|20\d\d)\b(?! BC)", before))
        assert found <= {str(years.get(document.id))}, document


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="source elements: cannot read"):
        module.load(tmp_path / "elements.db")
