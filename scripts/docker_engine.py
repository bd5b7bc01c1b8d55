"""A Docker engine for tests, on any Debian machine; standard library only.

    python scripts/docker_engine.py     starts one where none answers and the machine allows it

Prints one line that says what answers now, or why nothing does; the exit code is 0 either way,
because what needs an engine skips without one. An engine that is started here outlives the script.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

LOG = Path("/var/log/palaestra-dockerd.log")
APT_TIMEOUT_S = 300
ANSWER_TIMEOUT_S = 10
START_TIMEOUT_S = 30
POLL_S = 0.2


def version() -> str:
    """Version of the engine that answers; empty if none does."""
    if shutil.which("docker") is None:
        return ""
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def start() -> str:
    """Installs and starts an engine; returns what stands in the way, or nothing."""
    if os.geteuid() != 0:
        return "starting one takes root"
    if shutil.which("dockerd") is None:
        if shutil.which("apt-get") is None:
            return "install Docker first"
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "docker.io"]):
            done = subprocess.run(
                ["apt-get", *arguments],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=APT_TIMEOUT_S,
            )
            if done.returncode:
                return f"apt-get {arguments[0]}: {(done.stderr.strip() or '?').splitlines()[-1]}"
    with LOG.open("ab") as log:
        engine = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if version():
            return ""
        if engine.poll() is not None:
            return f"dockerd ended with code {engine.returncode}; see {LOG}"
        time.sleep(POLL_S)
    engine.terminate()
    return f"dockerd did not answer within {START_TIMEOUT_S} s; see {LOG}"


def main() -> int:
    found = version()
    problem = "" if found else start()
    found = found or version()
    if found:
        print(f"Docker engine {found}")
    else:
        print(f"no Docker engine: {problem}; what needs one is skipped", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
