from datetime import date

import pytest
from ledger import Amount, Entry, JournalError, parse_entry, parse_journal


def test_entry():
    entry = parse_entry("2024-03-01  groceries  12.30 EUR  #food #weekly")
    assert entry == Entry(date(2024, 3, 1), "groceries", Amount(1230), ("food", "weekly"))


def test_entry_with_tabs():
    assert parse_entry("2024-03-01\tcorner shop\t-4").payee == "corner shop"


def test_entry_tags_are_lower_case_and_unique():
    assert parse_entry("2024-03-01  rent  900  #Home  #home #flat").tags == ("home", "flat")


def test_entry_ignores_empty_tag():
    assert parse_entry("2024-03-01  rent  900  # #flat").tags == ("flat",)


def test_entry_default_currency():
    assert parse_entry("2024-03-01  rent  900", default="USD").amount == Amount(90000, "USD")


def test_entry_needs_three_fields():
    with pytest.raises(ValueError, match="needs a day"):
        parse_entry("2024-03-01  rent")


def test_entry_refuses_word_that_is_no_tag():
    with pytest.raises(ValueError, match="no tag: 'food'"):
        parse_entry("2024-03-01  rent  900  food")


def test_entry_month():
    assert parse_entry("2024-03-01  rent  900").month == "2024-03"


def test_journal_is_ordered_by_day():
    lines = ["2024-03-02  b  1", "2024-03-01  a  1", "2024-03-02  c  1"]
    assert [entry.payee for entry in parse_journal(lines)] == ["a", "b", "c"]


def test_journal_skips_comments():
    lines = ["; all of it", "", "2024-03-01  a  1 ; the rest", "   "]
    assert len(parse_journal(lines)) == 1


def test_journal_default_currency():
    lines = ["2024-03-01  a  1", "currency usd", "2024-03-02  b  1", "2024-03-03  c  1 GBP"]
    found = [entry.amount.currency for entry in parse_journal(lines)]
    assert found == ["EUR", "USD", "GBP"]


def test_journal_error_has_the_line():
    with pytest.raises(JournalError, match="line 3: no amount") as caught:
        parse_journal(["", "2024-03-01  a  1", "2024-03-01  a  much"])
    assert caught.value.line == 3


def test_journal_error_for_days():
    with pytest.raises(JournalError, match="line 1"):
        parse_journal(["2024-13-01  a  1"])
