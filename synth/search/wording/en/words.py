"""Finds the English words of a type or relation: a source's own, else generic ones."""

from synth.search.query import Step
from synth.search.wording.en import debian, elements, factbook, films, foldoc, generic
from synth.search.wording.en.lexicon import Attribute, Edge, Noun
from synth.search.wording.names import Names

SOURCES = (films.LEXICON, factbook.LEXICON, elements.LEXICON, foldoc.LEXICON, debian.LEXICON)
NOUNS = {key: value for lexicon in SOURCES for key, value in lexicon.nouns.items()}
EDGES = {key: value for lexicon in SOURCES for key, value in lexicon.edges.items()}
ATTRIBUTES = {key: value for lexicon in SOURCES for key, value in lexicon.attributes.items()}


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
        """The unit as it is written after a number."""
        known = ATTRIBUTES.get(relation)
        own = self.names.relation(relation).unit
        return UNITS.get(own, own) if not (known and known.unit) else known.unit

    def gap_unit(self, relation: str) -> str:
        """The unit as it is written after a difference."""
        known = ATTRIBUTES.get(relation)
        return known.gap_unit if known and known.gap_unit else self.unit(relation)


UNITS = {"sq km": "square kilometres", "m": "metres", "g/cm3": "g/cm³"}
