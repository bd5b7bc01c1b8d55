"""What the wording needs to know about the knowledge base: names, types and relations."""

from typing import Protocol

from data.sources.base import Relation


class Names(Protocol):
    """Looks entities and relations up; every id of the query must be known."""

    def name(self, entity: str) -> str:
        """The entity's name as its page writes it, e.g. `The Godfather`."""

    def type(self, entity: str) -> str:
        """The entity's type, e.g. `film`."""

    def chinese(self, entity: str) -> str:
        """The entity's Chinese name; empty if there is none."""

    def relation(self, name: str) -> Relation:
        """The record of a relation."""
