"""What messages refer to, and what their words, authors and edits say of a change."""

from datetime import UTC, datetime

import pytest

from synth.code.mining import edits, rules
from synth.code.mining.history import Change, Touched
from synth.code.mining.reasons import Reason
from synth.code.mining.records import User
from synth.code.mining.references import (
    closed_issues,
    is_backport,
    is_revert,
    is_sync,
    pull_number,
    undone,
)

NOW = datetime(2024, 1, 1, tzinfo=UTC)
FILES = (Touched("src/a.py", "1" * 40, "2" * 40), Touched("tests/test_a.py", "3" * 40, "4" * 40))


@pytest.mark.parametrize(
    "keyword",
    ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"],
)
@pytest.mark.parametrize(
    "form", ["{} #12", "{}: #12", "{} GH-12", "{} acme/ledger#12", "{} the issue #12"]
)
def test_every_keyword_of_github_closes_in_every_form(keyword: str, form: str) -> None:
    assert closed_issues(form.format(keyword.upper()), "acme/ledger") == {12}
    assert closed_issues(form.format(keyword), "acme/ledger") == {12}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Fixes #1, fixes #2", {1, 2}),
        ("Fixes #1, #2 and #3.", {1, 2, 3}),
        ("Closes https://github.com/acme/ledger/issues/5", {5}),
        ("Closes https://github.com/other/ledger/issues/5", set()),
        ("Closes https://github.com/acme/ledger/pull/5", set()),
        ("Fixes other/ledger#6", set()),
        ("Fixes ACME/Ledger#6", {6}),
        ("<!-- Fixes #7 -->", set()),
        ("<!-- Fixes #7", set()),
        ("`Fixes #8`", set()),
        ("```\nFixes #8\n```\nFixes #9", {9}),
        ("prefixes #10, hotfix #10, unresolved #10", set()),
        ("See #11, related to #11", set()),
        ("Fixes 12", set()),
        ("Fixes #13th", set()),
        ("Fixes #1234567890123", set()),
        ("", set()),
    ],
)
def test_references_close_what_they_say(text: str, numbers: set[int]) -> None:
    assert closed_issues(text, "acme/ledger") == numbers


def test_a_clone_without_a_name_takes_references_without_one() -> None:
    assert closed_issues("Fixes #1, fixes acme/ledger#2") == {1}


@pytest.mark.parametrize(
    ("message", "merge", "number"),
    [
        ("Merge pull request #12 from bob/x\n\nTitle", True, 12),
        ("Title (#12)\n\nBody (#13)", False, 12),
        ("Title (GH-12)", False, 12),
        ("Title (#12)", True, 0),
        ("Title #12", False, 0),
        ("Merge branch 'x'", True, 0),
    ],
)
def test_pull_requests_are_named_by_merges_and_squashes(
    message: str, merge: bool, number: int
) -> None:
    assert pull_number(message, merge) == number


def test_reverts_say_what_they_take_back() -> None:
    message = 'Revert "Sum (#12)"\n\nThis reverts commit 1234567890abcdef1234567890abcdef12345678.'
    assert is_revert(message)
    assert undone(message).commits == ("1234567890abcdef1234567890abcdef12345678",)
    assert undone("Reverts acme/ledger#12").pulls == (12,)
    assert not is_revert("Sum reverts to zero")


@pytest.mark.parametrize(
    ("message", "backport"),
    [
        ("[3.1] Fix sums", True),
        ("[Backport 3.1] Fix sums", True),
        ("Fix sums (backport #12)", True),
        ("Backport of #12 to 3.1", True),
        ("Fix sums\n\n(cherry picked from commit 1234567)", True),
        ("[sums] Fix 3.1", False),
        ("Fix the backport of clocks", False),
    ],
)
def test_backports_are_recognised(message: str, backport: bool) -> None:
    assert is_backport(message) is backport


@pytest.mark.parametrize(
    ("subject", "sync"),
    [
        ("Merge branch 'main' of https://github.com/acme/ledger", True),
        ("Merge branch 'master' into fix", True),
        ("Merge remote-tracking branch 'origin/main' into fix", True),
        ("Merge branch 'fix-sums'", False),
        ("Merge branch 'main-menu'", False),
    ],
)
def test_merges_that_only_bring_a_branch_up_to_date_are_none(subject: str, sync: bool) -> None:
    assert is_sync(subject) is sync


def a_change(message: str, author: str = "Ada", **more: object) -> Change:
    made = Change(
        "5" * 40, "6" * 40, ("6" * 40,), author, "ada@example.org", NOW, NOW, message, FILES
    )
    return made._replace(**more)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (a_change("Fix sums"), None),
        (a_change("Fix sums", base="", parents=()), Reason.NO_PARENT),
        (a_change("Fix sums", "pre-commit-ci[bot]"), Reason.BOT),
        (a_change("Fix sums", "Renovate Bot"), Reason.BOT),
        (a_change("Fix sums", "Abbot Botha"), None),
        (a_change("Bump ruff from 0.1 to 0.2"), Reason.DEPENDENCIES),
        (a_change("chore(deps): update dependency pytest to v8"), Reason.DEPENDENCIES),
        (a_change("Update sums from the ledger"), None),
        (a_change("Fix sums", odd=True), Reason.ODD_PATH),
        (a_change("Fix sums", files=FILES[1:]), Reason.NO_SOURCE),
        (a_change("Fix sums", files=FILES[:1]), Reason.NO_TESTS),
        (
            a_change("Fix sums", files=(FILES[0], Touched("tests/test_a.py", "3" * 40, ""))),
            Reason.NO_TESTS,
        ),
        (
            a_change("Fix sums", files=(FILES[0], Touched("tests/data.json", "", "4" * 40))),
            Reason.NO_TESTS,
        ),
        (
            a_change(
                "Fix sums", files=FILES + tuple(Touched(f"src/{n}.py", "", "1") for n in range(9))
            ),
            Reason.TOO_MANY_FILES,
        ),
    ],
)
def test_what_speaks_against_a_change_is_found_at_a_glance(
    change: Change, reason: Reason | None
) -> None:
    assert rules.against(change, "") is reason


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("feat: add sums", True),
        ("docs(api): explain", True),
        ("refactor!: sums", True),
        ("Add support for sums", True),
        ("Add missing sums", False),
        ("Release 1.2", True),
        ("fix: sums", False),
        ("Sums of nothing are zero", False),
    ],
)
def test_titles_that_say_something_else_are_no_fixes(title: str, other: bool) -> None:
    assert rules.is_other_sort([title]) is other


def test_bots_are_known_by_type_and_by_name() -> None:
    assert rules.is_bot(User(login="anything", type="Bot"))
    assert rules.is_bot(User(login="dependabot[bot]", type="User"))
    assert not rules.is_bot(User(login="ada", type="User"))


OLD = 'def total(rows):\n    """Sum."""\n    return sum(rows)\n'


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (OLD.replace("sum(rows)", "sum(rows, 0.0)"), None),
        (OLD.replace("Sum.", "The sum."), Reason.NO_CODE_CHANGE),
        (OLD.replace("(rows):", "(rows: list[int]) -> int:"), Reason.NO_CODE_CHANGE),
        (f"# A comment.\n{OLD}\n\n", Reason.NO_CODE_CHANGE),
        (
            OLD + "".join(f"\n\ndef part{n}():\n    return {n}\n" for n in range(5)),
            Reason.ADDS_MUCH,
        ),
        ("print 'sum'\n", Reason.OTHER_SYNTAX),
    ],
    ids=["fix", "docstring", "annotations", "comment", "feature", "python 2"],
)
def test_an_edit_is_judged_by_what_it_means(new: str, reason: Reason | None) -> None:
    assert edits.against({"a.py": OLD}, {"a.py": new}) is reason


def test_public_names_may_not_disappear() -> None:
    before = {"a.py": OLD + "\n\ndef mean(rows):\n    return 0\n\n\ndef _own():\n    return 0\n"}
    assert edits.against(before, {"a.py": "X = 1\n"}) is Reason.REMOVES_NAMES


@pytest.mark.parametrize(
    ("test", "told", "untold"),
    [
        ("assert total([], start=1) == 1", "", ["start"]),
        ("assert total([], start=1) == 1", "An option `start` would help", []),
        ("assert total([1], rows=2)", "", []),
        ("assert 'start' in text  # start", "", []),
    ],
)
def test_tests_may_only_use_names_that_can_be_known(
    test: str, told: str, untold: list[str]
) -> None:
    after = {"a.py": OLD.replace("(rows)", "(rows, start=0)", 1)}
    assert edits.untold_names({"a.py": OLD}, after, [test], [OLD], told) == untold


@pytest.mark.parametrize(
    ("test", "untold"),
    [
        ("from pkg.new import x\n", ["pkg.new"]),
        ("import pkg.new\n", ["pkg.new"]),
        ("from pkg import new\n", ["pkg.new"]),
        ("from pkg import newer, old\n", []),
    ],
)
def test_tests_may_not_import_modules_that_only_the_fix_names(test: str, untold: list[str]) -> None:
    before, after = {"src/pkg/new.py": None}, {"src/pkg/new.py": "x = 1\n"}
    assert edits.untold_modules(before, after, {"tests/test_a.py": test}, "") == untold
