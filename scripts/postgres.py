"""A real PostgreSQL server for tests, on any Debian machine; standard library only.

    python scripts/postgres.py install            server programs, if none are there (as root)
    python scripts/postgres.py run COMMAND...     COMMAND beside a throw-away server

`run` puts the server's URL into PALAESTRA_TEST_POSTGRES. The server lives in a temporary folder,
listens on a socket there only, trusts whoever reaches it, and dies with the process that started
it. It forgets to flush its files, so it keeps nothing through a power cut.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

URL_VARIABLE = "PALAESTRA_TEST_POSTGRES"
DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d/palaestra.conf")
APT_TIMEOUT_S = 300
INITDB_TIMEOUT_S = 60
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15
POLL_S = 0.05
NUM_LOG_LINES = 5


class ServerError(Exception):
    """The server cannot be had here; the message says why in one line."""


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["install"]:
                print(install())
                return 0
            case ["run", *command] if command:
                with server() as url:
                    environment = os.environ | {URL_VARIABLE: url}
                    return subprocess.run(command, env=environment).returncode
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


def install() -> Path:
    """The folder of the server's programs, installed with apt-get if there was none."""
    folder = programs()
    if folder is not None:
        return folder
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServerError("no PostgreSQL server here; as root: apt-get install postgresql")
    # Debian would start a server of its own on the usual port, which nobody asked for.
    CLUSTER_SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    CLUSTER_SETTINGS.write_text("create_main_cluster = false\n")
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", "postgresql")
    folder = programs()
    if folder is None:
        raise ServerError(f"installed postgresql, but no initdb under {DEBIAN_PROGRAMS}")
    return folder


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", "--quiet=2", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        # On stderr: stdout is for the answer.
        subprocess.run(
            command, env=environment, stdout=sys.stderr, check=True, timeout=APT_TIMEOUT_S
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ServerError(f"cannot install PostgreSQL: {error}") from error


def programs() -> Path | None:
    """The folder that holds the newest `initdb` and `postgres`; None if there is none."""
    by_version = sorted(DEBIAN_PROGRAMS.glob("*/bin/initdb"), key=_version)
    if by_version:
        return by_version[-1].parent
    found = shutil.which("initdb")
    folder = None if found is None else Path(found).resolve().parent
    return folder if folder is not None and (folder / "postgres").exists() else None


def _version(initdb: Path) -> float:
    return float(initdb.parent.parent.name)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server that lives as long as the `with`; raises `ServerError`."""
    folder = programs()
    if folder is None:
        raise ServerError("no PostgreSQL server here; run: python scripts/postgres.py install")
    with tempfile.TemporaryDirectory(prefix="palaestra-postgres-") as name:
        home = Path(name)
        privileges = _privileges(home)
        _initdb(privileges, folder, home)
        process = _start(privileges, folder, home)
        try:
            _wait_until_ready(process, folder, home)
            yield f"postgresql://postgres@/postgres?host={home}"
        finally:
            _stop(process)


def _privileges(home: Path) -> list[str]:
    """Words before a command: it dies with us, and as the owner of `home`, who is not root."""
    words = ["setpriv", "--pdeathsig=QUIT"]
    if os.geteuid() != 0:
        return words
    for user in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(user)
            os.chown(home, entry.pw_uid, entry.pw_gid)
            return [*words, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    raise ServerError("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _initdb(privileges: list[str], folder: Path, home: Path) -> None:
    initdb = str(folder / "initdb")
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    about = subprocess.run([initdb, "--help"], capture_output=True, text=True)
    if "--icu-locale" in about.stdout:
        # Most servers sort like a dictionary, not by code point; so shall this one.
        options += ["--locale-provider=icu", "--icu-locale=en"]
    command = [*privileges, initdb, f"--pgdata={home}/data", *options]
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, timeout=INITDB_TIMEOUT_S
    )
    if done.returncode != 0:
        raise ServerError(f"initdb failed: {_tail(done.stderr)}")


def _start(privileges: list[str], folder: Path, home: Path) -> subprocess.Popen[bytes]:
    settings = ["-clisten_addresses=", "-cfsync=off", "-cmax_connections=100"]
    command = [*privileges, str(folder / "postgres"), f"-D{home}/data", f"-k{home}", *settings]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, home: Path) -> None:
    ask = [str(folder / "pg_isready"), "--quiet", f"--host={home}", "--timeout=1"]
    deadline = time.monotonic() + START_TIMEOUT_S
    while subprocess.run(ask).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"PostgreSQL did not start: {_tail((home / 'log').read_text())}")
        time.sleep(POLL_S)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(output: str) -> str:
    return " / ".join(output.strip().splitlines()[-NUM_LOG_LINES:])


if __name__ == "__main__":
    # Leave through the `finally` above when told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
