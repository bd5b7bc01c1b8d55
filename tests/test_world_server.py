"""The server of worlds as another program meets it: a child on two pipes."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUEST = json.dumps({"id": 1, "op": "close", "session": "none"}).encode() + b"\n"


def test_a_parent_that_stops_reading_ends_the_child_without_a_traceback() -> None:
    gone, replies = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-m", "envs.server.stdio"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=replies,
        stderr=subprocess.PIPE,
    )
    os.close(replies)
    os.close(gone)
    assert child.stdin is not None
    assert child.stderr is not None
    with child.stdin as requests, child.stderr as said:
        requests.write(REQUEST)
        requests.flush()
        # Its input stays open: only the lost reader of its replies can end it.
        assert (child.wait(60), said.read()) == (0, b"")


def test_requests_are_answered_until_stdin_closes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "envs.server.stdio"],
        cwd=ROOT,
        input=REQUEST,
        capture_output=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == {"id": 1, "ok": None}
    assert done.returncode == 0
