import pytest
from ledger import Amount, balances, by_month, largest, parse_journal, running, table

JOURNAL = """
2024-01-05  salary            2,400.00      #income
2024-01-09  groceries         -54.20        #food
2024-01-20  a rather long name of a shop  -20.00 USD  #food #trip
2024-02-01  rent              -900.00       #home
2024-02-03  refund            20.00 USD     #trip
2024-02-10  groceries         -54.20        #food
"""


@pytest.fixture
def entries():
    return parse_journal(JOURNAL.splitlines())


def test_balances(entries):
    assert balances(entries) == {"EUR": Amount(139160)}


def test_balances_of_a_tag(entries):
    assert balances(entries, "food") == {"EUR": Amount(-10840), "USD": Amount(-2000, "USD")}


def test_balances_of_an_unknown_tag(entries):
    assert balances(entries, "sport") == {}


def test_by_month(entries):
    found = by_month(entries)
    assert list(found) == ["2024-01", "2024-02"]
    assert found["2024-02"] == {"EUR": Amount(-95420), "USD": Amount(2000, "USD")}


def test_running(entries):
    euros = [entry for entry in entries if entry.amount.currency == "EUR"]
    assert [amount.cents for amount in running(euros)] == [240000, 234580, 144580, 139160]


def test_running_from_a_start(entries):
    assert [amount.cents for amount in running(entries[:1], Amount(100))] == [240100]


def test_running_refuses_mixed_currencies(entries):
    with pytest.raises(ValueError, match="cannot add"):
        list(running(entries))


def test_largest(entries):
    assert [entry.payee for entry in largest(entries, 2)] == ["salary", "rent"]


def test_largest_earlier_first(entries):
    assert [entry.day.month for entry in largest(entries, 4)][2:] == [1, 2]


def test_table(entries):
    assert table(entries[:3]).splitlines() == [
        "2024-01-05  salary                2,400.00 EUR",
        "2024-01-09  groceries               -54.20 EUR",
        "2024-01-20  a rather long name ~    -20.00 USD",
    ]


def test_table_of_nothing():
    assert table([]) == ""
