import bz2
import gzip
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from data.errors import SourceError
from data.sources import mediawiki
from data.sources.base import SourceData, ValueKind
from tests.sources.properties import check

PAGES = {
    "Ardel": """{{Infobox river
| name = Ardel
| length = 1,250 km
| year = 1802
| mouth = [[Lake Morn]]
| region = [[Norland|the north]]
| image = ardel.jpg
}}
The '''Ardel''' is a river of [[Norland]].<ref>A book.</ref> It enters [[lake Morn#Shores|the lake]]
near [[Brisk (town)|Brisk]].<!-- check -->

== Course ==
It rises in the {{lang|xx|Hoch}} hills ( {{citation needed}} ) and runs {{convert|40|km|mi}} south.

=== Empty ===
{| class="wikitable"
| a || b
|}

[[File:Ardel.jpg|thumb|A view of [[Norland]]]]
[[Category:Rivers of Norland]]
[[Category:Rivers|Ardel]]
[[de:Ardel]]""",
    "Lake Morn": """{{Infobox lake
| name = Lake Morn
| length = 31.5 km
| year = 1750
| mouth = underground
}}
'''Lake Morn''' takes the [[Ardel]] and the [[Little Ardel]]. [[Category:Rivers]]""",
    "Norland": "'''Norland''' is a land of [[Ardel]], [[Lake Morn]] and [[Nowhere]]. [[Category:Lands]]",
    "Brisk (town)": "{{Infobox town\n| year = 1410\n| people = 3,200\n}}\nBrisk lies in [[Norland]].",
    "Empty page": "{{stub}}",
    "Self": "[[Self]] is about [[self|itself]] and [[Brisk (town)]].",
    "Broken": "An [[unclosed link, a {{template and a <b>tag in [[Norland]].",
}
REDIRECTS = {"Little Ardel": "Ardel", "Morn": "Lake Morn"}


def dump(pages: dict[str, str], redirects: dict[str, str], head: str = "") -> bytes:
    parts = [f'{head}<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"><siteinfo/>']
    for title, text in pages.items():
        parts.append(
            f"<page><title>{escape(title)}</title><ns>0</ns><revision>"
            f"<text>{escape(text)}</text></revision></page>"
        )
    for title, target in redirects.items():
        parts.append(
            f'<page><title>{title}</title><ns>0</ns><redirect title="{target}"/>'
            f"<revision><text>#REDIRECT [[{target}]]</text></revision></page>"
        )
    talk = "<page><title>Talk:Ardel</title><ns>1</ns><revision><text>Hm.</text></revision></page>"
    return ("".join(parts) + talk + "</mediawiki>").encode()


@pytest.fixture
def wiki(tmp_path: Path) -> SourceData:
    path = tmp_path / "wiki.xml"
    path.write_bytes(dump(PAGES, REDIRECTS))
    return mediawiki.load(path)


def objects(data: SourceData, relation: str) -> dict[str, list[object]]:
    names: dict[object, object] = {entity.id: entity.name for entity in data.entities}
    found: dict[str, list[object]] = {}
    for fact in data.facts:
        if fact.relation == f"article.{relation}":
            found.setdefault(str(names[fact.subject]), []).append(
                names.get(fact.object, fact.object)
            )
    return found


def test_all_pages_state_their_facts(wiki: SourceData) -> None:
    check(wiki)


def test_links_within_the_dump_are_facts(wiki: SourceData) -> None:
    assert objects(wiki, "link") == {
        "Ardel": ["Norland", "Lake Morn", "Brisk (town)"],
        "Lake Morn": ["Ardel"],
        "Norland": ["Ardel", "Lake Morn"],
        "Brisk (town)": ["Norland"],
        "Self": ["Brisk (town)"],
        "Broken": ["Norland"],
    }


def test_infoboxes_are_typed_facts(wiki: SourceData) -> None:
    relations = {relation.name: relation for relation in wiki.relations}
    assert relations["article.length"].value is ValueKind.NUMBER
    assert relations["article.length"].unit == "km"
    assert relations["article.year"].value is ValueKind.YEAR
    assert objects(wiki, "length") == {"Ardel": [1250], "Lake Morn": [31.5]}
    assert objects(wiki, "region") == {"Ardel": ["Norland"]}
    # A link on one page and text on another: text on both.
    assert objects(wiki, "mouth") == {"Ardel": ["Lake Morn"], "Lake Morn": ["underground"]}
    assert relations["article.mouth"].value is not ValueKind.ENTITY
    assert "article.image" not in relations


def test_categories_are_facts(wiki: SourceData) -> None:
    assert objects(wiki, "category")["Ardel"] == ["Rivers of Norland", "Rivers"]


def test_redirects_become_aliases(wiki: SourceData) -> None:
    aliases = {entity.name: entity.aliases for entity in wiki.entities}
    assert aliases["Ardel"] == ("Little Ardel",)
    assert aliases["Lake Morn"] == ("Morn",)
    assert "Talk:Ardel" not in aliases


def test_the_text_is_plain(wiki: SourceData) -> None:
    text = next(document.text for document in wiki.documents if document.title == "Ardel")
    assert "The Ardel is a river of Norland. It enters the lake near Brisk." in text
    assert "## Course\n\nIt rises in the Hoch hills and runs 40 km south." in text
    for scrap in (
        "[[",
        "]]",
        "{{",
        "'''",
        "<ref",
        "A book",
        "check",
        "wikitable",
        "thumb",
        "Empty",
    ):
        assert scrap not in text


def test_a_page_without_text_is_skipped_by_name(wiki: SourceData) -> None:
    assert [tuple(line) for line in wiki.skipped] == [("wiki.xml: Empty page", "no text")]


@pytest.mark.parametrize("suffix", [".bz2", ".gz"])
def test_compressed_dumps_give_the_same(tmp_path: Path, wiki: SourceData, suffix: str) -> None:
    path = tmp_path / f"wiki.xml{suffix}"
    plain = dump(PAGES, REDIRECTS)
    path.write_bytes(bz2.compress(plain) if suffix == ".bz2" else gzip.compress(plain))
    data = mediawiki.load(path)
    assert (data.documents, data.facts, data.entities) == (
        wiki.documents,
        wiki.facts,
        wiki.entities,
    )


BOMB = (
    """<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>"""
)
OUTSIDE = '<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE], ids=["bomb", "outside"])
def test_declared_entities_are_refused(tmp_path: Path, head: str) -> None:
    path = tmp_path / "wiki.xml"
    path.write_bytes(dump(PAGES, {}, head))
    with pytest.raises(SourceError, match="declares a document type or entities"):
        mediawiki.load(path)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (dump(PAGES, {})[:-300], "cut.xml"),
        (bz2.compress(dump(PAGES, {}))[:-30], "cut.xml.bz2"),
        (gzip.compress(dump(PAGES, {}))[:-30], "cut.xml.gz"),
        (b"no xml at all", "cut.xml"),
        (b"no archive", "cut.xml.gz"),
        (b"", "cut.xml"),
    ],
    ids=["xml", "bz2", "gz", "text", "false-gz", "empty"],
)
def test_a_broken_dump_is_one_clear_line(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match="source mediawiki: cannot read"):
        mediawiki.load(path)


def test_xml_that_is_no_dump_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<html><body/></html>")
    with pytest.raises(SourceError, match="holds no articles"):
        mediawiki.load(tmp_path / "x.xml")


def test_one_endless_page_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mediawiki, "MAX_PAGE_BYTES", 2**20)
    path = tmp_path / "wiki.xml.gz"
    path.write_bytes(gzip.compress(dump({"A": "word " * 500_000}, {})))
    with pytest.raises(SourceError, match="more than 1 MiB"):
        mediawiki.load(path)


def test_a_page_over_the_limit_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mediawiki, "MAX_PAGE_CHARS", 1000)
    path = tmp_path / "wiki.xml"
    path.write_bytes(dump({"A": "word " * 300, "B": "Fine."}, {}))
    data = mediawiki.load(path)
    assert [tuple(line) for line in data.skipped] == [
        ("wiki.xml: A", "longer than 1,000 characters")
    ]
    assert [document.title for document in data.documents] == ["B"]
