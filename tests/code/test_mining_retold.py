"""A mined bug is told in its issue's words, if those give nothing away."""

from pathlib import Path

import pytest

from data.task import Language, Source
from envs.code.spec import Origin, Toolchain
from envs.code.tree import File
from envs.code.trees import keep_tree
from synth.code.bug import Bug, Story
from synth.code.mining.retold import retold
from synth.code.statement.author import Statement
from synth.code.statement.evidence import Evidence, Outcome, Reproduction

SCRIPT = 'from tally.words import words\n\nprint(words("a\\tb"))\n'
ISSUE = "`words` parts a text at spaces alone. With a tab between two words it returns both of them as one."
CHINESE = "`words` 只按空格切分文本。如果两个词之间是制表符，返回的结果是一个词，这是不正确的。"
GENERATED = Statement(
    title="Generated", body="Generated text", script=SCRIPT, expected="", actual=""
)


TREE = {
    "src/tally/words.py": File(content=b"def words(text):\n    return text.split(chr(32))\n"),
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path))


def a_bug(story: Story) -> Bug:
    tree_sha256 = keep_tree(TREE)
    origin = Origin(
        source="git", project="tally", version="1" * 40, archive="/t.git", sha256=tree_sha256
    )
    return Bug(
        origin=origin,
        tree_sha256=tree_sha256,
        toolchain=Toolchain(command="python -m pytest"),
        sources=("src/tally/words.py",),
        removed=(),
        buggy={},
        gold={"src/tally/words.py": "def words(text):\n    return text.split()\n"},
        tests={"tests/test_words.py": "def test_tabs_part_words(): ...\n"},
        modules=("tests/test_words.py",),
        story=story,
        licence=Source(name="tally", version="1", licence="MIT", sha256="0" * 64),
    )


def evidence(fixed: Outcome, buggy: Outcome) -> Evidence:
    return Evidence(reproductions=(Reproduction(script=SCRIPT, fixed=fixed, buggy=buggy),))


def test_the_issue_comes_first_and_then_what_was_run() -> None:
    bug = a_bug(Story(sort="issue", title="words ignores tabs", text=ISSUE))
    shown = evidence(Outcome(out="['a', 'b']\n"), Outcome(out="['a\\tb']\n"))
    told = retold(bug, GENERATED, shown, Language.EN)
    assert told.title == "words ignores tabs"
    assert told.body == (
        f"{ISSUE}\n\nA script that shows it:\n\n```python\n{SCRIPT.strip()}\n```\n\n"
        "It prints:\n\n```\n['a\\tb']\n```\n\nIt should print:\n\n```\n['a', 'b']\n```"
    )


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(out=""), "It prints nothing."),
        (Outcome(out="\n"), "It prints an empty line."),
        (
            Outcome(out="1\n", error="KeyError", message="'a'"),
            "It ends with:\n\n```\n1\nKeyError: 'a'\n```",
        ),
        (Outcome(out="", error="hang"), "It does not end."),
    ],
)
def test_every_end_of_a_script_is_told(outcome: Outcome, said: str) -> None:
    bug = a_bug(Story(sort="issue", title="words ignores tabs", text=ISSUE))
    told = retold(bug, GENERATED, evidence(Outcome(out="fine\n"), outcome), Language.EN)
    assert f"```\n\n{said}\n\nIt should print:\n\n```\nfine\n```" in told.body


def test_a_chinese_issue_is_told_in_chinese_tasks() -> None:
    bug = a_bug(Story(sort="issue", title="words 不识别制表符", text=CHINESE))
    shown = evidence(Outcome(out="2\n"), Outcome(out="1\n"))
    assert retold(bug, GENERATED, shown, Language.EN) is GENERATED
    body = retold(bug, GENERATED, shown, Language.ZH).body
    assert body.startswith(CHINESE)
    assert body.endswith("实际输出：\n\n```\n1\n```\n\n应当输出：\n\n```\n2\n```")


@pytest.mark.parametrize(
    "story",
    [
        Story(sort="patch", title="Part words at tabs", text=ISSUE),
        Story(sort="issue", title="words", text=f"{ISSUE} See test_tabs_part_words for it."),
        Story(sort="issue", title="words", text=f"{ISSUE} It is all in src/tally/words.py."),
    ],
    ids=["no issue", "names a test", "names the file"],
)
def test_what_gives_something_away_stays_unsaid(story: Story) -> None:
    shown = evidence(Outcome(out="2\n"), Outcome(out="1\n"))
    assert retold(a_bug(story), GENERATED, shown, Language.EN) is GENERATED
