"""What every sandbox does and prevents, whatever it is made of.

Known failures: none. A check that one technology cannot pass goes into `KNOWN` with the reason.
"""

import asyncio
import errno
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from data.errors import EnvironmentFault
from envs.sandbox.base import HOME, Completed, Provider, Sandbox
from tests.sandbox.conftest import SMALL

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN: dict[tuple[str, str], str] = {}
"""Known failures: provider and test to the reason."""
ROOT = Path(__file__).resolve().parents[2]
LONG_S = 20.0
"""More than any command here takes; those that never end have limits of their own."""


@pytest.fixture(autouse=True)
def known_failures(request: pytest.FixtureRequest) -> None:
    reason = KNOWN.get((request.node.callspec.params["provider"], request.function.__name__))
    if reason:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


async def sh(box: Sandbox, script: str, timeout_s: float = LONG_S) -> Completed:
    return await box.exec(["sh", "-c", script], timeout_s=timeout_s)


async def py(box: Sandbox, code: str, timeout_s: float = LONG_S) -> Completed:
    return await box.exec(["python3", "-c", code], timeout_s=timeout_s)


async def refusal(box: Sandbox, code: str) -> str:
    """Name of the error that `code` must end with."""
    done = await py(box, f"try:\n  {code}\n  print('done')\nexcept OSError as e: print(e.errno)")
    text = done.stdout.decode().strip()
    return text if text in ("done", "") else errno.errorcode[int(text)]


class TestExec:
    async def test_streams_and_status_come_back_apart(self, box: Sandbox) -> None:
        done = await sh(box, "echo out; echo err >&2; exit 7")
        assert (done.stdout, done.stderr, done.status) == (b"out\n", b"err\n", 7)
        assert done[3:] == (False, False, False)

    async def test_a_signal_is_a_negative_status(self, box: Sandbox) -> None:
        assert (await sh(box, "kill -TERM $$")).status == -signal.SIGTERM

    @pytest.mark.parametrize("size", [0, 1, 3_000_000])
    async def test_stdin_arrives_whole_and_ends(self, box: Sandbox, size: int) -> None:
        data = bytes(range(256)) * (size // 256 + 1)
        done = await box.exec(
            ["cat"], stdin=data[:size], timeout_s=LONG_S, max_output_bytes=4_000_000
        )
        assert done.stdout == data[:size]

    async def test_a_command_need_not_read_its_stdin(self, box: Sandbox) -> None:
        assert (await box.exec(["true"], stdin=b"x" * 1_000_000, timeout_s=LONG_S)).status == 0

    async def test_arguments_arrive_as_they_are(self, box: Sandbox) -> None:
        words = ["a b", "", "'\"$HOME`", "two\nlines", "\u96ea"]
        done = await box.exec(["printf", "%s|", *words], timeout_s=LONG_S)
        assert done.stdout.decode() == "|".join(words) + "|"

    async def test_variables_are_added_and_none_of_ours_leaks(self, box: Sandbox) -> None:
        done = await box.exec(["env"], env={"EXTRA": "1"}, timeout_s=LONG_S)
        variables = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
        assert variables["EXTRA"] == "1"
        assert variables["HOME"] == HOME
        assert variables["PYTHONHASHSEED"] == "0"
        assert variables["TZ"] == "UTC"
        assert "sesame" not in done.stdout.decode()
        assert "PALAESTRA_TEST_SECRET" not in variables

    async def test_commands_start_in_home_or_where_they_are_told(self, box: Sandbox) -> None:
        assert (await sh(box, "pwd")).stdout == f"{HOME}\n".encode()
        done = await box.exec(["pwd"], cwd="/usr/bin", timeout_s=LONG_S)
        assert done.stdout == b"/usr/bin\n"

    async def test_a_missing_folder_program_or_permission_reads_as_in_a_shell(
        self, box: Sandbox
    ) -> None:
        missing = await box.exec(["no-such-program"], timeout_s=LONG_S)
        assert missing.status == 127
        assert b"no-such-program" in missing.stderr
        assert (await box.exec(["pwd"], cwd="/no/such", timeout_s=LONG_S)).status == 127
        assert (await box.exec(["/etc/passwd"], timeout_s=LONG_S)).status == 126

    async def test_a_command_has_its_three_streams_and_no_other_descriptor(
        self, box: Sandbox
    ) -> None:
        code = (
            "import os, sys\nfor number in range(256):\n"
            "  try: os.fstat(number)\n  except OSError: continue\n"
            "  os.write(int(sys.argv[1]), b'%d ' % number)"
        )
        done = await box.exec(["python3", "-c", code, "1"], timeout_s=LONG_S)
        assert done.stdout == b"0 1 2 "
        near, far = socket.socketpair()
        with near:
            process = await box.spawn(["python3", "-c", code, "5"], fds={5: far.fileno()})
            far.close()
            await process.wait(LONG_S)
            assert near.recv(100) == b"0 1 2 5 "

    async def test_an_impossible_argument_is_refused(self, box: Sandbox) -> None:
        with pytest.raises(OSError, match="null"):
            await box.exec(["echo", "a\0b"], timeout_s=LONG_S)

    async def test_a_timeout_keeps_what_was_said_and_kills_all_descendants(
        self, box: Sandbox
    ) -> None:
        script = (
            "echo started; sleep 300 & (setsid sleep 301 &) ; "
            "setsid sh -c 'trap \"\" TERM; sleep 302' & sleep 303"
        )
        done = await sh(box, script, timeout_s=0.5)
        assert done.timed_out
        assert done.stdout == b"started\n"
        assert await running(box) == []

    async def test_nothing_outlives_its_command(self, box: Sandbox) -> None:
        await sh(box, "setsid sleep 300 >/dev/null 2>&1 & (sleep 301 &)")
        assert await running(box) == []

    async def test_a_daemon_that_holds_the_streams_does_not_hold_the_answer(
        self, box: Sandbox
    ) -> None:
        done = await sh(box, "setsid sleep 300 & echo here")
        assert done.stdout == b"here\n"
        assert not done.timed_out

    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    async def test_output_is_cut_visibly(self, box: Sandbox, stream: str) -> None:
        redirect = "" if stream == "stdout" else ">&2"
        script = f"head -c 5000 /dev/zero | tr '\\0' x {redirect}"
        done = await box.exec(["sh", "-c", script], timeout_s=LONG_S, max_output_bytes=1000)
        text: bytes = getattr(done, stream)
        assert done.truncated
        assert text.startswith(b"x" * 1000 + b"\n[cut: the first 1000 of 5000 bytes")
        exact = await box.exec(["sh", "-c", script], timeout_s=LONG_S, max_output_bytes=5000)
        assert getattr(exact, stream) == b"x" * 5000
        assert not exact.truncated

    async def test_endless_output_ends_with_the_time(self, box: Sandbox) -> None:
        done = await box.exec(["yes"], timeout_s=0.5, max_output_bytes=100)
        assert done.timed_out
        assert done.truncated
        assert len(done.stdout) < 200

    async def test_commands_run_side_by_side(self, box: Sandbox) -> None:
        waits = "mkfifo pipe; echo first > pipe"
        first, second = await asyncio.gather(
            sh(box, waits), sh(box, "until [ -p pipe ]; do :; done; cat pipe")
        )
        assert (first.status, second.stdout) == (0, b"first\n")


class TestFiles:
    async def test_contents_come_back_as_they_were(self, box: Sandbox) -> None:
        files = {
            "text.txt": b"line\r\nline\n",
            "empty": b"",
            "a name with \u96ea and spaces": bytes(range(256)),
            "deep/er/file": b"1",
            "/tmp/absolute": b"2",
        }
        await box.put(files)
        assert await box.get(list(files)) == files
        assert (await sh(box, "cat deep/er/file")).stdout == b"1"

    async def test_large_files(self, box: Sandbox) -> None:
        content = os.urandom(1 << 20) * 12
        await box.put({"large": content})
        assert await box.get(["large"]) == {"large": content}

    async def test_what_cannot_be_read_raises_the_fitting_error(self, box: Sandbox) -> None:
        await sh(box, "touch secret; chmod 0 secret; ln -s loop loop")
        with pytest.raises(FileNotFoundError, match="absent"):
            await box.get(["absent"])
        with pytest.raises(IsADirectoryError):
            await box.get(["/etc"])
        with pytest.raises(PermissionError, match="secret"):
            await box.get(["secret"])
        with pytest.raises(OSError, match="loop"):
            await box.get(["loop"])

    async def test_reading_stops_at_its_limit(self, box: Sandbox) -> None:
        await box.put({"a": b"x" * 600, "b": b"x" * 600})
        assert len(await box.get(["a", "b"], max_bytes=1200)) == 2
        with pytest.raises(OSError, match="more than 1199 bytes") as error:
            await box.get(["a", "b"], max_bytes=1199)
        assert error.value.errno == errno.EFBIG

    async def test_pipes_and_devices_are_no_files(self, box: Sandbox) -> None:
        await sh(box, "mkfifo pipe; ln -s /dev/zero zero")
        for name in ("pipe", "zero"):
            with pytest.raises(OSError, match="not a regular file"):
                await box.get([name])
        with pytest.raises(OSError, match=r"regular|No such device"):
            await box.put({"pipe": b"x"})

    async def test_what_cannot_be_written_raises_the_fitting_error(self, box: Sandbox) -> None:
        await sh(box, "mkdir folder; touch kept; chmod a-w kept")
        with pytest.raises(IsADirectoryError):
            await box.put({"folder": b""})
        with pytest.raises(PermissionError):
            await box.put({"kept": b""})
        with pytest.raises(OSError, match="Read-only"):
            await box.put({"/usr/new": b""})

    async def test_links_lead_nowhere_outside(self, box: Sandbox, tmp_path: Path) -> None:
        target = tmp_path / "target"
        target.write_text("host")
        await sh(box, f"ln -s {target} out; ln -s ../../../../../etc/passwd up")
        with pytest.raises(FileNotFoundError):
            await box.get(["out"])
        assert (await box.get(["up"]))["up"] != Path("/etc/passwd").read_bytes()
        with pytest.raises(OSError, match="out"):
            await box.put({"out": b"changed"})
        assert target.read_text() == "host"


class TestWalk:
    async def test_all_names_below_a_folder_with_what_they_are(self, box: Sandbox) -> None:
        await box.put({"top/a": b"123", "top/deep/er/\u96ea": b""})
        await sh(
            box, "cd top; ln -s a link; ln -s .. loop; mkfifo pipe; mkdir -p shut/in; chmod 0 shut"
        )
        found = await box.walk("top")
        assert {name: entry.kind for name, entry in found.items()} == {
            "": "folder",
            "a": "file",
            "deep": "folder",
            "deep/er": "folder",
            "deep/er/\u96ea": "file",
            "link": "link",
            "loop": "link",
            "pipe": "other",
            "shut": "folder",
        }
        await sh(box, "chmod 700 top/shut")
        assert found["a"].size_bytes == 3
        assert list(await box.walk("top/link")) == [""]
        assert "deep/er" not in await box.walk("top", max_depth=1)
        assert "deep/er/\u96ea" not in await box.walk("top", max_depth=2)
        with pytest.raises(FileNotFoundError, match="absent"):
            await box.walk("absent")

    async def test_a_change_shows_whatever_time_the_file_claims(self, box: Sandbox) -> None:
        await box.put({"a": b"one"})
        before = (await box.walk("a"))[""]
        await sh(box, "touch -r a stamp; printf two > a; touch -r stamp a")
        after = (await box.walk("a"))[""]
        assert before.size_bytes == after.size_bytes
        assert before.changed_ns < after.changed_ns

    async def test_odd_and_deep_and_many_names_do_no_harm(self, box: Sandbox) -> None:
        code = (
            "import os\nopen(b'odd/\\xff\\n', 'w')\n"
            "for _ in range(60):\n  os.mkdir('x' * 200)\n  os.chdir('x' * 200)"
        )
        assert (await sh(box, f'mkdir odd; python3 -c "{code}"')).stderr == b""
        found = await box.walk("odd")
        assert list(found) == ["", "\udcff\n"]
        assert len(await box.walk(".")) < 60
        with pytest.raises(OSError, match="more than 5 entries"):
            await box.walk(".", max_entries=5)


class TestLimits:
    async def test_a_fork_bomb_ends_with_its_time_and_leaves_the_rest_alone(
        self, box: Sandbox, provider: Provider
    ) -> None:
        async with provider.open(SMALL) as neighbour:
            bomb = sh(box, "f() { f | f & }; f; while :; do :; done", timeout_s=1.0)
            done, other = await asyncio.gather(bomb, sh(neighbour, "echo well"))
        assert done.timed_out or b"fork" in done.stderr
        assert other.stdout == b"well\n"
        assert await running(box) == []

    async def test_processes_are_limited(self, box: Sandbox) -> None:
        code = (
            "import os, time\nn = 0\n"
            "try:\n  while n < 500:\n    if os.fork() == 0: time.sleep(60)\n    n += 1\n"
            "except OSError: pass\nprint(n)"
        )
        assert 5 < int((await py(box, code)).stdout) <= SMALL.pids

    async def test_memory_of_one_process_is_limited(self, box: Sandbox) -> None:
        done = await py(box, "x = bytearray(3 << 30)")
        assert b"MemoryError" in done.stderr
        grown = await py(box, "x = []\nwhile True: x.append(bytearray(1 << 20))")
        assert grown.oom or b"MemoryError" in grown.stderr
        assert (await sh(box, "echo well")).stdout == b"well\n"

    async def test_memory_of_all_processes_is_limited(self, box: Sandbox) -> None:
        code = (
            "import os, time\n"
            "children = [os.fork() for _ in range(3)]\n"
            "x = bytearray(90 << 20)\n"
            "time.sleep(5 if 0 in children else 2)"
        )
        assert (await py(box, code)).oom
        assert (await sh(box, "echo well")).stdout == b"well\n"

    async def test_a_full_disk_is_an_error_and_no_more(self, box: Sandbox) -> None:
        script = (
            "for i in 1 2 3 4; do head -c 10000000 /dev/zero > f$i; done; echo; rm f1; echo ok > f1"
        )
        done = await sh(box, script)
        assert b"No space left" in done.stderr
        assert (await box.get(["f1"])) == {"f1": b"ok\n"}

    @pytest.mark.parametrize("folder", [HOME, "/tmp", "/dev/shm"])
    async def test_every_writable_folder_has_a_limit(self, box: Sandbox, folder: str) -> None:
        script = f"cd {folder}; for i in 1 2 3 4 5 6; do head -c 8000000 /dev/zero > f$i; done"
        assert b"No space left" in (await sh(box, script)).stderr

    async def test_the_number_of_files_is_limited(self, box: Sandbox) -> None:
        code = "i = 0\nwhile True: open(f'{i}', 'w').close(); i += 1"
        assert b"No space left" in (await py(box, code)).stderr

    async def test_files_have_a_largest_size(self, box: Sandbox) -> None:
        code = f"f = open('f', 'wb'); f.truncate({(SMALL.file_mib << 20) + 1})"
        assert await refusal(box, code) == "EFBIG"

    async def test_open_files_are_limited(self, box: Sandbox) -> None:
        code = "x = [open('/dev/null') for _ in range(100)]"
        assert await refusal(box, code) == "EMFILE"


class TestIsolation:
    async def test_nothing_is_left_of_privilege(self, box: Sandbox) -> None:
        status = (await sh(box, "cat /proc/self/status")).stdout.decode()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(fields["Uid"].split()) == {"1000"}
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(fields[name], 16) == 0
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")

    async def test_a_set_user_bit_gives_nothing(self, box: Sandbox) -> None:
        script = "cp /usr/bin/id id; chmod u+s,g+s id; ./id -u; su -c id"
        assert (await sh(box, script)).stdout == b"1000\n"

    async def test_there_is_no_network(self, box: Sandbox) -> None:
        listing = "import socket; print([name for _, name in socket.if_nameindex()])"
        assert (await py(box, listing)).stdout == b"['lo']\n"
        with socket.create_server(("0.0.0.0", 0)) as server:
            port = server.getsockname()[1]
            code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
            assert await refusal(box, code) == "ECONNREFUSED"
        code = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
        assert await refusal(box, code) == "ENETUNREACH"

    async def test_a_server_of_ones_own_can_be_reached(self, box: Sandbox) -> None:
        code = (
            "import socket\ns = socket.create_server(('127.0.0.1', 0))\n"
            "c = socket.create_connection(s.getsockname())\nprint(s.accept()[0].fileno() > 0)"
        )
        assert (await py(box, code)).stdout == b"True\n"

    async def test_sockets_without_an_address_in_the_network_are_apart_too(
        self, box: Sandbox, provider: Provider
    ) -> None:
        name = f"\0palaestra-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
            server.listen()
            code = f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})"
            assert await refusal(box, code) == "ECONNREFUSED"

    @pytest.mark.parametrize("family", [17, 29, 38, 40], ids=["packet", "can", "alg", "vsock"])
    async def test_other_families_of_sockets_are_refused(self, box: Sandbox, family: int) -> None:
        code = f"import socket; socket.socket({family}, socket.SOCK_STREAM)"
        assert await refusal(box, code) in ("EPERM", "EAFNOSUPPORT")

    async def test_other_processes_cannot_be_seen_or_signalled(self, box: Sandbox) -> None:
        numbers = (await sh(box, "ls /proc | grep '^[0-9]' | wc -l")).stdout
        assert int(numbers) <= 5
        assert await refusal(box, f"import os; os.kill({os.getpid()}, 0)") == "ESRCH"
        await sh(box, "kill -9 -1")
        assert (await sh(box, "echo well")).stdout == b"well\n"

    async def test_files_of_this_machine_cannot_be_seen(self, box: Sandbox, tmp_path: Path) -> None:
        (tmp_path / "hidden").write_text("x")
        for path in (ROOT, tmp_path, Path.home() / ".ssh", Path("/var/lib"), Path("/etc/shadow")):
            assert await refusal(box, f"import os; os.listdir({str(path)!r})") == "ENOENT"
        seen = (await sh(box, "cat /etc/passwd /etc/hosts; ls -a / /home /tmp; hostname")).stdout
        assert socket.gethostname().encode() not in seen.split()
        assert os.environ.get("USER", "root").encode() + b":x:1001" not in seen

    async def test_only_the_writable_folders_can_be_written(self, box: Sandbox) -> None:
        for folder in ("/", "/usr", "/usr/bin", "/etc", "/home", "/opt", "/run", "/var", "/dev"):
            assert await refusal(box, f"open({folder + '/new'!r}, 'w')") in ("EROFS", "EACCES")
        for folder in (HOME, "/tmp", "/var/tmp", "/dev/shm"):
            assert await refusal(box, f"open({folder + '/new'!r}, 'w')") == "done"

    async def test_the_kernel_cannot_be_tuned(self, box: Sandbox) -> None:
        for path in (
            "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/1/oom_score_adj",
            "/sys/kernel/mm/ksm/run", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ):  # fmt: skip
            assert await refusal(box, f"open({path!r}, 'w').write('1')") in (
                "EROFS", "EACCES", "EPERM", "ENOENT",
            )  # fmt: skip
        assert await refusal(box, "import os; os.mknod('disk', 0o60600, 0x800)") == "EPERM"

    @pytest.mark.parametrize(
        "call",
        [
            "mount(b'none', b'/tmp', b'tmpfs', 0, 0)",
            "umount2(b'/proc', 2)",
            "unshare(0x10000000)",
            "setns(0, 0)",
            "chroot(b'/tmp')",
            "ptrace(16, 1, 0, 0)",
            "sethostname(b'x', 1)",
            "syscall(435, 0, 0)",
            "syscall(321, 0, 0, 0)",
            "syscall(425, 1, 0)",
            "syscall(250, 0, 0, 0)",
        ],
        ids=lambda call: call.split(")")[0],
    )
    async def test_calls_that_lead_out_are_refused(self, box: Sandbox, call: str) -> None:
        code = (
            "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            f"print(libc.{call}, ctypes.get_errno())"
        )
        result, number = (await py(box, code)).stdout.split()
        assert result == b"-1"
        assert errno.errorcode[int(number)] in ("EPERM", "ENOSYS")

    async def test_process_1_can_neither_be_ended_nor_read_nor_changed(self, box: Sandbox) -> None:
        for number in ("KILL", "STOP", "INT", "TERM", "SEGV", "CHLD", "ABRT"):
            await sh(box, f"kill -{number} 1")
        for name in ("mem", "environ", "maps", "fd", "root"):
            code = f"import os; os.stat('/proc/1/{name}'); open('/proc/1/{name}').read(1)"
            listing = f"import os; os.listdir('/proc/1/{name}')"
            assert "done" not in (await refusal(box, code), await refusal(box, listing))
        limit = "import resource; resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))"
        assert await refusal(box, limit) in ("EPERM", "")
        assert (await sh(box, "echo well")).stdout == b"well\n"

    async def test_neighbours_share_no_folder(self, box: Sandbox, provider: Provider) -> None:
        await sh(box, "for d in . /tmp /dev/shm; do echo x > $d/mark; done")
        async with provider.open(SMALL) as neighbour:
            listing = await sh(neighbour, f"ls -A {HOME} /tmp /dev/shm | grep -v : | tr -d '\\n'")
            assert listing.stdout == b""


class TestMounts:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "site" / "deep").mkdir(parents=True)
        (tmp_path / "site" / "deep" / "file").write_text("of the host")
        (tmp_path / "site" / "program").write_text("#!/bin/sh\necho ran\n")
        (tmp_path / "site" / "program").chmod(0o755)
        return tmp_path / "site"

    async def test_a_folder_of_this_machine_can_be_read_and_run_but_not_changed(
        self, provider: Provider, folder: Path
    ) -> None:
        inside = ("/etc/more", "/opt/site", "/usr/share/doc")
        async with provider.open(SMALL, dict.fromkeys(inside, folder)) as box:
            for place in inside:
                assert (await box.get([f"{place}/deep/file"])).popitem()[1] == b"of the host"
                assert (await sh(box, f"{place}/program")).stdout == b"ran\n"
                for code in (
                    f"open('{place}/new', 'w')",
                    f"open('{place}/deep/file', 'a')",
                    f"__import__('os').unlink('{place}/deep/file')",
                    f"__import__('os').rename('{place}', '{place}2')",
                    f"__import__('os').chmod('{place}/deep/file', 0o777)",
                ):
                    assert await refusal(box, code) in ("EROFS", "EPERM", "EACCES", "EBUSY"), code
            # What stood there before stands there still, and nothing else has come.
            assert (await sh(box, "id -un")).stdout == b"agent\n"
            assert (await sh(box, "ls /opt")).stdout in (
                b"packages\nsite\nsupervisor\n",
                b"site\nsupervisor\n",
            )
        assert sorted(path.name for path in folder.rglob("*")) == ["deep", "file", "program"]

    async def test_a_mount_is_seen_by_its_own_sandbox_alone_and_ends_with_it(
        self, provider: Provider, box: Sandbox, folder: Path
    ) -> None:
        before = Path("/proc/self/mountinfo").read_text()
        async with provider.open(SMALL, {"/opt/site": folder}):
            assert await listed(box, "/opt/site") == b""
        async with provider.open(SMALL) as later:
            assert await listed(later, "/opt/site") == b""
        assert Path("/proc/self/mountinfo").read_text() == before
        assert (folder / "deep" / "file").read_text() == "of the host"

    async def test_neighbours_may_have_different_folders_at_one_path(
        self, provider: Provider, folder: Path
    ) -> None:
        async with (
            provider.open(SMALL, {"/opt/site": folder}) as first,
            provider.open(SMALL, {"/opt/site": folder / "deep"}) as second,
        ):
            assert await listed(first, "/opt/site") == b"deep\nprogram\n"
            assert await listed(second, "/opt/site") == b"file\n"

    async def test_links_in_a_folder_lead_nowhere_outside(
        self, provider: Provider, folder: Path
    ) -> None:
        (folder.parent / "secret").write_text("host")
        (folder / "up").symlink_to("../secret")
        (folder / "far").symlink_to(folder.parent / "secret")
        async with provider.open(SMALL, {"/opt/site": folder}) as box:
            for name in ("up", "far", "../secret"):
                with pytest.raises(FileNotFoundError):
                    await box.get([f"/opt/site/{name}"])

    @pytest.mark.parametrize(
        "source",
        ["absent", "site/program", "site/\0", "closed"],
        ids=["absent", "file", "null", "closed"],
    )
    async def test_what_is_no_folder_for_others_is_one_clear_fault(
        self, provider: Provider, folder: Path, source: str
    ) -> None:
        (folder.parent / "closed").mkdir(mode=0o700)
        if source == "closed" and os.geteuid() != 0:
            pytest.skip("an ordinary user's sandboxes have that user's rights")
        with pytest.raises(EnvironmentFault, match="cannot mount .* at '/opt/site': ") as fault:
            async with provider.open(SMALL, {"/opt/site": folder.parent / source}):
                pass
        assert "\n" not in str(fault.value)

    @pytest.mark.parametrize(
        "target",
        ["/", "/proc", "/proc/1", "/tmp", "/home/agent/repo", "/opt", "/opt/supervisor", "opt/site"]
        + [
            "/opt/../etc",
            "/opt//site",
            "/opt/site/",
            "/opt/a b",
            "/opt/a:b",
            "/opt/\n",
            "/new/deep",
        ]
        + ["/etc/passwd", "/opt/" + "x" * 300, ""],
    )
    async def test_a_path_that_the_sandbox_needs_or_that_is_odd_is_refused(
        self, provider: Provider, folder: Path, target: str
    ) -> None:
        with pytest.raises(EnvironmentFault):
            async with provider.open(SMALL, {target: folder}):
                pass

    async def test_mounts_do_not_lie_in_each_other_and_are_few(
        self, provider: Provider, folder: Path
    ) -> None:
        for targets in (["/opt/site", "/opt/site/deep"], [f"/opt/site{n}" for n in range(30)]):
            with pytest.raises(EnvironmentFault, match="mount"):
                async with provider.open(SMALL, dict.fromkeys(targets, folder)):
                    pass


class TestSpawn:
    async def test_a_process_speaks_over_the_descriptors_it_was_given(self, box: Sandbox) -> None:
        near, far = socket.socketpair()
        with near:
            with far:
                code = "import os; os.write(7, os.read(7, 100).upper())"
                process = await box.spawn(["python3", "-c", code], fds={7: far.fileno()})
            near.sendall(b"hello")
            end = await process.wait(LONG_S)
            assert end is not None
            assert end.status == 0
            assert near.recv(100) == b"HELLO"

    async def test_it_outlives_commands_and_can_be_signalled(self, box: Sandbox) -> None:
        script = "trap 'exit 5' USR1; while :; do sleep 0.05; done"
        process = await box.spawn(["sh", "-c", script])
        assert (await sh(box, "sleep 300 & echo well")).stdout == b"well\n"
        assert await process.wait(0.0) is None
        await process.signal(signal.SIGUSR1)
        end = await process.wait(LONG_S)
        assert end is not None
        assert end.status == 5
        await process.signal(signal.SIGUSR1)

    async def test_killing_it_kills_what_it_started(self, box: Sandbox) -> None:
        process = await box.spawn(["sh", "-c", "(setsid sleep 300 &) ; sleep 301 & wait"])
        assert (await process.kill()).status == -signal.SIGKILL
        assert await running(box) == []

    async def test_a_program_that_does_not_exist_is_an_error(self, box: Sandbox) -> None:
        with pytest.raises(FileNotFoundError, match="no-such-program"):
            await box.spawn(["no-such-program"])

    async def test_a_loaded_program_is_forked_with_its_descriptors_only(self, box: Sandbox) -> None:
        near, far = socket.socketpair()
        with near:
            with far:
                process = await box.spawn(["@echo", "one", "two"], fds={3: far.fileno()})
            end = await process.wait(LONG_S)
            assert end is not None
            assert end.status == 0
            # The last one is the listing's own.
            assert near.recv(1000) == b"one two ['0', '1', '2', '3', '4']"


class TestEnd:
    async def test_closing_ends_everything_and_may_be_repeated(self, provider: Provider) -> None:
        near, far = socket.socketpair()
        with near:
            async with provider.open(SMALL) as box:
                with far:
                    await box.spawn(["sleep", "300"], fds={1: far.fileno()})
                await box.close()
                await box.close()
            near.settimeout(LONG_S)
            assert near.recv(1) == b""  # nobody holds the other end any more

    async def test_a_closed_sandbox_is_lost(self, provider: Provider) -> None:
        async with provider.open(SMALL) as box:
            process = await box.spawn(["sleep", "300"])
            waiting = asyncio.create_task(sh(box, "sleep 300"))
            await asyncio.sleep(0)
            await box.close()
            with pytest.raises(EnvironmentFault, match="lost"):
                await waiting
            with pytest.raises(EnvironmentFault, match="lost"):
                await process.wait(LONG_S)
            with pytest.raises(EnvironmentFault, match="lost"):
                await box.get(["x"])

    async def test_many_at_once(self, provider: Provider) -> None:
        async def one(number: int) -> bytes:
            async with provider.open(SMALL) as box:
                await box.put({"number": str(number).encode()})
                return (await sh(box, "cat number")).stdout

        started = time.monotonic()
        found = await asyncio.gather(*(one(number) for number in range(12)))
        assert found == [str(number).encode() for number in range(12)]
        assert time.monotonic() - started < LONG_S


async def listed(box: Sandbox, folder: str) -> bytes:
    """Names in `folder`; nothing if there is no such folder."""
    return (await box.exec(["ls", folder], timeout_s=LONG_S)).stdout


async def running(box: Sandbox) -> list[str]:
    """Command lines of processes that are neither the sandbox's own nor ended."""
    script = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done 2>/dev/null"
    lines = (await sh(box, script)).stdout.decode().splitlines()
    return [line for line in lines if "sleep" in line]
