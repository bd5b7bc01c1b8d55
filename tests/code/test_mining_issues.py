"""Issues as strangers write them: what may be told of them, and which are of no use."""

from datetime import UTC, datetime

import pytest

from synth.code.mining import issues
from synth.code.mining.issues import Report, language, report
from synth.code.mining.reasons import Reason
from synth.code.mining.records import Comment, Issue, Label, User
from synth.code.mining.wording import cleaned, cleaned_title, tells

FIXED = datetime(2024, 2, 1, tzinfo=UTC)
LATER = datetime(2024, 3, 1, tzinfo=UTC)
GOOD = """\
`Ledger.balance` is wrong when an account is closed and opened again: it returns the sum of both periods.

```python
>>> ledger.balance("cash")
30
```

I expected 10, the sum since the account was opened last.
"""
FIX = ["return sum(entry.amount for entry in self.since(account.opened))", "x = 1"]


def an_issue(body: str, **more: object) -> Issue:
    fields = {
        "number": 1,
        "title": "Balance of reopened accounts",
        "body": body,
        "user": {"login": "grace"},
    }
    return Issue.model_validate(
        {**fields, "created_at": "2024-01-01T00:00:00Z", "state": "closed", **more}
    )


def test_a_good_report_stays_as_it_is() -> None:
    assert report(an_issue(GOOD), (), FIXED, FIX) == Report(
        "Balance of reopened accounts", GOOD.strip()
    )


@pytest.mark.parametrize(
    ("leak", "left"),
    [
        ("It is slow. I think it was fixed in #12.", "It is slow."),
        ("See https://github.com/acme/ledger/pull/12 for a fix.", ""),
        ("It broke in 3f9a1c2d77. Before, it worked.", "Before, it worked."),
        ("Introduced by 0123456789012345678901234567890123456789", ""),
        ("I opened a PR. The sum is wrong.", "The sum is wrong."),
        ("The fix is to compare dates. The sum is wrong.", "The sum is wrong."),
        ("This could be fixed by comparing dates.", ""),
        ("`git bisect` blames the last release.", ""),
        ("The sum is wrong (see #45), cc @ada @bob.", "The sum is wrong."),
        ("The [manual](https://example.org/manual) says so.", "The manual says so."),
        ("Write to grace@example.org about it.", "Write to someone about it."),
        ("结果是错的。已在 #12 中修复。", "结果是错的。"),
        ("- [x] I have searched", ""),
        ("<!-- Describe the bug -->The sum is wrong.", "The sum is wrong."),
        ("Hi @ada,\nThe sum is wrong.\nThanks!", "The sum is wrong."),
        (
            "<details><summary>Log</summary>\n\nThe sum is wrong.\n</details>",
            "Log\n\nThe sum is wrong.",
        ),
        ("![screen](https://example.org/a.png)", ""),
    ],
)
def test_what_tells_of_a_fix_or_comes_from_a_template_is_left_out(leak: str, left: str) -> None:
    assert cleaned(leak) == left


@pytest.mark.parametrize(
    "kept",
    [
        "The colour is `deadbeef12` and 0x7f3a2b1c, and the year 20240101.",
        "Version 1.2.3, Python 3.11.4, build 10.15.7.",
        "It does not close the file. It fixes the width at 80.",
        "```\nTraceback (most recent call last):\n  File \"/a/b.py\", line 3, in c\nKeyError: 'a1b2c3d4'\n```",
        "```\n- one\n- two\n```\n\nThese are lists of the input.",
        '>>> balance("cash")\n30',
        "Email addresses like `a@b.org` are refused.",
    ],
)
def test_what_only_looks_like_it_stays(kept: str) -> None:
    assert cleaned(kept) == kept


@pytest.mark.parametrize(
    "patch",
    [
        "```diff\n- a = 1\n+ a = 2\n```",
        "```suggestion\na = 2\n```",
        "```\ndiff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n```",
        "```python\n@@ -1,2 +1,2 @@\n-a = 1\n+a = 2\n```",
        "```python\n-a = 1\n+a = 2\n+b = 3\n```",
    ],
)
def test_patches_are_left_out(patch: str) -> None:
    assert tells(patch)
    assert cleaned(f"The sum is wrong.\n\n{patch}\n\nIt is 30.") == "The sum is wrong.\n\nIt is 30."


@pytest.mark.parametrize(
    "heading",
    [
        "### Possible Solution",
        "## Proposed fix",
        "**Suggested change**",
        "### Root cause",
        "## 解决方案",
    ],
)
def test_sections_on_a_fix_are_left_out_with_their_code(heading: str) -> None:
    text = f"### What\n\nThe sum is wrong.\n\n{heading}\n\nCompare dates.\n\n```\na = 2\n```\n\n### Where\n\nEverywhere."
    assert cleaned(text) == "### What\n\nThe sum is wrong.\n\n### Where\n\nEverywhere."


def test_a_template_that_nobody_filled_in_leaves_nothing() -> None:
    template = (
        "**Describe the bug**\nA clear and concise description of what the bug is.\n\n**To Reproduce**\n"
        "Steps to reproduce the behavior:\n1. Go to '...'\n2. Click on '....'\n3. See error\n\n**Expected behavior**\n"
        "(Write what you thought would happen.)\n\n**Environment**\n- Python version:\n- OS: [e.g. iOS]\n\n"
        "**Additional context**\n_No response_\n"
    )
    assert cleaned(template) == ""
    assert report(an_issue(template), (), FIXED, FIX) is Reason.ISSUE_SHORT


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("[Bug]: the sum is wrong (#12)", "the sum is wrong"),
        ("BUG: sum() is wrong", "sum() is wrong"),
        ("Bug report (urgent): Sum", "Sum"),
        ("缺陷：合计错误", "合计错误"),
        ("TypeError: 'int' object is not iterable", "TypeError: 'int' object is not iterable"),
    ],
)
def test_titles_lose_the_mark_of_their_sort(title: str, left: str) -> None:
    assert cleaned_title(title) == left


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("It fails.", Reason.ISSUE_SHORT),
        ("", Reason.ISSUE_SHORT),
        (f"{GOOD}\n" + "The balance of an account is wrong. " * 400, Reason.ISSUE_LONG),
        ("The sum is wrong:\n\n![screen](https://example.org/a.png)", Reason.ISSUE_VISUAL),
        ("See https://gist.github.com/grace/1 please", Reason.ISSUE_EXTERNAL),
        (
            "Il saldo di un conto che viene riaperto contiene anche i movimenti del periodo precedente, che "
            "secondo la documentazione dovrebbero restare fuori. Qualcuno ha visto lo stesso problema?",
            Reason.ISSUE_LANGUAGE,
        ),
        (
            "Остаток счёта неверен, если счёт закрыли и открыли снова: в него входят записи обоих периодов.",
            Reason.ISSUE_LANGUAGE,
        ),
        (
            "I have an idea for the accounts of the ledger, and I would like to talk with the people who are "
            "interested in it about the next version of the documents.",
            Reason.ISSUE_VAGUE,
        ),
        (f"{GOOD}\nReplace it by {FIX[0]} and be done.", Reason.ISSUE_TELLS_FIX),
    ],
    ids=["short", "empty", "long", "picture", "link", "italian", "russian", "vague", "tells"],
)
def test_a_text_of_no_use_has_its_reason(body: str, reason: Reason) -> None:
    if reason is Reason.ISSUE_VAGUE:
        body = body.replace("would like", "want")
    issue = an_issue(
        body, title="Accounts" if reason is Reason.ISSUE_VAGUE else "Reopened accounts"
    )
    assert report(issue, (), FIXED, FIX) is reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"user": {"login": "renovate[bot]"}}, Reason.ISSUE_BOT),
        ({"user": {"login": "x", "type": "Bot"}}, Reason.ISSUE_BOT),
        ({"labels": [{"name": "type: enhancement"}]}, Reason.ISSUE_LABEL),
        ({"labels": [{"name": "kind/feature-request"}]}, Reason.ISSUE_LABEL),
        ({"labels": [{"name": "bug"}, {"name": "documentation"}]}, None),
        ({"state_reason": "not_planned"}, Reason.ISSUE_NOT_PLANNED),
        ({"state_reason": "duplicate"}, Reason.ISSUE_NOT_PLANNED),
        ({"created_at": "2024-02-02T00:00:00Z"}, Reason.ISSUE_AFTER_FIX),
        ({"state": "open", "updated_at": "2024-04-01T00:00:00Z"}, Reason.ISSUE_OPEN),
        ({"state": "open", "updated_at": "2024-01-05T00:00:00Z"}, None),
        ({"title": "How do I close an account?"}, Reason.ISSUE_QUESTION),
        ({"title": "[Feature] Close accounts"}, Reason.ISSUE_QUESTION),
        ({}, None),
    ],
)
def test_data_that_speak_against_an_issue_are_heard(
    more: dict[str, object], reason: Reason | None
) -> None:
    assert issues.against(an_issue(GOOD, **more), FIXED, LATER) is reason


@pytest.mark.parametrize(
    ("login", "created", "body", "told"),
    [
        ("grace", "2024-01-02T00:00:00Z", "It happens with two accounts as well.", True),
        ("ada", "2024-01-02T00:00:00Z", "It happens with two accounts as well.", False),
        ("grace", "2024-02-02T00:00:00Z", "It happens with two accounts as well.", False),
        ("grace", "2024-01-02T00:00:00Z", "Fixed in abcdef1234, works for me.", False),
        ("grace", "", "It happens with two accounts as well.", False),
    ],
    ids=["own and early", "another's", "after the fix", "tells", "undated"],
)
def test_only_early_comments_of_the_reporter_are_told(
    login: str, created: str, body: str, told: bool
) -> None:
    comment = Comment(id=1, body=body, user=User(login=login), created_at=created)
    found = report(an_issue(GOOD), [comment], FIXED, FIX)
    assert isinstance(found, Report)
    assert ("two accounts" in found.text) is told
    assert "abcdef1234" not in found.text


def test_a_short_report_made_of_code_is_enough() -> None:
    body = 'Input:\n\n    balance("cash")\n\nResult: `30`\n\nExpected: `10`'
    found = report(an_issue(body), (), FIXED, FIX)
    assert isinstance(found, Report)
    assert found.text == body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The balance is wrong when the account was closed.", "en"),
        ("账户重新打开之后余额不正确，应该是 10，实际上是 30。", "zh"),
        ("口座を再び開くと残高が正しくありません。期待した値は 10 です。", ""),
        ("계좌를 다시 열면 잔액이 올바르지 않습니다.", ""),
        (
            "Der Saldo stimmt nicht, wenn das Konto wieder geöffnet wird und vorher schon Buchungen hatte.",
            "",
        ),
    ],
)
def test_languages_are_told_apart(text: str, found: str) -> None:
    assert language(text) == found


def test_labels_of_records_are_read() -> None:
    assert an_issue(GOOD, labels=[{"name": "bug", "color": "d73a4a"}]).labels == (
        Label(name="bug"),
    )
