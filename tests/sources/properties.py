"""What holds for the data of every source; each function raises AssertionError with an example."""

from collections import Counter

from data.sources.base import SourceData, ValueKind


def check(data: SourceData) -> None:
    facts_are_stated(data)
    mutual_facts_are_stated_twice(data)
    relations_are_kept(data)
    documents_and_entities_agree(data)


def facts_are_stated(data: SourceData) -> None:
    texts = {document.id: document.text for document in data.documents}
    bad = [f for f in data.facts if not f.stated or f.stated not in texts[f.subject]]
    assert not bad, bad[:3]


def mutual_facts_are_stated_twice(data: SourceData) -> None:
    texts = {document.id: document.text for document in data.documents}
    names = {entity.id: entity.name for entity in data.entities}
    mutual = {relation.name for relation in data.relations if relation.mutual}
    bad = [
        fact
        for fact in data.facts
        if fact.relation in mutual and names[fact.subject] not in texts[str(fact.object)]
    ]
    assert not bad, bad[:3]


def relations_are_kept(data: SourceData) -> None:
    relations = {relation.name: relation for relation in data.relations}
    types = {entity.id: entity.type for entity in data.entities}
    once = Counter(
        (fact.relation, fact.subject) for fact in data.facts if relations[fact.relation].functional
    )
    assert not [pair for pair, times in once.items() if times > 1]
    assert max(Counter((f.relation, f.subject, f.object) for f in data.facts).values()) == 1
    for fact in data.facts:
        relation = relations[fact.relation]
        assert types[fact.subject] == relation.subject, fact
        if relation.value is ValueKind.ENTITY:
            assert types[str(fact.object)] == relation.object, fact
        elif relation.value in (ValueKind.NUMBER, ValueKind.YEAR):
            assert isinstance(fact.object, int | float), fact
        else:
            assert isinstance(fact.object, str), fact


def documents_and_entities_agree(data: SourceData) -> None:
    documents = [document.id for document in data.documents]
    entities = [entity.id for entity in data.entities]
    assert len(set(documents)) == len(documents)
    assert len(set(entities)) == len(entities)
    assert {entity.id for entity in data.entities if entity.has_page} == set(documents)
