from pathlib import Path

import pytest

from data.errors import SourceError
from data.sources import debian
from tests.sources.properties import check

INDEX = """Package: gravel
Version: 1
Installed-Size: 2850
Maintainer: "Gravel Team" <team@example.org>
Depends: libgravel1 (>= 1.0), stones:any | pebbles, libgravel1 (<< 2)
Recommends: gravel-doc
Description: sorts gravel
Description-md5: 0123
Homepage: https://gravel.example.org/x
Tag: role::program, use::sorting,
 works-with::stones
Section: games

Package: libgravel1
Source: gravel (1-2)
Maintainer: Gravel Team <team@example.org>
Description: library
Section: libs

Package: gravel-doc
Maintainer: Ann Other <ann@example.org>
Description: manual
Section: doc


Package: gravel
Description-md5: 0123
Description-en: sorts gravel
 Sorts gravel by size,
 and by colour.
 .
 Slowly.
"""


def test_a_stanza_becomes_a_page_and_facts(tmp_path: Path) -> None:
    (tmp_path / "available").write_text(INDEX)
    data = debian.load(tmp_path / "available")
    check(data)
    names = {entity.id: entity.name for entity in data.entities}
    found = {
        (fact.relation, names.get(str(fact.object), fact.object))
        for fact in data.facts
        if names[fact.subject] == "gravel"
    }
    assert found == {
        ("package.depends", "libgravel1"),
        ("package.recommends", "gravel-doc"),
        ("package.maintainer", "Gravel Team"),
        ("package.section", "games"),
        ("package.source", "gravel"),
        ("package.installed_size", 2850),
        ("package.homepage_host", "gravel.example.org"),
        ("package.tag", "role::program"),
        ("package.tag", "use::sorting"),
        ("package.tag", "works-with::stones"),
    }
    assert data.documents[0].text == (
        "gravel is a Debian package in the section games: sorts gravel.\n\n"
        "Sorts gravel by size, and by colour.\n\nSlowly.\n\n"
        "It depends on libgravel1 and stones or pebbles. It recommends gravel-doc.\n\n"
        "It is maintained by Gravel Team and built from the source package gravel."
        " Installed, it takes 2,850 KiB. Its home page is on gravel.example.org."
        " Tags: role::program, use::sorting, works-with::stones."
    )


def test_mail_addresses_stay_out(tmp_path: Path) -> None:
    (tmp_path / "available").write_text(INDEX)
    data = debian.load(tmp_path / "available")
    assert not any("@" in document.text for document in data.documents)


def test_an_empty_index_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "available").write_text("")
    with pytest.raises(SourceError, match="run apt-get update"):
        debian.load(tmp_path / "available")


@pytest.mark.slow
def test_the_real_index_states_its_facts() -> None:
    try:
        data = debian.load()
    except SourceError as error:
        pytest.skip(str(error))
    check(data)
    assert len(data.documents) > 1000
