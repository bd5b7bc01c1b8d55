"""Where a download stands: an append-only file of records, and one of the pages that it holds.

A page's records are written first, then one line in the journal that says where they end. So a
`kill -9` leaves at most records without their line, which the next run cuts off, and no page is lost
or stored twice. One process at a time may write.
"""

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from data.errors import SourceError, UserError

RECORDS = "records.jsonl"
JOURNAL = "pages.jsonl"


class Known(NamedTuple):
    """A page as it was last answered."""

    sweep: int
    etag: str
    next: str


class Journal:
    """Use it as a context manager. Raises `UserError` where another process writes the folder."""

    def __init__(self, folder: Path, title: str) -> None:
        """`title` says what is downloaded; a folder holds one such thing for good."""
        folder.mkdir(parents=True, exist_ok=True)
        self.records = folder / RECORDS
        self._descriptor = os.open(folder / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._pages: dict[str, Known] = {}
        self.sweep = 1
        """Counts complete passes over everything; pages of an earlier one are asked about again."""
        self._file = None
        try:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UserError(f"another process downloads into {folder}; wait for it") from error
            end = self._read(folder, title)
            self._file = self.records.open("ab")
            self._file.truncate(end)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()
        os.close(self._descriptor)

    def known(self, address: str) -> Known | None:
        return self._pages.get(address)

    def done(self, address: str) -> Known | None:
        """The page if this pass has it already."""
        page = self._pages.get(address)
        return page if page is not None and page.sweep == self.sweep else None

    def add(self, address: str, etag: str, following: str, records: Iterable[Any]) -> None:
        """Keeps an answer for good; without records where it is still what it was."""
        assert self._file is not None
        for record in records:
            self._file.write(
                json.dumps(record, ensure_ascii=False, sort_keys=True).encode() + b"\n"
            )
        self._file.flush()
        os.fsync(self._file.fileno())
        page = Known(self.sweep, etag, following)
        self._pages[address] = page
        self._note({"page": address, "end": self._file.tell(), **page._asdict()})

    def complete(self) -> None:
        """Ends a pass."""
        self.sweep += 1
        self._note({"complete": self.sweep - 1})

    def _note(self, line: dict[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(line, sort_keys=True).encode() + b"\n")

    def _read(self, folder: Path, title: str) -> int:
        """Where the last noted record ends, in bytes; the torn end of the journal is cut off."""
        content = (folder / JOURNAL).read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        os.ftruncate(self._descriptor, len(whole))
        end = 0
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
            for line in lines[1:]:
                if "complete" in line:
                    self.sweep = line["complete"] + 1
                else:
                    self._pages[line["page"]] = Known(line["sweep"], line["etag"], line["next"])
                    end = line["end"]
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{folder / JOURNAL} is damaged; remove the folder and begin again"
            ) from error
        if not lines:
            self._note({"title": title})
        elif lines[0] != {"title": title}:
            raise SourceError(f"{folder} holds something else than {title}; choose another folder")
        return end
