"""Reads journals of payments and sums them up."""

from ledger.amounts import Amount, convert, parse_amount, split
from ledger.journal import Entry, JournalError, parse_entry, parse_journal
from ledger.report import balances, by_month, largest, running, table

__all__ = [
    "Amount",
    "Entry",
    "JournalError",
    "balances",
    "by_month",
    "convert",
    "largest",
    "parse_amount",
    "parse_entry",
    "parse_journal",
    "running",
    "split",
    "table",
]
