"""Says how the limits of a plan come out for the rows that were chosen."""

from collections.abc import Callable, Mapping

from synth.general.worked.fit import shown
from synth.general.worked.words import Words
from verifiers.general.constraints import (
    AllDifferent,
    And,
    Compare,
    Const,
    Field,
    Formula,
    Member,
    Scalar,
    Sum,
    Term,
    slots_of,
)
from verifiers.general.evaluate import Evaluator


class Limits:
    """Facts of formulas; `called` is what a row is called in the answer."""

    def __init__(
        self,
        evaluator: Evaluator,
        plan: Mapping[str, Scalar],
        words: Words,
        column: Callable[[Field], str],
        called: Callable[[str, Scalar], str],
    ) -> None:
        self.evaluator = evaluator
        self.plan = plan
        self.words = words
        self.column = column
        self.called = called

    def facts(self, formula: Formula) -> list[str]:
        """What a limit that is kept comes to."""
        holds = "成立" if self.words.zh else "holds"
        match formula:
            case And():
                return [fact for part in formula.of for fact in self.facts(part)]
            case Compare():
                left, right = self._term(formula.left), self._term(formula.right)
                label = self._label(formula.left)
                came = f"{left[0]} {formula.by} {right[0]} {holds}"
                return [f"{label}{left[1]}", came] if left[1] else [f"{label}{came}"]
            case Member():
                listed = ", ".join(map(shown, formula.values))
                label = self._label(formula.term)
                return [f"{label}{self._term(formula.term)[0]} in [{listed}] {holds}"]
            case AllDifferent():
                listed = ", ".join(self._term(term)[0] for term in formula.terms)
                return [f"{'互不相同' if self.words.zh else 'all different'}: {listed}"]
        told = [self._term(Field(slot=slot))[0] for slot in sorted(slots_of(formula))]
        return [f"{', '.join(told)}: {holds}"]

    def _label(self, term: Term) -> str:
        match term:
            case Field(path=path) if path:
                return f"{self.column(term)} "
            case Sum():
                first = term.terms[0]
                return f"{self.column(first)} " if isinstance(first, Field) else ""
        return ""

    def _term(self, term: Term) -> tuple[str, str]:
        """The value of a term, and how it is reckoned where that takes more than a look."""
        value = self.evaluator.value(term, self.plan)
        match term:
            case Const():
                return shown(term.value), ""
            case Field(path=()):
                return self.called(term.slot, self.plan[term.slot]), ""
            case Sum():
                said = " + ".join(self._term(part)[0] for part in term.terms)
                return str(value), f"{said} = {value}"
        return ("true" if value else "false") if isinstance(value, bool) else str(value), ""
