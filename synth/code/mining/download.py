"""A bare clone of a repository, made once: git's own `clone`, without templates, hooks or tags' noise.

It uses the user's git configuration, for proxies and credentials stand there. An existing folder is
taken as it is: to bring it up to date is for its owner, since that runs by the folder's configuration.
"""

import subprocess
import tempfile
from pathlib import Path

from data.errors import InfrastructureError, SourceError
from envs.code.clone import Clone

CLONE_TIMEOUT_S = 3_600.0
MAX_SHOWN = 300


def cloned(address: str, path: Path) -> bool:
    """Whether a clone of `address` had to be made at `path`.

    Raises `SourceError` where something else lies at `path`, and where git refuses.
    """
    if path.exists():
        with Clone(path):
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.partial-") as aside:
        target = Path(aside) / "clone"
        command = ["git", "-c", "core.hooksPath=/dev/null", "clone", "--bare", "--quiet"]
        command += ["--template=", "--", address, str(target)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=CLONE_TIMEOUT_S, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise SourceError("there is no program git on this machine; install it") from error
        except subprocess.TimeoutExpired as error:
            raise InfrastructureError(
                f"the clone of {address} did not end within {CLONE_TIMEOUT_S:g} s"
            ) from error
        if done.returncode:
            reason = " ".join(done.stderr.split())[:MAX_SHOWN]
            raise SourceError(f"git cannot clone {address}: {reason}")
        target.rename(path)
    return True
