"""The world of code tasks: a shell that keeps its state, an editor that is exact, one fixed past."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from data.errors import TaskError
from data.task import PublicTask
from envs.code import final_message, greedy
from envs.code.greedy import read
from envs.code.spec import REPOSITORY
from envs.code.tree import File
from tests.code.world import SMALL, SOURCE, TEXT, TREE, World, opened, task

WEIGH = "src/scales/weigh.py"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with opened(task()) as world:
        yield world


class TestCopy:
    async def test_it_is_the_tree_under_git_with_one_root_commit_and_nothing_else(
        self, world: World
    ) -> None:
        script = (
            "git status --short; git log --all --format='%an %ad %s'; git rev-list --all | wc -l; "
            "git reflog | wc -l; git remote | wc -l; git tag | wc -l; git stash list | wc -l; "
            "git fsck --full --strict --unreachable --dangling 2>&1; git ls-files"
        )
        lines = (await world.bash(script)).text.splitlines()
        assert lines[0] == "palaestra Sat Jan 1 00:00:00 2000 +0000 Initial commit"
        assert lines[1:6] == ["1", "0", "0", "0", "0"]
        assert lines[6:] == sorted(TREE)

    async def test_contents_and_programs_are_as_in_the_tree(self, world: World) -> None:
        assert (await world.bash("./run.sh; cat README.md")).text == "ran\nScales \u96ea"
        done = await world.bash("sha256sum src/scales/table.bin; find . -perm /u+x -type f")
        digest = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880"
        assert done.text == f"{digest}  src/scales/table.bin\n./run.sh"

    async def test_two_copies_of_one_tree_cannot_be_told_apart(self) -> None:
        script = (
            "git rev-parse HEAD; ls -lR --time-style=full-iso . .git; pwd; env; id; ps -e -o comm="
        )
        seen = []
        for _ in range(2):
            async with opened(task()) as world:
                seen.append((world.first, await world.bash(script)))
        assert seen[0] == seen[1]

    async def test_the_first_observation_says_where_it_is_and_how_it_is_tested(
        self, world: World
    ) -> None:
        assert REPOSITORY in world.first.text
        assert "python -m pytest tests" in world.first.text
        assert "README.md, run.sh, src/, tests/" in world.first.text

    async def test_what_lies_over_the_tree_is_part_of_the_commit(self) -> None:
        async with opened(
            task(overlay={"README.md": "new\n", "tests/test_weigh.py": None})
        ) as world:
            script = "git status --short; git ls-files tests; git show HEAD:README.md"
            assert (await world.bash(script)).text == "new"

    async def test_a_tree_that_cannot_be_had_makes_the_task_invalid(self) -> None:
        wrong = task()
        parameters = {**wrong.env.parameters, "tree_sha256": "0" * 64}
        env = wrong.env.model_copy(update={"parameters": parameters})
        with pytest.raises(TaskError, match="scales 1"):
            async with opened(wrong.model_copy(update={"env": env})):
                pass

    async def test_a_tree_that_no_folder_can_hold_makes_the_task_invalid(self) -> None:
        clash = {"a": File(content=b""), "a/b": File(content=b"")}
        with pytest.raises(TaskError, match="cannot be unpacked"):
            async with opened(task(clash, sources=("a",))):
                pass


class TestBash:
    async def test_what_one_command_sets_the_next_one_finds(self, world: World) -> None:
        await world.bash('cd src; x=3; export Y=4; f() { echo "f $1"; }; set -- one two; umask 077')
        script = "pwd; echo $x; sh -c 'echo $Y'; f 5; echo $2; umask"
        done = await world.bash(script)
        assert done.text.splitlines() == [f"{REPOSITORY}/src", "3", "4", "f 5", "two", "0077"]
        await world.bash("false")
        assert (await world.bash("echo $?")).text == "1"

    async def test_background_jobs_go_on_between_calls(self, world: World) -> None:
        await world.bash('mkfifo pipe; (read line < pipe; echo "got $line" > answer) & ')
        assert (await world.bash("jobs | wc -l")).text == "1"
        assert (await world.bash("echo well > pipe; wait; cat answer")).text == "got well"

    async def test_streams_are_merged_in_order_and_the_status_is_shown(self, world: World) -> None:
        done = await world.bash(
            "echo 1; echo 2 >&2; sh -c 'echo 3; echo 4 >&2'; exit_with() { return 7; }; exit_with"
        )
        assert done.text == "1\n2\n3\n4\n[exit status 7]"
        assert done.error
        assert (await world.bash("true")).text == "[no output]"
        assert (await world.bash("echo 1 | tee /dev/stderr")).text == "1\n1"

    async def test_errors_count_lines_from_the_command(self, world: World) -> None:
        done = await world.bash("echo 1\nno-such-program")
        assert done.text == "1\nbash: line 2: no-such-program: command not found\n[exit status 127]"
        assert "syntax error" in (await world.bash("if then")).text
        assert "unexpected EOF" in (await world.bash("echo 'open")).text
        assert (await world.bash("cat <<X\nin\nX")).text == "in"

    async def test_standard_input_is_empty(self, world: World) -> None:
        assert (await world.bash("cat; read x; echo $?")).text == "1"

    async def test_long_output_keeps_its_beginning_and_its_end(self, world: World) -> None:
        done = await world.bash("seq 100000")
        assert done.truncated
        assert len(done.text) <= SMALL.max_output_chars + 100
        assert done.text.startswith("1\n2\n3\n")
        assert done.text.endswith("\n99999\n100000")
        assert "bytes in the middle are not shown" in done.text
        binary = await world.bash("head -c 12000 /dev/zero")
        assert binary.truncated
        assert len(binary.text) <= SMALL.max_output_chars + 200
        exact = await world.bash("seq 3000")
        assert not exact.truncated
        assert exact.text.splitlines() == [str(n) for n in range(1, 3001)]

    async def test_any_bytes_become_text(self, world: World) -> None:
        done = await world.bash(r"printf 'a\0\x1b[31m\xff\u96ea\r\nb\rc'")
        assert done.text == "a\\x00\\x1b[31m\ufffd\u96ea\nb\\rc"

    async def test_a_command_that_takes_too_long_is_interrupted_and_the_shell_kept(
        self, world: World
    ) -> None:
        await world.bash("x=3; sleep 300 & ")
        done = await world.bash("echo before; sleep 300; echo $x", timeout_s=1)
        assert done.text == "before\n3\n[the command ran longer than 1 s and was interrupted]"
        assert done.error
        assert (await world.bash("echo $x; jobs | wc -l")).text == "3\n1"

    async def test_what_goes_on_when_interrupted_is_killed_with_all_it_started(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("envs.code.shell.INTERRUPT_S", 0.3)
        await world.bash("x=3; echo kept > file")
        script = "(trap '' INT TERM; setsid sleep 301 & while :; do sleep 300; done)"
        done = await world.bash(script, timeout_s=1)
        assert "went on when interrupted, and was killed with its shell" in done.text
        assert f"A new shell starts in {REPOSITORY}" in done.text
        left = await world.bash('echo "$x"; cat file; cat /proc/[0-9]*/comm | grep -c sleep')
        assert left.text == "\nkept\n0\n[exit status 1]"

    @pytest.mark.parametrize(
        ("command", "told"),
        [
            ("echo bye; exit 3", "bye\n[the shell ended with exit status 3."),
            ("exec echo bye", "bye\n[the shell ended with exit status 0."),
            ("kill -9 $$", "[the shell was ended by SIGKILL."),
            ("kill -35 $$", "[the shell was ended by signal 35."),
            ("set -e; false", "[the shell ended with exit status 1."),
        ],
        ids=["exit", "exec", "kill", "odd kill", "errexit"],
    )
    async def test_a_shell_that_ends_is_replaced(
        self, world: World, command: str, told: str
    ) -> None:
        done = await world.bash(command)
        assert done.text.startswith(told)
        assert "variables, functions and background jobs are lost" in done.text
        assert (await world.bash("pwd")).text == REPOSITORY

    async def test_a_shell_that_ends_between_calls_is_told_at_the_next(self, world: World) -> None:
        await world.bash("(while kill -0 $$; do kill -9 $$; done) 2>/dev/null & ")
        await world.bash("wait")
        texts = [(await world.bash("echo ran")).text for _ in range(2)]
        assert texts[-1] == "ran"


class TestEditor:
    async def test_files_are_shown_with_numbers_and_from_any_line(self, world: World) -> None:
        seen = await world.view(WEIGH, start=6, end=7)
        assert seen.text == (
            f"{WEIGH}, lines 6-7 of 11:\n     6\tdef lightest(weights):\n     7\t    found = None"
        )
        assert (await world.view(f"{REPOSITORY}/{WEIGH}")).text.count("\n") == 11
        assert (await world.view(WEIGH, start=12)).text.startswith("Error: ")
        assert (await world.view(WEIGH, start=6.0, end=7.0)) == seen
        await world.bash(r"printf 'a\u2028b\x0cc\x85\nd\r\ne' > odd")
        assert (await world.view("odd")).text.splitlines(keepends=False)[
            0
        ] == "odd, lines 1-3 of 3:"
        assert (await world.view(WEIGH, start=5, end=4)).error

    async def test_folders_are_listed_two_levels_deep_without_git(self, world: World) -> None:
        lines = (await world.view(".")).text.splitlines()
        assert lines == [
            f"{REPOSITORY}/ (2 levels deep):",
            "README.md  (11 bytes)",
            "run.sh  (19 bytes)",
            "src/",
            "src/scales/",
            "tests/",
            f"tests/test_weigh.py  ({len(TREE['tests/test_weigh.py'].content)} bytes)",
        ]

    async def test_what_is_too_long_is_cut_and_says_how_to_see_the_rest(self, world: World) -> None:
        await world.bash("seq 20000 > long; head -c 9000 /dev/zero | tr '\\0' x > wide")
        seen = await world.view("long")
        assert seen.truncated
        assert len(seen.text) <= SMALL.max_output_chars
        last = int(seen.text.splitlines()[-2].split("\t")[1])
        assert seen.text.endswith(f"view them with start={last + 1}]")
        after = await world.view("long", start=last + 1)
        assert f"{last + 1:>6}\t{last + 1}" in after.text
        assert "7000 more characters" in (await world.view("wide")).text

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("absent", "No such file"),
            ("src/scales/table.bin", "binary"),
            ("/etc/shadow", "No such file"),
            ("large", "has more than"),
            ("/proc/1/mem", "ermission denied"),
            ("/dev/zero", "not a regular file"),
            ("x" * 900, "too long"),
        ],
    )
    async def test_what_cannot_be_shown_says_why(
        self, world: World, path: str, reason: str
    ) -> None:
        await world.bash("truncate -s 5000000 large")
        seen = await world.view(path)
        assert seen.error
        assert reason in seen.text

    async def test_one_occurrence_is_replaced_and_shown(self, world: World) -> None:
        done = await world.edit(WEIGH, "weight > found", "weight < found")
        assert done.text.splitlines()[0] == f"Edited {WEIGH}, lines 6-11 of 11:"
        assert "     9\t        if found is None or weight < found:" in done.text
        assert world.files == {WEIGH: SOURCE.replace("weight >", "weight <")}
        assert (await world.bash("python -m pytest -q tests | tail -1")).text.startswith("1 passed")

    @pytest.mark.parametrize(
        ("old", "reason"),
        [
            ("found", "`old` occurs 6 times in {}, at lines 7, 9, 9, 10, 11"),
            ("if found is None or weight >= found", "the nearest line is 9"),
            ("\tfor weight in weights:\n", "line 8 differs in white space: '    for weight"),
            ("    found = None\n    while", "its first line is line 7, but what follows differs"),
            ("\u96ea", "does not occur"),
        ],
        ids=["many", "nearest", "space", "first line", "none"],
    )
    async def test_what_does_not_occur_once_is_not_replaced(
        self, world: World, old: str, reason: str
    ) -> None:
        done = await world.edit(WEIGH, old, "new")
        assert done.error
        assert world.files == {}
        expected = reason.format(WEIGH)
        if "6 times" in reason:
            assert done.text.startswith(
                f"Error: `old` occurs {SOURCE.count('found')} times in {WEIGH}"
            )
        else:
            assert expected in done.text

    async def test_lines_keep_their_endings(self, world: World) -> None:
        done = await world.edit("src/scales/crlf.py", "one = 1\ntwo", "one = 3\nzwei")
        assert not done.error, done.text
        assert world.files == {"src/scales/crlf.py": "one = 3\r\nzwei = 2\r\n"}

    async def test_new_files_are_made_and_old_ones_not_overwritten(self, world: World) -> None:
        assert not (await world.edit("src/scales/deep/er.py", "", "x = 1\n")).error
        assert world.files == {"src/scales/deep/er.py": "x = 1\n"}
        again = await world.edit("src/scales/deep/er.py", "", "x = 2\n")
        assert "exists" in again.text
        for path in ("/usr/new", "/etc/passwd2", "/opt/site/x"):
            assert (await world.edit(path, "", "x")).error

    async def test_programs_stay_programs(self, world: World) -> None:
        await world.edit("run.sh", "ran", "went")
        assert (await world.bash("./run.sh")).text == "went"

    async def test_a_file_for_which_there_is_no_room_stays_as_it_was(self, world: World) -> None:
        await world.bash(
            "head -c 15000000 /dev/zero > a; cp a b; cat a > c 2>/dev/null; cat a >> c"
        )
        done = await world.edit(WEIGH, "UNIT", "x" * 190_000)
        assert "No space left" in done.text
        assert world.files == {}

    async def test_text_that_no_file_can_hold_is_refused(self, world: World) -> None:
        for call in (
            world.view("a\0b"),
            world.bash("echo \0"),
            world.edit(WEIGH, "UNIT", "\ud800"),
        ):
            assert (await call).text.endswith("null bytes or halves of characters.")
        assert (await world.bash("echo well")).text == "well"


async def solved(world: World, given: PublicTask) -> tuple[str, int]:
    """What the baseline says in the end, and the number of its calls."""
    solver, num_calls = greedy(given), 0
    call = next(solver)
    while True:
        num_calls += 1
        seen = await world.env.call(call)
        try:
            call = solver.send(seen)
        except StopIteration as end:
            return end.value, num_calls


class TestGreedy:
    async def test_it_mends_what_one_line_mends_and_hands_it_in(self, world: World) -> None:
        said, num_calls = await solved(world, task())
        assert world.files[WEIGH] == SOURCE.replace("weight > found", "weight < found")
        assert said == "Handed in: 1 changed and 0 deleted files."
        assert num_calls == 3

    async def test_it_leaves_no_trace_of_what_did_not_help(self, world: World) -> None:
        hopeless = TEXT.replace("```\n1\n```", "```\n5\n```")
        said, _ = await solved(world, task(text=hopeless))
        assert world.files == {}
        assert said.startswith("Nothing is handed in")

    def test_it_reads_code_sessions_and_expectations_in_both_languages(self) -> None:
        chinese = "`f` 不对。\n\n```pycon\n>>> from a import f\n>>> f(1)\n2\n```\n\n预期输出：\n\n```\n3\n```\n"
        report = read(chinese)
        assert report.script == "from a import f\nf(1)\n"
        assert report.expected == "3\n"
        assert read("no code").script == ""


def test_a_person_may_say_anything_or_nothing() -> None:
    assert final_message(["fixed", "it"], {"files": {}}) == "fixed it"
    assert final_message([], {"files": {"a.py": "", "b.py": None}}) == "Changed: a.py, b.py."
    assert final_message([], {"files": {}}) == "Changed: nothing."


def test_the_world_is_served_to_a_parent_process(tmp_path: Path) -> None:
    """The same calls through the tool server give the same observations and the same state."""
    import asyncio
    import json

    given = task()
    calls = [
        {"name": "bash", "arguments": {"command": "cd src; ls"}},
        {
            "name": "edit",
            "arguments": {"path": WEIGH, "old": "weight > found", "new": "weight < found"},
        },
        {"name": "bash", "arguments": {"command": "pwd; git diff --stat"}},
        {"name": "submit", "arguments": {}},
    ]

    async def here() -> tuple[list[str], object]:
        async with opened(given) as world:
            texts = [(await world.call(c["name"], **c["arguments"])).text for c in calls]
            return texts, world.env.state()

    texts, state = asyncio.run(here())
    public = {
        "id": given.id, "kind": given.kind, "language": given.language,
        "prompt": [message.model_dump(mode="json") for message in given.prompt],
        "tools": [tool.model_dump(mode="json") for tool in given.tools],
        "env": given.env.model_dump(mode="json"),
    }  # fmt: skip
    request = {"id": 1, "op": "script", "session": "s", "task": public, "calls": calls}
    done = subprocess.run(
        [sys.executable, "-m", "envs.server.stdio"],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
    )
    answer = json.loads(done.stdout.splitlines()[0])
    assert [o["text"] for o in answer["ok"]["observations"]] == texts
    assert answer["ok"]["state"] == state
