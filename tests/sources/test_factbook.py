from collections import Counter
from pathlib import Path

import pytest

from data.errors import SourceError
from data.sources import factbook as module
from data.sources import factbook_facts, factbook_pages
from data.sources.base import SourceData
from tests.sources.properties import check


def values(data: SourceData, relation: str) -> dict[str, object]:
    return {fact.subject: fact.object for fact in data.facts if fact.relation == relation}


def test_all_pages_state_their_facts_on_both_ends(factbook: SourceData) -> None:
    check(factbook)


def test_all_256_pages_are_there_and_only_countries_have_facts(factbook: SourceData) -> None:
    types = Counter(entity.type for entity in factbook.entities if entity.has_page)
    assert types == {"country": 253, "place": 3}
    assert not {fact.subject for fact in factbook.facts if fact.subject.startswith("place:")}


@pytest.mark.parametrize(
    ("relation", "country", "value"),
    [
        ("area", "france", 643_801),
        ("area", "chad", 1_284_000),
        ("area", "western-sahara", 266_000),
        ("coastline", "luxembourg", 0),
        ("coastline", "malta", 196.8),
        ("coastline", "honduras", 823),
        ("land_boundary", "germany", 3_694),
        ("population", "united-states", 338_016_259),
        ("population", "western-sahara", 652_271),
        ("highest_point", "france", "Mont Blanc"),
        ("highest_elevation", "france", 4_810),
        ("highest_point", "china", "Mount Everest"),
        ("highest_point", "pakistan", "K2"),
        ("highest_elevation", "pakistan", 8_611),
        ("median_age", "luxembourg", 40.1),
        ("life_expectancy", "luxembourg", 83.4),
        ("railways", "sudan", 7_251),
        ("airports", "malawi", 27),
        ("capital", "united-states", "Washington, D.C."),
        ("capital", "libya", "Tripoli"),
        ("capital", "moldova", "Chisinau"),
        ("region", "france", "Europe"),
        ("currency", "malawi", "Malawian kwachas"),
        ("internet_code", "saint-barthelemy", ".bl"),
        ("independence", "nigeria", 1960),
        ("independence", "niger", 1960),
        ("government_type", "luxembourg", "constitutional monarchy"),
    ],
)
def test_known_values(factbook: SourceData, relation: str, country: str, value: object) -> None:
    assert values(factbook, f"country.{relation}")[f"country:{country}"] == value


@pytest.mark.parametrize(
    ("relation", "country"),
    [
        ("area", "coral-sea-islands"),  # "3 sq km less than"
        ("coastline", "saint-martin"),  # "58.9 km (for entire island)"
        ("capital", "bolivia"),  # two
        ("capital", "south-africa"),  # three
        ("highest_point", "gambia"),  # "unnamed elevation"
        ("population", "bouvet-island"),  # "uninhabited"
        ("independence", "germany"),  # several dates
        ("internet_code", "france"),  # several codes
        ("currency", "tuvalu"),  # "Tuvaluan dollars or Australian dollars"
    ],
)
def test_doubtful_values_give_no_fact(factbook: SourceData, relation: str, country: str) -> None:
    assert f"country:{country}" not in values(factbook, f"country.{relation}")


def test_borders_are_symmetric_and_named_on_both_pages(factbook: SourceData) -> None:
    pairs = {(f.subject, f.object) for f in factbook.facts if f.relation == "country.border"}
    assert len(pairs) == 640
    assert all((other, one) in pairs for one, other in pairs)
    assert ("country:china", "country:myanmar") in pairs
    assert ("country:canada", "country:denmark") in pairs


def test_borders_that_one_page_leaves_out_are_reported() -> None:
    pages, _ = module._read(module.locate())
    facts = [
        fact
        for stem, page in pages.items()
        if (entity := module._entity(stem)).type == "country"
        for fact in factbook_facts.facts(entity.id, page)
    ]
    assert module.asymmetries(facts) == {
        ("country:akrotiri", "country:cyprus"),
        ("country:dhekelia", "country:cyprus"),
        ("country:western-sahara", "country:algeria"),
        ("country:western-sahara", "country:mauritania"),
        ("country:western-sahara", "country:morocco"),
    }


def test_no_html_is_left(factbook: SourceData) -> None:
    for document in factbook.documents:
        for scrap in ("<br", "<p>", "<strong", "</", "&nbsp", "&amp;", "&eacute", "\xa0"):
            assert scrap not in document.text, document.title


def test_pages_keep_their_words(factbook: SourceData) -> None:
    """No page lost text: the package's leaf texts have 760,412 words, repetitions included."""
    words = [len(document.text.split()) for document in factbook.documents]
    assert min(words) > 250
    assert sum(words) > 760_000


def test_lists_of_partners_use_our_names() -> None:
    raw: factbook_pages.Raw = {
        "Economy": {
            "Exports - partners": {
                "text": "USA 26%, Bahamas, The 13%, Congo, Republic of the 5%, St. Lucia &lt;1% (2023)"
            }
        }
    }
    page = factbook_pages.read(raw)
    assert factbook_pages.part(page, "Economy", "Exports - partners") == (
        "United States 26%, Bahamas 13%, Republic of the Congo 5%, St. Lucia <1% (2023)"
    )
    found = [fact.object for fact in factbook_facts.facts("country:x", page)]
    assert found == [
        "country:united-states",
        "country:bahamas",
        "country:republic-of-the-congo",
        "country:saint-lucia",
    ]


def test_a_folder_without_pages_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no \\*/\\*.json files"):
        module.load(tmp_path)


def test_a_malformed_page_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "fr.json").write_text("{")
    with pytest.raises(SourceError, match=r"fr\.json is malformed"):
        module.load(tmp_path)
