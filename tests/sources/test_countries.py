import pytest

from data.sources.countries import countries, country, with_article


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("People's Republic of China", "China"),
        ("Republic of China", "Taiwan"),
        ("England", "United Kingdom"),
        ("Scotland", "United Kingdom"),
        ("Great Britain", "United Kingdom"),
        ("USA", "United States"),
        ("the United States of America", "United States"),
        ("USSR", "Soviet Union"),
        ("West Germany", "West Germany"),
        ("Hong Kong", "Hong Kong"),
        ("Burma", "Myanmar"),
        ("Turkey (Turkiye)", "Turkey"),
        ("Korea, South", "South Korea"),
        ("Cote d'Ivoire", "Ivory Coast"),
        ("Trinidad & Tobago", "Trinidad and Tobago"),
        ("St. Kitts & Nevis", "Saint Kitts and Nevis"),
        ("The Bahamas", "Bahamas"),
        ("Congo, Republic of the", "Republic of the Congo"),
        ("DRC", "Democratic Republic of the Congo"),
    ],
)
def test_every_source_s_spelling_finds_one_country(said: str, name: str) -> None:
    found = country(said)
    assert found is not None
    assert found.name == name


def test_what_is_no_country_is_not_found() -> None:
    assert country("French Guiana") is None
    assert country("Atlantis") is None


def test_a_part_is_no_name_of_the_whole() -> None:
    uk = country("England")
    assert uk is not None
    assert "Great Britain" in uk.entity.aliases
    assert not {"England", "Scotland", "Wales"} & set(uk.entity.aliases)


def test_ids_are_unique_and_every_page_has_one_country() -> None:
    rows = countries()
    assert len({row.entity.id for row in rows}) == len(rows)
    assert sum(bool(row.page) for row in rows) == 253


def test_chinese_names_come_along() -> None:
    france = country("France")
    assert france is not None
    assert "法国" in france.entity.aliases


def test_articles_stand_where_english_wants_them() -> None:
    said = {row.name for row in countries() if with_article(row.name).startswith("the ")}
    assert {"Netherlands", "United States", "Philippines", "Czech Republic"} <= said
    assert not {"France", "Ivory Coast", "Myanmar", "South Korea", "Northern Ireland"} & said
