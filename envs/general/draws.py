"""One value of a column or argument, drawn as its domain file says."""

import datetime as dt
from random import Random

from data.task import Language
from envs.general.arithmetic import DIGITS
from envs.general.expr import Value
from envs.general.kinds import NUMERIC, Kind
from envs.general.spec import FieldSpec
from envs.general.words import made_code, made_name


def draw_value(spec: FieldSpec, today: dt.date, language: Language, rng: Random) -> Value:
    """A value of any kind but ref; None where the spec has nothing to draw from."""
    type_ = spec.type
    match type_.kind:
        case Kind.NAME | Kind.TEXT:
            return _words(spec, language, rng)
        case Kind.CODE:
            return made_code(type_.pattern, rng)
        case Kind.ENUM:
            return rng.choices(list(spec.values or ()), weights=spec.weights or None)[0]
        case Kind.BOOL:
            return rng.random() < type_.share
        case Kind.TIME:
            return _clock(type_.low, type_.high, type_.step, rng)
        case Kind.DATE:
            return _day(spec, today, rng)
        case Kind.DATETIME:
            return f"{_day(spec, today, rng)} {_clock(type_.opens, type_.closes, type_.step, rng)}"
        case _:
            assert type_.kind in NUMERIC, "refs are drawn from the rows of their table"
            return _number(spec, rng)


def _words(spec: FieldSpec, language: Language, rng: Random) -> str | None:
    if spec.of:
        return rng.choice(spec.of).of(language)
    if spec.mix:
        words = [rng.choice(part).of(language) for part in spec.mix]
        return ("" if language is Language.ZH else " ").join(words)
    return made_name(spec.type.maker, language, rng) if spec.type.maker else None


def _number(spec: FieldSpec, rng: Random) -> int | float:
    low, high, step = spec.type.low, spec.type.high, spec.type.step
    value = round(low + rng.randint(0, int((high - low) / step + 1e-9)) * step, DIGITS)
    return int(value) if value == int(value) else value


def _clock(low: float, high: float, step: float, rng: Random) -> str:
    minute = int(low + rng.randint(0, int((high - low) // step)) * step)
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _day(spec: FieldSpec, today: dt.date, rng: Random) -> str:
    days = rng.randint(int(spec.type.low), int(spec.type.high))
    return (today + dt.timedelta(days=days)).isoformat()
