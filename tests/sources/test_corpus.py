import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import SourceError
from data.sources import corpus as module
from data.sources.base import Document, Entity, Fact, SourceData
from data.sources.corpus import DEFAULT_SOURCES, Corpus, known_sources, load_corpus, merge

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def corpus(films: SourceData, factbook: SourceData, elements: SourceData) -> Corpus:
    return merge([films, factbook, elements])


def test_a_country_of_all_sources_is_one_entity_with_a_page(corpus: Corpus) -> None:
    france = corpus.entities["country:france"]
    assert france.has_page
    relations = {f.relation for f in corpus.facts if f.object == "country:france"}
    assert {"film.country", "element.discovery_country", "country.border"} <= relations


def test_no_fact_of_the_default_sources_is_dropped(corpus: Corpus) -> None:
    assert corpus.dropped == 0
    assert not corpus.skipped
    assert len(corpus.documents) == 84_024


def test_the_order_of_sources_does_not_change_what_an_entity_is(
    films: SourceData, factbook: SourceData, corpus: Corpus
) -> None:
    other = merge([factbook, films])
    for one in other.entities:
        assert other.entities[one].has_page == corpus.entities[one].has_page


@pytest.mark.slow
def test_another_process_loads_the_same_bytes(corpus: Corpus) -> None:
    code = (
        "from data.sources.corpus import DEFAULT_SOURCES, load_corpus;"
        "print(load_corpus(DEFAULT_SOURCES).sha256)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == corpus.sha256


def test_the_hash_sees_one_changed_fact(elements: SourceData) -> None:
    fact = elements.facts[10]
    edited = (*elements.facts[:10], fact._replace(stated=fact.stated + "0"), *elements.facts[11:])
    one = merge([elements]).sha256
    assert one == merge([elements]).sha256
    assert one != merge([replace(elements, facts=edited)]).sha256


def test_the_hash_sees_one_changed_document(elements: SourceData) -> None:
    document = elements.documents[0]
    edited = (document._replace(text=document.text + " "), *elements.documents[1:])
    assert merge([elements]).sha256 != merge([replace(elements, documents=edited)]).sha256


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "no sources named"),
        (("film",), r"no source 'film'; did you mean 'films'\?; sources are films, factbook"),
        (("films:/x",), "no source 'films:/x'"),
        (("jsonl",), "needs a file: jsonl:PATH"),
        (("mediawiki:",), "needs a file: mediawiki:PATH"),
        (("elements", "elements"), "named twice"),
        (("zzz",), "no source 'zzz'; sources are"),
    ],
    ids=["none", "typo", "path", "no-path", "empty-path", "twice", "unknown"],
)
def test_a_wrong_name_is_answered_with_the_right_ones(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        load_corpus(names)


def test_a_relation_of_two_sources_is_refused(elements: SourceData) -> None:
    copied = replace(elements, relations=tuple(replace(r) for r in elements.relations))
    with pytest.raises(SourceError, match=r"relation 'element\.discovery_country' belongs"):
        merge([elements, copied])


def test_a_document_id_of_two_sources_is_refused(elements: SourceData) -> None:
    one = elements.documents[0].id
    other = replace(
        elements, relations=(), facts=(), entities=(), documents=(Document(one, "x", "y"),)
    )
    with pytest.raises(SourceError, match="occurs twice"):
        merge([elements, other])


def test_a_fact_about_an_unknown_entity_is_dropped_and_counted(elements: SourceData) -> None:
    lost = Fact("element.discovery_country", elements.entities[0].id, "country:nowhere", "Nowhere")
    corpus = merge([replace(elements, facts=(*elements.facts, lost))])
    assert corpus.dropped == 1
    assert lost not in corpus.facts


def test_an_id_of_two_types_is_refused(elements: SourceData) -> None:
    first = elements.entities[0]
    other = replace(
        elements,
        relations=(),
        facts=(),
        documents=(),
        entities=(Entity(first.id, "person", "x", has_page=False),),
    )
    with pytest.raises(SourceError, match="has the type 'element' in one source and 'person'"):
        merge([elements, other])


def test_every_source_is_described_whether_it_is_there_or_not() -> None:
    assert set(DEFAULT_SOURCES) < set(known_sources())
    assert not any("not available" in known_sources()[name] for name in DEFAULT_SOURCES)
    assert set(known_sources()) == {"films", "factbook", "elements", "foldoc", "debian"} | set(
        module._FROM_FILES
    )
