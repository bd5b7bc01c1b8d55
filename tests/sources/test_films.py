import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from data.errors import SourceError
from data.sources import films as module
from data.sources.base import SourceData
from tests.sources.properties import check


def test_all_pages_state_their_facts_on_both_ends(films: SourceData) -> None:
    check(films)


def test_counts_are_those_of_the_tables(films: SourceData) -> None:
    types = Counter(entity.type for entity in films.entities if entity.has_page)
    # 63,819 and 2,375 strings less suffixes ("III", "Inc.") and words that are no names.
    assert types == {"film": 17_472, "person": 63_805, "company": 2_373}
    relations = Counter(fact.relation for fact in films.facts)
    assert relations["film.year"] == 17_472
    assert relations["film.cast"] > 194_000


def test_directors_and_years_equal_the_rows(films: SourceData) -> None:
    names = {entity.id: entity.name for entity in films.entities}
    stated = Counter(
        (names[f.subject], names[str(f.object)])
        for f in films.facts
        if f.relation == "film.director"
    )
    years = Counter((names[f.subject], f.object) for f in films.facts if f.relation == "film.year")
    database = sqlite3.connect(f"{module.locate().as_uri()}?mode=ro", uri=True)
    rows = database.execute("SELECT Title, Year, Director FROM omdb").fetchall()
    database.close()
    assert years == Counter((title, year) for title, year, _ in rows)
    single = [(title, name) for title, _, name in rows if name and "," not in name]
    assert len(single) > 15_000
    assert all(stated[pair] for pair in single)


@pytest.mark.parametrize("suffix", ["Jr.", "Sr.", "III", "Ltd.", "Inc.", "Inc", "Wind & Fire"])
def test_a_suffix_is_never_a_person_or_company(films: SourceData, suffix: str) -> None:
    assert suffix not in {entity.name for entity in films.entities}


def test_no_two_documents_share_a_title(films: SourceData) -> None:
    titles = Counter(document.title for document in films.documents)
    assert titles.most_common(1)[0][1] == 1


def test_films_of_one_title_keep_it_as_their_name(films: SourceData) -> None:
    names = Counter(entity.name for entity in films.entities if entity.type == "film")
    titles = {document.id: document.title for document in films.documents}
    hamlets = [entity.id for entity in films.entities if entity.name == "Hamlet"]
    assert names["Hamlet"] == len(hamlets) == 5
    assert all(re.fullmatch(r"Hamlet \(\d{4}.*\)", titles[one]) for one in hamlets)


def test_credits_stand_in_chronological_order(films: SourceData) -> None:
    people = [document for document in films.documents if document.id.startswith("p-")]
    for document in people:
        for paragraph in document.text.split("\n\n")[1:]:
            # Titles may hold years of their own, so only those before a separator count.
            years = re.findall(r"\((\d{4})\)(?=, | and |\.$)", paragraph)
            assert years == sorted(years), document


def test_pages_have_no_gaps_where_a_fact_is_missing(films: SourceData) -> None:
    gap = re.compile(
        r"  |\(\)|None%|None out|\b(?:by|in|and|of|is|includes) [.,;](?!\.)|: \.(?!\.)|, and\b, "
        r"|\ba (?:action|adventure|animation)\b|\b1 (?:minutes|films|Oscars|reviews)\b| $|^ "
    )
    bad = [d for d in films.documents if d.text[-1] not in ".!?)" or gap.search(d.text)]
    assert not bad, [document.text[:300] for document in bad[:3]]


def test_pages_of_one_kind_use_many_shapes(films: SourceData) -> None:
    """The skeleton of first sentences, names and numbers taken out, is not the same everywhere."""
    texts = [document.text for document in films.documents if document.id.startswith("f-")]
    shapes = Counter(
        re.sub(r"[A-Z0-9][\w'.-]*( [A-Z0-9][\w'.-]*)*", "X", text.split(". ")[0])[:20]
        for text in texts[:3000]
    )
    assert shapes.most_common(1)[0][1] < 1200


def test_a_broken_database_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "movies.db"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(SourceError, match=r"source films: cannot read .*movies\.db"):
        module.load(path)
