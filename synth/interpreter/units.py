"""Units of described columns: conversions to ask for, and symbols that dirty cells carry."""

from typing import NamedTuple

from synth.interpreter.algebra import Bin, Col, Expr, Lit
from synth.interpreter.catalogue import Words


class Conversion(NamedTuple):
    """To another unit: value * factor + offset, or factor / value."""

    unit: Words
    factor: float
    note: Words
    """The rule, as a question states it."""
    offset: float = 0.0
    inverse: bool = False

    def of(self, column: str) -> Expr:
        if self.inverse:
            return Bin("/", Lit(self.factor), Col(column))
        scaled: Expr = Bin("*", Col(column), Lit(self.factor))
        return Bin("+", scaled, Lit(self.offset)) if self.offset else scaled


def _linear(one: str, factor: float, other: str, zh_one: str, zh_other: str) -> Conversion:
    note = Words(f"1 {one} = {factor:.10g} {other}", f"1{zh_one} = {factor:.10g}{zh_other}")
    return Conversion(Words(other, zh_other), factor, note)


CONVERSIONS = {
    "grams": Conversion(
        Words("ounces", "盎司"),
        1 / 28.349523125,
        Words("1 ounce = 28.349523125 grams", "1盎司 = 28.349523125克"),
    ),
    "millimetres": Conversion(
        Words("inches", "英寸"), 1 / 25.4, Words("1 inch = 25.4 millimetres", "1英寸 = 25.4毫米")
    ),
    "kilometres": Conversion(
        Words("miles", "英里"),
        1 / 1.609344,
        Words("1 mile = 1.609344 kilometres", "1英里 = 1.609344千米"),
    ),
    "centimetres": Conversion(
        Words("inches", "英寸"), 1 / 2.54, Words("1 inch = 2.54 centimetres", "1英寸 = 2.54厘米")
    ),
    "miles": _linear("mile", 1.609344, "kilometres", "英里", "千米"),
    "pounds": _linear("pound", 0.45359237, "kilograms", "磅", "千克"),
    "inches": _linear("inch", 2.54, "centimetres", "英寸", "厘米"),
    "feet": _linear("foot", 0.3048, "metres", "英尺", "米"),
    "knots": _linear("knot", 1.852, "kilometres per hour", "节", "千米/小时"),
    "US gallons": _linear("US gallon", 3.785411784, "litres", "美制加仑", "升"),
    "square feet": _linear("square foot", 0.09290304, "square metres", "平方英尺", "平方米"),
    "acres": _linear("acre", 0.40468564224, "hectares", "英亩", "公顷"),
    "cubic inches": _linear("cubic inch", 0.016387064, "litres", "立方英寸", "升"),
    "miles per hour": _linear("mile per hour", 0.44704, "metres per second", "英里/小时", "米/秒"),
    "horsepower": _linear("horsepower", 0.745699872, "kilowatts", "马力", "千瓦"),
    "miles per gallon": Conversion(
        Words("litres per 100 kilometres", "升/百公里"),
        235.214583,
        Words(
            "x miles per gallon are 235.214583 / x litres per 100 kilometres",
            "x英里/加仑相当于 235.214583 / x 升/百公里",
        ),
        inverse=True,
    ),
    "degrees Fahrenheit": Conversion(
        Words("degrees Celsius", "摄氏度"),
        5 / 9,
        Words("C = (F - 32) * 5 / 9", "C = (F - 32) × 5 / 9"),
        offset=-160 / 9,
    ),
    "kelvins": Conversion(
        Words("degrees Celsius", "摄氏度"), 1.0, Words("C = K - 273.15", "C = K - 273.15"), -273.15
    ),
}


class Symbols(NamedTuple):
    unit: str
    other: str
    factor: float
    """One `unit` is so many `other`."""


SYMBOLS = {
    "grams": Symbols("g", "kg", 0.001),
    "kilograms": Symbols("kg", "g", 1000.0),
    "milligrams": Symbols("mg", "g", 0.001),
    "millimetres": Symbols("mm", "cm", 0.1),
    "centimetres": Symbols("cm", "mm", 10.0),
    "kilometres": Symbols("km", "m", 1000.0),
    "miles": Symbols("mi", "km", 1.609344),
    "pounds": Symbols("lb", "oz", 16.0),
    "inches": Symbols("in", "ft", 1 / 12),
    "feet": Symbols("ft", "in", 12.0),
    "litres": Symbols("l", "ml", 1000.0),
    "seconds": Symbols("s", "ms", 1000.0),
    "hours": Symbols("h", "min", 60.0),
    "minutes": Symbols("min", "s", 60.0),
    "picometres": Symbols("pm", "nm", 0.001),
    "hectares": Symbols("ha", "m2", 10000.0),
    "square kilometres": Symbols("km2", "ha", 100.0),
    "US dollars": Symbols("USD", "cents", 100.0),
    "carats": Symbols("ct", "mg", 200.0),
}
