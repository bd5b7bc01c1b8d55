"""Words for symptoms, in English and Chinese; each module has the same functions."""

from random import Random
from typing import Protocol

from data.task import Language
from synth.code.statement.symptom import Symptom
from synth.code.statement.wording import en, zh


class Words(Protocol):
    """What an author says; sentences end with their own punctuation."""

    JOIN: str
    """What stands between two sentences."""

    HEADINGS: dict[str, tuple[str, ...]]
    """Ways to head a section, by what it holds."""

    def title(self, seen: Symptom, rng: Random) -> str: ...

    def lead(self, seen: Symptom, project: str, rng: Random) -> str:
        """What comes before a script."""

    def more(self, seen: Symptom, rng: Random) -> str:
        """What comes before a further script."""

    def actual(self, seen: Symptom, value: str, rng: Random) -> str:
        """What happens; `value` stands in the sentence, or in a block behind it if empty."""

    def expected(self, seen: Symptom, value: str, rng: Random) -> str:
        """What should happen; `value` as in `actual`."""

    def silent(self, blank: bool, *, expected: bool) -> str:
        """That nothing is printed, or a `blank` line, and no error raised."""

    def both(self, seen: Symptom, expected: str, actual: str, rng: Random) -> str:
        """One sentence for what happens and what should."""

    def difference(self, rng: Random) -> str:
        """What comes before a diff of what is expected (`-`) and what is there (`+`)."""

    def detail(self, seen: Symptom, rng: Random) -> str:
        """What exactly differs; empty if there is nothing short to say."""

    def works(self, code: str, value: str, last: bool, rng: Random) -> str:
        """A neighbour that is handled well. `last`: `code` is the statement that prints."""

    def documented(self, name: str, text: str, rng: Random) -> str:
        """What the documentation of `name` says."""

    def environment(self, project: str, version: str, runtime: str, rng: Random) -> str: ...

    def known(self, facts: str, rng: Random) -> str:
        """A fact from the project's own records, as a sentence of this language; may be empty."""


def words(language: Language) -> Words:
    found: Words = zh if language is Language.ZH else en
    return found
