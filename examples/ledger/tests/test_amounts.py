import pytest
from ledger import Amount, convert, parse_amount, split

RATES = {("EUR", "USD"): 1.25, ("GBP", "EUR"): 1.2}


@pytest.mark.parametrize(
    ("text", "cents", "currency"),
    [
        ("12", 1200, "EUR"),
        ("12.3", 1230, "EUR"),
        ("12.34 USD", 1234, "USD"),
        ("1,250.50 USD", 125050, "USD"),
        ("-3.5", -350, "EUR"),
        ("+7 GBP", 700, "GBP"),
        ("  8.05EUR ", 805, "EUR"),
    ],
)
def test_parse(text, cents, currency):
    assert parse_amount(text) == Amount(cents, currency)


@pytest.mark.parametrize("text", ["", "twelve", "1,25", "1.234", "12 eur", "--3"])
def test_parse_refuses(text):
    with pytest.raises(ValueError, match="no amount"):
        parse_amount(text)


def test_parse_default_currency():
    assert parse_amount("5", default="CHF") == Amount(500, "CHF")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount(0), "0.00 EUR"),
        (Amount(5), "0.05 EUR"),
        (Amount(-1250, "USD"), "-12.50 USD"),
        (Amount(123456789), "1,234,567.89 EUR"),
    ],
)
def test_str(amount, text):
    assert str(amount) == text


def test_add():
    assert Amount(250) + Amount(-100) == Amount(150)


def test_add_refuses_other_currency():
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Amount(1) + Amount(1, "USD")


def test_negative():
    assert -Amount(3, "USD") == Amount(-3, "USD")


def test_split_evenly():
    assert split(Amount(900), 3) == [Amount(300)] * 3


def test_split_gives_the_rest_to_the_first():
    assert split(Amount(1000), 3) == [Amount(334), Amount(333), Amount(333)]


def test_split_debt():
    assert split(Amount(-500), 3) == [Amount(-167), Amount(-167), Amount(-166)]


def test_split_with_nobody():
    with pytest.raises(ValueError, match="nobody"):
        split(Amount(1), 0)


def test_convert():
    assert convert(Amount(1000), "USD", RATES) == Amount(1250, "USD")


def test_convert_same_currency():
    assert convert(Amount(7), "EUR", {}) == Amount(7)


def test_convert_by_opposite_rate():
    assert convert(Amount(1200), "GBP", RATES) == Amount(1000, "GBP")


def test_convert_rounds_half_up():
    assert convert(Amount(2), "USD", RATES) == Amount(3, "USD")


def test_convert_debt():
    assert convert(Amount(-2), "USD", RATES) == Amount(-3, "USD")


def test_convert_without_rate():
    with pytest.raises(KeyError, match="no rate from EUR to JPY"):
        convert(Amount(1), "JPY", RATES)
