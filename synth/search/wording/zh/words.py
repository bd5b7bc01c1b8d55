"""Finds the Chinese words of a type, relation, name or value: a source's own, else generic ones."""

import re

from synth.search.query import Step
from synth.search.wording.names import Names
from synth.search.wording.zh import debian, elements, factbook, films, foldoc, generic, proper
from synth.search.wording.zh.lexicon import Attribute, Edge, Noun

SOURCES = (films.LEXICON, factbook.LEXICON, elements.LEXICON, foldoc.LEXICON, debian.LEXICON)
NOUNS = {key: value for lexicon in SOURCES for key, value in lexicon.nouns.items()}
EDGES = {key: value for lexicon in SOURCES for key, value in lexicon.edges.items()}
ATTRIBUTES = {key: value for lexicon in SOURCES for key, value in lexicon.attributes.items()}
UNITS = {
    "minutes": "分钟",
    "sq km": "平方公里",
    "km": "公里",
    "m": "米",
    "years": "岁",
    "g/cm3": "g/cm³",
    "pages": "页",
    "days": "天",
    "people": "人",
}
LANGUAGE_RELATIONS = ("film.language", "country.language")


class Words:
    def __init__(self, names: Names) -> None:
        self.names = names

    def noun(self, type_: str) -> Noun:
        return NOUNS.get(type_) or generic.noun(type_)

    def edge(self, step: Step) -> Edge:
        known = EDGES.get((step.relation, step.inverse))
        return known or generic.edge(self.names.relation(step.relation), step.inverse)

    def attribute(self, relation: str) -> Attribute:
        return ATTRIBUTES.get(relation) or generic.attribute(self.names.relation(relation))

    def unit(self, relation: str) -> str:
        own = self.names.relation(relation).unit
        return self.attribute(relation).unit or UNITS.get(own, own)

    def gap_unit(self, relation: str) -> str:
        return self.attribute(relation).gap_unit or self.unit(relation)

    def value(self, relation: str, value: str) -> str:
        """A category or name as it is written in Chinese text."""
        if relation in LANGUAGE_RELATIONS:
            return proper.language(value) or f" {value} "
        words = self.attribute(relation)
        return words.heads.get(value) or words.words.get(value) or value

    def name(self, entity: str) -> str:
        """An entity's name as it is written in Chinese text."""
        kind, name = self.names.type(entity), self.names.name(entity)
        if kind == "film":
            found = re.fullmatch(r"(.*?)((?: \((?:\d{4}|[^()]*film[^()]*)\))?)", name, re.S)
            assert found
            return f"《{found[1]}》{found[2].strip().replace('(', '（').replace(')', '）')}"
        chinese = self.names.chinese(entity)
        if kind == "country":
            chinese = chinese or proper.country(name)
        if kind == "term":
            return f"“{name}”词条"
        return chinese or name
