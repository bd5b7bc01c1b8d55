"""What synthetic hotels, restaurants and sights are called, in Chinese and English.

The words stand in three tables beside this module and in the lists below; all of them are made up,
and no two things of a world share a name in either language.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

from data.task import Language


class Name(NamedTuple):
    """One name in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


class SightType(NamedTuple):
    name: Name
    outdoor: bool
    low: int
    high: int
    """Ticket prices in CNY."""
    opens: str
    closes: str
    rests: int | None
    """Weekday without visitors, 0 is Monday."""
    traits: frozenset[str]
    """What a city must have for this type; `any` fits every city."""
    names: tuple[Name, ...]
    """With {d} and {D} for the district."""


class Cuisine(NamedTuple):
    key: str
    name: Name
    low: int
    high: int
    """Prices of a meal for one, in CNY."""
    opens: str
    closes: str
    words: tuple[Name, ...]
    dishes: tuple[Name, ...]


def parse_names(text: str) -> tuple[Name, ...]:
    """Reads "中文=English;中文=English"."""
    return tuple(Name(*pair.split("=")) for pair in text.split(";"))


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

HOTEL_WORDS = parse_names(
    "=;锦澜=Jinlan;铂澜=Bolan;御庭=Yuting;星汉=Xinghan;万和=Wanhe;瑞景=Ruijing;揽月=Lanyue;"
    "听澜=Tinglan;清和=Qinghe;悦庭=Yueting;半山=Banshan;禾风=Hefeng;木棉=Mumian;云居=Yunju;"
    "拾光=Shiguang;归途=Guitu;南窗=Nanchuang;鹿野=Luye;知更=Zhigeng;青瓦=Qingwa;小满=Xiaoman;"
    "花间=Huajian;望舒=Wangshu;松间=Songjian;白露=Bailu;朗月=Langyue;芳洲=Fangzhou;"
    "远山=Yuanshan"
)
HOTEL_KINDS = (
    (Name("客栈", "Inn"), Name("民宿", "Guesthouse"), Name("青年旅舍", "Hostel")),
    (Name("快捷酒店", "Express Hotel"), Name("商务酒店", "Business Hotel"), Name("酒店", "Hotel")),
    (
        Name("精品酒店", "Boutique Hotel"),
        Name("大酒店", "Grand Hotel"),
        Name("花园酒店", "Garden Hotel"),
    ),
    (
        Name("国际酒店", "International Hotel"),
        Name("度假酒店", "Resort"),
        Name("行馆", "Residence"),
    ),
)
"""By price band, cheapest first."""

EATERIES = parse_names(
    "小馆=Bistro;食府=Dining House;酒家=Restaurant;私房菜=Private Kitchen;"
    "小厨=Kitchen;楼=House;饭庄=Table;食堂=Canteen"
)


def _rows(table: str) -> Iterator[list[str]]:
    text = files(__package__).joinpath(table).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines()[1:])


@cache
def sight_types() -> tuple[SightType, ...]:
    return tuple(
        SightType(
            Name(zh, en),
            setting == "outdoor",
            int(low),
            int(high),
            *_hours(hours),
            WEEKDAYS.index(rest) if rest != "-" else None,
            frozenset(traits.split(",")),
            parse_names(names),
        )
        for _, zh, en, setting, low, high, hours, rest, traits, names in _rows("sights.tsv")
    )


@cache
def cuisines() -> dict[str, Cuisine]:
    return {
        key: Cuisine(
            key,
            Name(zh, en),
            int(low),
            int(high),
            *_hours(hours),
            parse_names(words),
            parse_names(dishes),
        )
        for key, zh, en, low, high, hours, words, dishes in _rows("cuisines.tsv")
    }


def _hours(text: str) -> tuple[str, str]:
    opens, _, closes = text.partition("-")
    return opens, closes


def stem(district: str) -> str:
    """A district's name without what it is: 西湖 of 西湖区, but 歙县 as it stands."""
    autonomous = re.match(r"(.{2}).+族自治[县州]$", district)
    if autonomous:
        return autonomous[1]
    return district if len(district) == 2 else re.sub(r"(新区|区|县|市)$", "", district)


class Namer:
    """Gives names that no other thing of the world has."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def hotel(self, district: Name, band: int) -> Name:
        """A hotel in `district` of price band 0 to 3."""
        while True:
            word, kind = self._rng.choice(HOTEL_WORDS), self._rng.choice(HOTEL_KINDS[band])
            place = Name(stem(district.zh), district.en)
            name = self._free(
                Name(f"{place.zh}{word.zh}{kind.zh}", f"{place.en} {word.en} {kind.en}")
            )
            if name:
                return name

    def restaurant(self, cuisine: Cuisine, district: Name) -> Name:
        """A restaurant; where its plain name is taken, it is a branch named by the district."""
        while True:
            word, kind = self._rng.choice(cuisine.words), self._rng.choice(EATERIES)
            en = f"{word.en} {kind.en}"
            plain = Name(word.zh + kind.zh, en)
            branch = Name(f"{plain.zh}（{stem(district.zh)}店）", f"{plain.en} ({district.en})")
            name = self._free(plain) or self._free(branch)
            if name:
                return name

    def sight(self, type_: SightType, district: Name) -> Name | None:
        """A sight of this type; None where all its names are taken."""
        place = {"d": stem(district.zh), "D": district.en}
        for pattern in self._rng.sample(type_.names, len(type_.names)):
            name = self._free(Name(pattern.zh.format(**place), pattern.en.format(**place)))
            if name:
                return name
        return None

    def _free(self, name: Name) -> Name | None:
        if name.zh in self._taken or name.en in self._taken:
            return None
        self._taken.update(name)
        return name


def fold(name: str) -> str:
    """A name without what people type differently: case, width of letters, spaces at the ends."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
