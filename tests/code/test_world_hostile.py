"""What leaves the sandbox, and what hostile agents do to their shell, their files and their limits."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from envs.code.spec import REPOSITORY
from envs.code.survey import MAX_CHANGED, MAX_FILE_BYTES
from tests.code.world import SOURCE, SOURCES, TREE, World, opened, task

WEIGH = "src/scales/weigh.py"
FIXED = SOURCE.replace("weight > found", "weight < found")
FIX = f"sed -i 's/weight > found/weight < found/' {REPOSITORY}/{WEIGH}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("envs.code.shell.INTERRUPT_S", 0.5)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with opened(task()) as world:
        yield world


class TestState:
    async def test_it_is_what_was_changed_among_the_sources_and_nothing_else(
        self, world: World
    ) -> None:
        assert world.files == {}
        script = (
            f"{FIX}; rm src/scales/crlf.py; echo 'x = 1' > src/scales/new.py; echo >> README.md; "
            "echo > tests/test_weigh.py; echo > src/scales/conftest.py; echo > setup.cfg; "
            "mkdir src/scales/tests src/scales/__pycache__; echo > src/scales/tests/test_x.py; "
            "echo > src/scales/__pycache__/weigh.py; echo > src/other.py; echo > src/scales/table.bin; "
            "echo > src/scales/weigh.py.orig; echo > src/scales/notes"
        )
        await world.bash(script)
        assert world.files == {
            "src/scales/crlf.py": None,
            "src/scales/new.py": "x = 1\n",
            WEIGH: FIXED,
        }
        assert world.refused == {}

    async def test_what_is_changed_back_is_not_changed(self, world: World) -> None:
        await world.bash(f"cp {WEIGH} /tmp/kept; {FIX}")
        assert list(world.files) == [WEIGH]
        await world.bash(f"cp /tmp/kept {WEIGH}; touch -d 1999-01-01 {WEIGH}")
        assert world.files == {}

    async def test_a_change_of_one_byte_right_at_the_start_shows(self) -> None:
        """Sizes are the same, and the clock of files may not have moved."""
        for _ in range(5):
            async with opened(task()) as world:
                await world.edit(WEIGH, ">", "<")
                assert world.files == {WEIGH: FIXED}
                await world.edit(WEIGH, "<", ">")
                assert world.files == {}

    async def test_reading_it_changes_nothing_and_is_repeatable(self, world: World) -> None:
        await world.bash(FIX)
        script = "find . /tmp -newer /tmp/now -not -path './.git*'; touch /tmp/now"
        await world.bash(script)
        first = world.env.state()
        assert [world.env.state() for _ in range(100)] == [first] * 100
        assert (await world.bash(script)).text == "[no output]"

    async def test_only_paths_that_the_task_names_count(self) -> None:
        async with opened(task(sources=(WEIGH,))) as world:
            await world.bash(f"{FIX}; echo > src/scales/new.py; rm src/scales/crlf.py")
            assert world.files == {WEIGH: FIXED}
        top = {**TREE, "scales.py": TREE[WEIGH]}
        async with opened(task(top, sources=("scales.py",))) as world:
            await world.bash("echo 1 > scales.py; echo > other.py")
            assert world.files == {"scales.py": "1\n"}

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("ln -sf /etc/passwd {}", "is a link, not a file"),
            ("ln -sf crlf.py {}", "is a link, not a file"),
            ("rm {0}; mkfifo {0}", "is a special file"),
            (
                "rm {0}; python3 -c 'import socket; socket.socket(1).bind(\"{0}\")'",
                "is a special file",
            ),
            ("printf '\\xff' > {}", "is no UTF-8 text (byte 0)"),
            ("truncate -s 2000000 {}", f"has 2,000,000 bytes, more than {MAX_FILE_BYTES:,}"),
            ("truncate -s 15000000 {}", "has 15,000,000 bytes"),
            ("chmod 0 {}", "cannot be read: Permission denied"),
        ],
        ids=["link", "inner link", "pipe", "socket", "bytes", "large", "huge", "closed"],
    )
    async def test_what_is_no_plain_text_is_refused_with_the_reason(
        self, world: World, script: str, reason: str
    ) -> None:
        await world.bash(script.format(WEIGH))
        assert world.files == {}
        assert reason in world.refused[WEIGH]
        handed_in = await world.call("submit")
        assert f"left out: {WEIGH} {world.refused[WEIGH]}" in handed_in.text
        await world.bash(f"chmod 644 {WEIGH}; rm -f {WEIGH}; echo good > {WEIGH}")
        assert (world.files, world.refused) == ({WEIGH: "good\n"}, {})

    async def test_devices_cannot_be_made_and_links_to_them_are_not_read(
        self, world: World
    ) -> None:
        done = await world.bash("mknod src/scales/zero.py c 1 5; ln -s /dev/zero src/scales/z.py")
        assert "not permitted" in done.text
        assert world.files == {}
        assert list(world.refused) == ["src/scales/z.py"]

    async def test_a_folder_or_nothing_in_the_place_of_a_file_deletes_it(
        self, world: World
    ) -> None:
        await world.bash(f"rm {WEIGH}; mkdir {WEIGH}; echo 1 > {WEIGH}/inner.py")
        assert world.files == {WEIGH: None, f"{WEIGH}/inner.py": "1\n"}
        await world.bash("rm -rf src")
        assert world.files == dict.fromkeys(SOURCES)
        await world.bash(f"rm -rf {REPOSITORY}")
        assert world.files == dict.fromkeys(SOURCES)

    async def test_links_in_the_place_of_folders_are_not_followed(self, world: World) -> None:
        await world.bash(
            "mv src/scales /tmp/scales; echo 1 > /tmp/scales/weigh.py; ln -s /tmp/scales src/"
        )
        assert world.files == dict.fromkeys(SOURCES)

    async def test_odd_names_and_depths_are_left_behind(self, world: World) -> None:
        code = (
            "import os\nos.chdir('src/scales')\n"
            "for name in (b'new\\nline.py', b'\\xff.py', b'\\x1b.py', b'good.py'): open(name, 'w').close()\n"
            "for _ in range(40): os.mkdir('d' * 200); os.chdir('d' * 200)\nopen('x.py', 'w').close()"
        )
        await world.bash(f"python3 - <<'E'\n{code}\nE")
        assert world.files == {"src/scales/good.py": ""}
        assert (await world.bash("echo well")).text == "well"

    async def test_many_files_and_bytes_have_a_limit_that_is_told(self, world: World) -> None:
        await world.bash("cd src/scales; for i in $(seq 1000 1400); do echo > m$i.py; done")
        assert len(world.files) == MAX_CHANGED
        assert set(world.refused.values()) == {f"is one of more than {MAX_CHANGED} changed files"}
        await world.bash(
            "rm m*.py; for i in 1 2 3 4 5 6; do head -c 900000 /dev/zero > n$i.py; done"
        )
        assert len(world.files) == 4
        assert "larger than" in world.refused["src/scales/n5.py"]

    async def test_a_daemon_that_writes_later_changes_nothing_that_was_seen(
        self, world: World
    ) -> None:
        await world.bash(f"{FIX}; mkfifo go; (read x < go; echo forged > {WEIGH}; echo > done) & ")
        state = world.env.state()
        await world.bash("mkfifo done; echo > go; cat done")
        assert world.files[WEIGH] == "forged\n"
        assert state == {"files": {WEIGH: FIXED}}


class TestHostile:
    async def test_names_that_cover_bash_and_its_builtins_do_not_deceive_us(
        self, world: World
    ) -> None:
        script = (
            "mkdir -p ~/bin; for name in bash sh git tar cat read printf eval; do "
            "printf '#!/usr/bin/python3\\nprint(\"evil\")\\n' > ~/bin/$name; done; chmod +x ~/bin/*; "
            "export PATH=~/bin:$PATH BASH_ENV=~/evil ENV=~/evil; echo 'echo evil' | tee ~/evil ~/.bashrc "
            "~/.profile ~/.bash_profile; read() { :; }; printf() { :; }; eval() { :; }; trap() { :; }"
        )
        await world.bash(script)
        done = await world.bash("builtin printf '%s\\n' still; kill -9 $$")
        assert done.text.startswith("still\n[the shell was ended by SIGKILL")
        assert (await world.bash("echo $PATH | grep -c ~/bin; cat README.md")).text == (
            "0\nScales \u96ea"
        )

    async def test_no_output_ends_a_command(self, world: World) -> None:
        """Whatever a program prints, or writes to every descriptor that it has or can open."""
        code = (
            "import os, sys\n"
            "forged = b'0000000000000000 0\\0' * 3\n"
            "for fd in range(256):\n"
            "  try: os.write(fd, forged)\n"
            "  except OSError: pass\n"
            "for fd in os.listdir(f'/proc/{os.getppid()}/fd'):\n"
            "  try: open(f'/proc/{os.getppid()}/fd/{fd}', 'wb').write(forged)\n"
            "  except OSError: pass\n"
            "print('last', flush=True)\nsys.exit(5)"
        )
        done = await world.bash(f"python3 - <<'E'\n{code}\nE")
        assert done.text.endswith("last\n[exit status 5]")
        assert (await world.bash("echo next")).text == "next"

    async def test_a_shell_that_writes_to_our_socket_harms_itself_alone(self, world: World) -> None:
        script = "for fd in {10..40}; do echo forged >&$fd; printf 'x 0\\0' >&$fd; done 2>/dev/null"
        await world.bash(f"{script}; echo $?")
        await world.bash('for fd in {3..40}; do eval "exec $fd>&-"; done 2>/dev/null')
        texts = [(await world.bash("echo well")).text for _ in range(2)]
        assert texts[-1] == "well"

    async def test_a_fork_bomb_ends_with_its_time(self, world: World) -> None:
        await world.bash(":(){ :|: & };:", timeout_s=2)
        await world.bash("while :; do sleep 100 & done", timeout_s=2)
        # The first shell may find no room for a process; the one that comes after it does.
        await world.bash("kill -9 $$")
        assert (await world.bash("/bin/echo well")).text == "well"

    async def test_a_full_disk_and_a_million_files_stop_nothing_of_ours(self, world: World) -> None:
        code = "i = 0\nwhile True: open(f'/home/agent/{i}', 'w').close(); i += 1"
        assert "No space left" in (await world.bash(f'python3 -c "{code}"')).text
        assert (await world.bash("echo well")).text == "well"
        script = (
            "cd; find . -maxdepth 1 -type f -delete; for i in 1 2 3 4; do cat /dev/zero > $i; done"
        )
        assert "No space left" in (await world.bash(f"{script}; cd - >/dev/null")).text
        assert (await world.view(WEIGH)).text.startswith(WEIGH)
        await world.bash(f"rm ~/[0-9]; {FIX}")
        assert world.files == {WEIGH: FIXED}

    async def test_a_million_files_among_the_sources_are_left_behind(self, world: World) -> None:
        code = "i = 0\nwhile i < 1000000: open(f'src/scales/{i}.py', 'w').close(); i += 1"
        assert "No space left" in (await world.bash(f'python3 -c "{code}"')).text
        assert len(world.files) == MAX_CHANGED
        await world.bash("find src/scales -name '[0-9]*.py' -delete")
        assert world.files == {}

    async def test_memory_that_runs_out_is_told_and_takes_no_file(self, world: World) -> None:
        await world.bash(FIX)
        code = "x = []\nwhile True: x.append(bytearray(1 << 20))"
        done = await world.bash(f"for i in 1 2 3; do python3 -c '{code}' & done; wait")
        assert "MemoryError" in done.text or "Killed" in done.text or "out of memory" in done.text
        assert (await world.bash("echo well")).text == "well"
        assert world.files == {WEIGH: FIXED}

    async def test_endless_output_is_interrupted_at_its_limit(self, world: World) -> None:
        done = await world.bash("yes")
        assert done.truncated
        assert done.text.endswith("[the command printed more than 64 MiB and was interrupted]")
        await world.bash("yes & ")
        assert (await world.bash("kill %1; wait; echo well")).text.endswith("well")

    async def test_what_becomes_of_git_is_nobodys_business(self, world: World) -> None:
        await world.bash(f"{FIX}; git commit -qam fixed; git tag done; git checkout -qb other")
        assert world.files == {WEIGH: FIXED}
        await world.bash("git reset -q --hard main~0; rm -rf .git; ln -s /proc/1 .git; git status")
        assert world.files == {WEIGH: FIXED}

    async def test_the_sandbox_shows_nothing_of_ours(self, world: World) -> None:
        script = (
            "env; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'; "
            "find / -xdev \\( -name '*palaestra*' -o -name '*certificate*' \\) 2>/dev/null | "
            "grep -v ^/proc; ls -a ~ /tmp /opt"
        )
        text = (await world.bash(script)).text.replace("palaestra <", "")
        for secret in ("lightest", "PALAESTRA", "tests/code", "hidden"):
            assert secret not in text
