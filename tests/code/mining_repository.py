"""Repositories written by `git fast-import`: any history, author, date and path, in one process."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ADA = "Ada <ada@example.org>"
DAY_S = 86_400
START_S = 1_700_000_000


class History:
    """Commits in the order of the calls, a day apart; `written` gives the repository."""

    def __init__(self) -> None:
        self._stream: list[bytes] = []
        self._tips: dict[str, int] = {}
        self._num_commits = 0
        self.hashes: dict[int, str] = {}

    def commit(
        self,
        message: str,
        files: Mapping[str | bytes, str | bytes | None],
        branch: str = "main",
        onto: int = 0,
        merging: Sequence[int] = (),
        author: str = ADA,
        modes: Mapping[str, str] | None = None,
    ) -> int:
        """Its mark. `onto` is the mark of its parent, else the branch's tip."""
        self._num_commits += 1
        mark, when = self._num_commits, START_S + self._num_commits * DAY_S
        parent = onto or self._tips.get(branch, 0)
        lines = [f"commit refs/heads/{branch}", f"mark :{mark}"]
        lines += [f"{role} {author} {when} +0000" for role in ("author", "committer")]
        self._stream.append("\n".join(lines).encode() + b"\n" + _data(message.encode()))
        if parent:
            self._stream.append(f"from :{parent}\n".encode())
        self._stream += [f"merge :{other}\n".encode() for other in merging]
        for path, content in files.items():
            name = _quoted(path)
            if content is None:
                self._stream.append(b"D " + name + b"\n")
                continue
            mode = (modes or {}).get(path if isinstance(path, str) else "", "100644")
            if mode == "160000":
                assert isinstance(content, str)
                self._stream.append(f"M 160000 {content} ".encode() + name + b"\n")
                continue
            text = content.encode() if isinstance(content, str) else content
            self._stream.append(f"M {mode} inline ".encode() + name + b"\n" + _data(text))
        self._tips[branch] = mark
        return mark

    def written(self, path: Path) -> Path:
        """A bare repository at `path`, with HEAD on main."""
        _git("init", "-q", "--bare", "--template=", "-b", "main", str(path))
        marks = path.parent / f"{path.name}.marks"
        _git(
            "--git-dir", str(path), "fast-import", "--quiet", "--force", f"--export-marks={marks}",
            stdin=b"".join(self._stream),
        )  # fmt: skip
        for line in marks.read_text().splitlines():
            mark, _, commit = line.partition(" ")
            self.hashes[int(mark[1:])] = commit
        marks.unlink()
        return path


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _quoted(path: str | bytes) -> bytes:
    raw = path.encode() if isinstance(path, str) else path
    return (
        b'"'
        + b"".join(b"\\%03o" % c if c > 126 or c in b'"\\\n' else bytes([c]) for c in raw)
        + b'"'
    )


def _git(*arguments: str, stdin: bytes = b"") -> None:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": "/nowhere",
    }
    subprocess.run(["git", *arguments], input=stdin, env=environment, check=True, timeout=60)
