"""Journals: one payment a line, as `2024-03-01  groceries  12.30 EUR  #food #weekly`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.amounts import Amount, parse_amount


class JournalError(ValueError):
    """A line that is no entry; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


@dataclass(frozen=True)
class Entry:
    day: date
    payee: str
    amount: Amount
    tags: tuple[str, ...] = ()

    @property
    def month(self) -> str:
        return f"{self.day.year:04d}-{self.day.month:02d}"


def parse_entry(text: str, default: str = "EUR") -> Entry:
    """One line; fields are parted by two spaces or more, or by tabs."""
    fields = [field.strip() for field in text.replace("\t", "  ").split("  ")]
    fields = [field for field in fields if field]
    if len(fields) < 3:
        raise ValueError("an entry needs a day, a payee and an amount")
    day = date.fromisoformat(fields[0])
    tags = []
    for word in " ".join(fields[3:]).split():
        if not word.startswith("#"):
            raise ValueError(f"no tag: {word!r}")
        tag = word[1:].lower()
        if tag and tag not in tags:
            tags.append(tag)
    return Entry(day, fields[1], parse_amount(fields[2], default), tuple(tags))


def parse_journal(lines: Iterable[str]) -> list[Entry]:
    """Entries by day; `;` starts a comment, `currency USD` sets the default for what follows."""
    entries: list[Entry] = []
    default = "EUR"
    for number, line in enumerate(lines, start=1):
        text = line.partition(";")[0].strip()
        if not text:
            continue
        if text.startswith("currency "):
            default = text.split()[1].upper()
            continue
        try:
            entries.append(parse_entry(text, default))
        except ValueError as error:
            raise JournalError(number, str(error)) from error
    return sorted(entries, key=lambda entry: entry.day)
