"""Cells on a real kernel: what they show, how they end, and what is left afterwards."""

import asyncio

import pytest

from envs.interpreter.kernel import Kernel, Run
from envs.interpreter.pool import Pool
from envs.interpreter.world import CellLimits, Ended
from tests.interpreter.conftest import QUICK

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def shown(kernel: Kernel, code: str) -> str:
    run = await kernel.run(code)
    assert run.cell.ended is Ended.OK, run.outputs.text(2000)
    return run.outputs.text(10_000)


def last_line(run: Run) -> str:
    return run.outputs.text(10_000).splitlines()[-1]


class TestOutputs:
    async def test_streams_results_and_tables_come_in_order(self, kernel: Kernel) -> None:
        code = (
            "import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')\n"
            "display('four')\nprint('five')\n'six'"
        )
        assert await shown(kernel, code) == "one\ntwo\nthree\n'four'\nfive\n'six'"
        table = "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})"
        assert await shown(kernel, table) == "   a  b\n0  1  x\n1  2  y"

    async def test_output_of_other_programs_is_shown(self, kernel: Kernel) -> None:
        assert await shown(kernel, "!echo from a shell") == "from a shell"

    async def test_a_figure_becomes_a_file_and_a_note(self, kernel: Kernel) -> None:
        code = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);"
        text = await shown(kernel, code)
        assert text.startswith("[image of ")
        path = text.split()[-1].rstrip("]")
        assert (await kernel.sandbox.get([path]))[path].startswith(b"\x89PNG")
        opened = f"from PIL import Image; Image.open({path!r}).format"
        assert await shown(kernel, opened) == "'PNG'"

    async def test_colours_and_overwritten_lines_are_not_shown(self, kernel: Kernel) -> None:
        code = r"print('\x1b[31mred\x1b[0m'); print('10%\r55%\r100%'); print('a\x08\x07b')"
        assert await shown(kernel, code) == "red\n100%\nab"

    async def test_an_error_shows_where_it_happened(self, kernel: Kernel) -> None:
        run = await kernel.run("x = 1\nx / 0")
        assert (run.cell.ended, run.cell.error) == (Ended.ERROR, "ZeroDivisionError")
        assert "----> 2 x / 0" in run.outputs.text(2000)
        assert "\x1b" not in run.outputs.text(2000)
        assert (await kernel.run("1 +")).cell.error == "SyntaxError"

    async def test_long_output_keeps_both_ends_around_a_mark(self, kernel: Kernel) -> None:
        run = await kernel.run("print('a' * 400_000); print('the end')")
        text = run.outputs.text(1000)
        assert run.outputs.truncated(1000)
        assert text.startswith("aaa")
        assert "characters are left out" in text
        assert text.endswith("more characters are not shown]")
        assert len(text) < 1100

    async def test_endless_printing_is_interrupted_and_costs_little(self, kernel: Kernel) -> None:
        run = await kernel.run("while True: print('x' * 1000)")
        assert run.cell.ended is Ended.INTERRUPTED
        assert len(run.outputs.text(10_000)) < 10_200
        assert await shown(kernel, "1 + 1") == "2"

    async def test_a_flood_of_messages_is_interrupted(self, kernel: Kernel) -> None:
        run = await kernel.run("while True: display(1)")
        # What is on its way when the interrupt comes may be too much to wait for.
        assert run.cell.ended in (Ended.INTERRUPTED, Ended.DIED)
        assert "The cell " in last_line(run) or "A new kernel" in last_line(run)
        assert await shown(kernel, "1 + 1") == "2"

    @pytest.mark.parametrize(
        "code",
        [
            "'x' * 10**8",
            "print('x' * 10**8)",
            "raise ValueError('x' * 10**7)",
            "display('x' * 10**8)",
        ],
    )
    async def test_one_huge_output_breaks_nothing(self, kernel: Kernel, code: str) -> None:
        run = await kernel.run(code)
        assert run.cell.ended in (Ended.OK, Ended.ERROR)
        assert len(run.outputs.text(5000)) < 5200
        assert await shown(kernel, "1 + 1") == "2"

    async def test_input_is_refused_in_words(self, kernel: Kernel) -> None:
        for code in ("input('name?')", "import getpass; getpass.getpass()"):
            run = await kernel.run(code)
            assert run.cell.ended is Ended.ERROR
            assert "input() is refused" in last_line(run)

    async def test_a_recursion_error_is_told_within_its_time(self, kernel: Kernel) -> None:
        run = await kernel.run("def f(): return f()\nf()")
        assert (run.cell.ended, run.cell.error) == (Ended.ERROR, "RecursionError")
        assert "frames in the middle are left out" in last_line(run)


class TestEnds:
    async def test_variables_and_files_stay_between_cells(self, kernel: Kernel) -> None:
        await kernel.run("x = 20\nopen('note', 'w').write('kept')")
        assert await shown(kernel, "print(x + 1, open('note').read())") == "21 kept"

    async def test_a_cell_that_runs_too_long_is_interrupted_and_the_state_stays(
        self, kernel: Kernel
    ) -> None:
        run = await kernel.run("x = 5\nprint('before')\nimport time\ntime.sleep(100)")
        assert (run.cell.ended, run.cell.error) == (Ended.INTERRUPTED, "KeyboardInterrupt")
        assert run.outputs.text(2000).startswith("before\n")
        assert last_line(run) == (
            "[The cell ran longer than 1.5 s and was interrupted; variables are kept.]"
        )
        assert await shown(kernel, "x") == "5"

    @pytest.mark.usefixtures("short_patience")
    async def test_a_cell_that_ignores_interrupts_loses_its_kernel_only(
        self, kernel: Kernel
    ) -> None:
        await kernel.run("open('note', 'w').write('kept'); x = 1")
        run = await kernel.run(
            "import time\nprint('said')\nwhile True:\n  try: time.sleep(1)\n"
            "  except KeyboardInterrupt: pass"
        )
        assert run.cell.ended is Ended.DIED
        assert run.outputs.text(2000).startswith("said\n[The cell ran longer than 1.5 s, went on")
        assert await shown(kernel, "open('note').read()") == "'kept'"
        after = await kernel.run("x")
        assert (after.cell.error, after.cell.kernel) == ("NameError", 2)

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("import os\nos._exit(3)", "ended itself (exit status 3)"),
            ("import os\nos.kill(os.getpid(), 9)", "was ended by SIGKILL"),
            ("import os\nos.kill(os.getpid(), 35)", "was ended by signal 35"),
            ("import ctypes\nctypes.string_at(0)", "was ended by SIGSEGV"),
            ("import os\nos.closerange(3, 500)\nwhile True: pass", "kernel"),
        ],
        ids=["exit", "kill", "nameless", "crash", "closed"],
    )
    async def test_a_dead_kernel_is_told_and_replaced(
        self, kernel: Kernel, code: str, words: str
    ) -> None:
        run = await kernel.run(f"print('said', flush=True)\nimport time\ntime.sleep(0.3)\n{code}")
        assert run.cell.ended is Ended.DIED
        text = run.outputs.text(2000)
        assert text.startswith("said\n")
        assert words in text
        assert "A new kernel has been started: variables and imports are lost" in text
        assert await shown(kernel, "1 + 1") == "2"

    async def test_a_kernel_that_dies_between_cells_is_told_with_the_next(
        self, kernel: Kernel
    ) -> None:
        await kernel.run("import os, threading\nthreading.Timer(0.5, os._exit, (4,)).start()")
        async with asyncio.timeout(10):
            while kernel.alive:
                await asyncio.sleep(0.01)
        run = await kernel.run("1")
        assert run.cell.ended is Ended.DIED
        assert "exit status 4" in run.outputs.text(2000)

    async def test_too_large_an_array_is_an_error_of_the_cell(self, kernel: Kernel) -> None:
        run = await kernel.run("import numpy as np\nnp.ones(10**10)")
        assert (run.cell.ended, run.cell.error) == (Ended.ERROR, "MemoryError")

    async def test_memory_that_runs_out_is_told(self, pool: Pool) -> None:
        async with pool.kernel(CellLimits(memory_mib=256)) as kernel:
            run = await kernel.run("x = []\nwhile True: x.append(bytearray(1 << 20))")
            assert run.cell.error == "MemoryError" or "ran out of memory" in run.outputs.text(2000)
            forks = "import os\nfor _ in range(2): os.fork()\nx = bytearray(200 << 20)\n"
            run = await kernel.run(forks + "import time; time.sleep(1)")
            assert (await kernel.run("1 + 1")).outputs.text(100) == "2"


@pytest.mark.usefixtures("short_patience")
class TestHostility:
    """Each of these cells attacks its kernel, the service or its neighbours."""

    @pytest.mark.parametrize(
        "code",
        [
            "import shutil, os\nshutil.rmtree('/', ignore_errors=True); os.listdir('.')",
            "f = open('/tmp/fill', 'wb')\nwhile True: f.write(b'x' * 10**6)",
            "import os\nfor folder in ('/tmp', '/dev/shm', '.'):\n"
            "  fd = os.open(folder + '/fill', os.O_WRONLY | os.O_CREAT)\n"
            "  try:\n    while os.write(fd, b'x' * 10**6): pass\n  except OSError: pass\nos._exit(1)",
            "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
            "import os, signal\nfor p in range(1, 5000):\n  try: os.kill(p, 9)\n  except OSError: pass",
            "import sys\nsys.stdout.pub_thread.schedule = print\nprint(1)",
            "k = get_ipython().kernel\nk.do_execute = None\nk.session.key = b'other'\nprint(1)",
            "k = get_ipython().kernel\nk.session.send = lambda *a, **k: None\nprint(1)",
            "k = get_ipython().kernel\n[k.iopub_thread.socket.send(b'x' * 10**7) for _ in range(50)]",
            "k = get_ipython().kernel\nk.session.send(k.iopub_socket, 'status', "
            "{'execution_state': 'idle'}, parent=k.get_parent())\nwhile True: pass",
            "import gc, socket\nfor o in gc.get_objects():\n"
            "  if isinstance(o, socket.socket): o.close()",
            "import threading, time\nfor _ in range(500): threading.Thread(target=time.sleep, "
            "args=(60,)).start()",
            "import json\nx = []\nfor _ in range(100000): x = [x]\n"
            "k = get_ipython().kernel\nk.iopub_thread.socket.send(b'[' * 10**6)",
        ],
        ids=[
            "delete", "fill",
            "fill-and-die", "fork", "kill", "break-streams", "break-kernel", "mute", "flood",
            "forge", "close", "threads", "deep",
        ],
    )  # fmt: skip
    async def test_the_service_and_the_neighbours_are_unharmed(
        self, pool: Pool, kernel: Kernel, code: str
    ) -> None:
        async with pool.kernel(QUICK) as neighbour:
            await neighbour.run("mark = 'mine'\nopen('file', 'w').write('mine')")
            run = await kernel.run(code)
            assert len(run.outputs.text(10_000)) < 10_200
            kept = await neighbour.run("print(mark, open('file').read())")
            assert kept.outputs.text(100) == "mine mine"
        # The attacker itself has a kernel again, with at most its own things broken.
        after = await kernel.run("1 + 1")
        if after.cell.ended is Ended.DIED:
            after = await kernel.run("1 + 1")
        assert after.outputs.text(2000).endswith("2")

    async def test_kernels_see_nothing_of_each_other(self, pool: Pool, kernel: Kernel) -> None:
        async with pool.kernel(QUICK) as other:
            await other.run("secret = 'abracadabra'\nopen('/tmp/secret', 'w').write(secret)")
            listing = (
                "import os\n[p for p in os.listdir('/proc') if p.isdigit()], os.listdir('/tmp')"
            )
            processes, files = eval(await shown(kernel, listing))
            assert len(processes) <= 3
            assert "secret" not in files

    async def test_nothing_of_the_service_can_be_reached(self, kernel: Kernel) -> None:
        kernel.limits = CellLimits()
        code = (
            "import os, pathlib\n"
            "places = [p for top in ('run', 'opt', 'home', 'etc', 'var', 'dev', 'tmp') "
            "for p in pathlib.Path('/', top).rglob('*')]\n"
            "found = [str(p) for p in places if 'palaestra' in p.name.lower()]\n"
            "sorted(os.environ), found"
        )
        variables, found = eval(await shown(kernel, code))
        assert not [name for name in variables if "PALAESTRA" in name or "KEY" in name]
        assert found == []

    async def test_there_is_no_network(self, kernel: Kernel) -> None:
        run = await kernel.run("import socket\nsocket.create_connection(('192.0.2.1', 80), 1)")
        assert run.cell.error == "OSError"
