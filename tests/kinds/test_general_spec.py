"""Domain files: what is wrong is found and named by its path; what is right means what it says."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from data.task import Language
from envs.general.arithmetic import BOOL, INT, Sort
from envs.general.check import problems
from envs.general.compiler import Compiled, compile_domain, domain_files
from envs.general.expr import compile_expr
from envs.general.kinds import Kind, parse_type
from envs.general.reading import parse_spec, read_spec
from envs.general.resolve import resolve
from envs.general.rows import Unfillable
from envs.general.spec import SpecError
from envs.general.syntax import ExpressionError
from envs.general.variant import VARIANTS, draw_variant

LIBRARY = domain_files()["city_library"]


def changed(old: str, new: str) -> str:
    text = LIBRARY.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


def compiled(text: str, number: int = 0) -> Compiled:
    spec = parse_spec(text, "library")
    return compile_domain(spec, draw_variant(spec, number, Language.EN), seed=3)


WRONG = {
    "unknown type": ("int 80..720", "integer 80..720", "tables.book.fields.pages.type", "integer"),
    "dangling ref": ("book: ref book", "book: ref buch", "tables.copy.fields.book", "buch"),
    "one language": (
        "label: branch/branches | 分馆/家",
        "label: branch",
        "tables.branch.label",
        "|",
    ),
    "unknown key": ("valid:", "vald:", "tables.loan.vald", "not known"),
    "empty range": ("rows: 4..6", "rows: 6..4", "tables.branch.rows", "low end"),
    "unknown column": (
        "returned == null: This",
        "retrned == null: This",
        "actions.return_copy.require.0",
        "retrned",
    ),
    "wrong type": (
        "amount <= member.fines",
        "amount <= member.name",
        "actions.pay_fines.require.0",
        "compare",
    ),
    "no rule": (
        "rule: member.fines < 8",
        "rule: member.fines",
        "policies.fines_first.rule",
        "bool",
    ),
    "unknown action": ("on: renew_loan", "on: renew", "policies.two_renewals.on.0", "renew"),
    "unset column": ("lent: today, ", "", "actions.lend_copy.do.0", "lent"),
    "unsaid argument": (
        "- renew {loan} |",
        "- renew {lone} |",
        "actions.renew_loan.ask.0",
        "{loan}",
    ),
    "unknown value": (
        "genre == children",
        "genre == kids",
        "policies.children_only.rule",
        "kids",
    ),
    "shadowed name": (
        "exists(hold x where x.book == loan.copy.book and x.member != loan.member)",
        "exists(loan where loan.copy == null)",
        "policies.reserved_books.rule",
        "another",
    ),
    "unknown slot": (
        "each: {book: book}",
        "each: {book: boek}",
        "plans.reading_list.each.book",
        "",
    ),
    "twice": ("currency: EUR", "currency: EUR\ncurrency: USD", "line", "twice"),
    "no yaml": ("story: You", "story: [You", "line", "quotes"),
}


@pytest.mark.parametrize(("old", "new", "path", "says"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_named_with_its_path(old: str, new: str, path: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(parse_spec(changed(old, new), "library"))
    lines = [line for line in str(caught.value).splitlines() if path in line]
    assert lines
    assert says in lines[0]


def test_rules_that_no_row_can_keep_are_named() -> None:
    with pytest.raises(Unfillable, match=r"tables\.loan\.valid"):
        compiled(changed("- due > lent", "- due < lent - 900"))


def test_an_action_that_is_never_possible_and_a_rule_that_never_matters_are_found(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    path = folder / "city_library.yaml"
    text = changed("amount <= member.fines", "amount < 0")
    path.write_text(text.replace("rule: member.fines < 8", "rule: member.fines < 99"))
    found, _ = problems(path)
    assert any("actions.pay_fines.require" in line for line in found)
    assert any("policies.fines_first: is broken by none" in line for line in found)


def test_yaml_is_data_and_nothing_else() -> None:
    for text in (
        "!!python/object/apply:os.system [ls]",
        "a: &x [1]\nb: [*x, *x]",
        "- 1",
        "name: {",
    ):
        with pytest.raises(SpecError):
            parse_spec(text, "stranger")


@pytest.mark.parametrize("name", list(domain_files()))
def test_every_shipped_domain_compiles_into_variants_of_their_own_structure(name: str) -> None:
    spec = read_spec(domain_files()[name])
    assert (spec.name, spec.category) == (name, domain_files()[name].parent.name)
    first = compile_domain(spec, draw_variant(spec, 0, Language.EN), seed=1)
    other = compile_domain(spec, draw_variant(spec, VARIANTS - 1, Language.ZH), seed=2)
    assert first.signature != other.signature
    assert len(first.domain.tables) >= 4
    assert len(first.tools) >= 10


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    spec = read_spec(LIBRARY)
    variant = draw_variant(spec, 5, Language.ZH)
    one, two = (compile_domain(spec, variant, seed=4) for _ in range(2))
    assert one.image == two.image
    assert one.tools == two.tools
    assert compile_domain(spec, variant, seed=5).image != one.image


COLUMNS = {
    "shelf": {"id": Sort(Kind.TEXT), "room": Sort(Kind.INT)},
    "book": {
        "id": Sort(Kind.TEXT),
        "shelf": Sort(Kind.REF, "shelf"),
        "pages": INT,
        "state": Sort(Kind.ENUM, values=("new", "old")),
        "bought": Sort(Kind.DATE),
    },
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "shelf": [{"id": "s1", "room": 7}],
    "book": [
        {"id": "b1", "shelf": "s1", "pages": 10, "state": "new", "bought": "2026-03-01"},
        {"id": "b2", "shelf": "s1", "pages": 30, "state": "old", "bought": None},
    ],
}


class Shelves:
    def row(self, table: str, row_id: str) -> dict[str, Any]:
        return next(row for row in ROWS[table] if row["id"] == row_id)

    def select(self, table: str, equal: Any) -> list[dict[str, Any]]:
        return [row for row in ROWS[table] if all(row[k] == v for k, v in equal.items())]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("b.pages + 2 * 3", 16),
        ("0.1 + 0.2 == 0.3", True),
        ("b.shelf.room", 7),
        ("b.state == new and not b.pages > 10", True),
        ("b.state in [old, new]", True),
        ("b.bought + 30", "2026-03-31"),
        ("days(today, b.bought)", 15),
        ("c.bought < today", False),
        ("c.bought == null", True),
        ("c.bought + 1", None),
        ("count(book x where x.shelf == b.shelf)", 2),
        ("sum(book x: x.pages where x.shelf == b.shelf)", 40),
        ("max(book x: x.pages)", 30),
        ("exists(book x where x.pages > b.pages and x != b)", True),
        ("b.pages if b.state == old else -1", -1),
        ("weekday(today)", 1),
        ("10 / 0", None),
        ("larger(3, b.pages) % 4", 2),
    ],
)
def test_an_expression_means_what_it_says(text: str, value: object) -> None:
    scope = {"b": Sort(Kind.REF, "book"), "c": Sort(Kind.REF, "book")}
    made = compile_expr(text, COLUMNS, scope)
    variables = {"b": "b1", "c": "b2", "today": dt.date(2026, 3, 16).isoformat(), "now": ""}
    assert made.run(variables, Shelves()) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b.",
        "b.pages = 3",
        "b.pages < b.state",
        "b.nothing",
        "unknown",
        "open('x')",
        "b.__class__",
        "count(nothing x)",
        "sum(book x)",
        "b and true",
        "1 < 2 < 3",
        "(" * 60 + "1" + ")" * 60,
        "1 + " * 400 + "1",
        "[1, 2]",
        "b.pages; b.pages",
    ],
)
def test_an_expression_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expr(text, COLUMNS, {"b": Sort(Kind.REF, "book")}, BOOL)


@pytest.mark.parametrize("text", ["int 9..1", "name king", "date x..y", "ref", "code AB", "int a"])
def test_a_type_that_cannot_be_drawn_from_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_type(text)
