"""Names of people, firms, streets and the like, in either language, invented from word lists.

None of them belongs to anyone: each is put together from common parts.
"""

from collections.abc import Callable, Mapping
from random import Random

from data.task import Language


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_FIRST = _split(
    "Alice Amir Anna Ben Carla Chloe Daniel Diego Elena Emma Erik Farah Felix Fiona George Grace Hana "
    "Hugo Ines Ivan Jack Jana Joel Julia Kai Karin Leo Lena Liam Lucy Marco Maria Mia Milan Nadia Nina "
    "Noah Olga Omar Oscar Paula Peter Priya Rosa Ruth Sam Sara Simon Sofia Tariq Teresa Theo Tom Vera "
    "Victor Yara Yusuf Zoe Adam Clara"
)
_LAST = _split(
    "Adler Almeida Bauer Bennett Berg Castro Clarke Costa Dahl Diaz Doyle Ekman Farrell Fischer Foster "
    "Garcia Grant Haddad Hansen Hayes Holm Ivanova Jansen Keller Khan Kim Kovacs Larsen Lindgren Lopez "
    "Marsh Mendes Meyer Moreau Morgan Nakata Novak Okafor Olsen Park Patel Pereira Petrov Quinn Rahman "
    "Reyes Rossi Sato Schmidt Silva Singh Sousa Stone Suzuki Tanaka Torres Vargas Vogel Walsh Weber "
    "West Wolf Young Zeller"
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = _split(
    "伟 芳 娜 敏 静 强 磊 洋 艳 勇 军 杰 涛 明 超 霞 平 刚 桂英 建国 志强 秀兰 文博 思远 子涵 雨桐 欣怡 浩然 "
    "梓萱 佳宁 嘉豪 晓雯 俊杰 雅婷 天佑 若曦 一诺 诗涵 宇航 海燕 晨曦 立群 婉清 国栋 美玲 泽宇 心怡 瑞霖 "
    "雪梅 振华 丽娟 晓东 慧敏 家辉 书瑶 景行"
)
_FIRM_A = _split(
    "North Blue Silver Green River Stone Bright Harbour Maple Summit Cedar Iron Amber Clear Golden "
    "Pioneer Atlas Nova Orchard Lighthouse"
)
_FIRM_B = _split(
    "Works Partners Supply Trading Systems Foods Logistics Textiles Energy Labs Services Holdings "
    "Press Motors Studio"
)
_FIRM_ZH = _split(
    "华信 东升 瑞丰 蓝海 恒通 远景 金桥 明德 安泰 新源 北辰 天和 宏达 嘉禾 启明 博远 立诚 万联 春晖 海川"
)
_TRADE_ZH = _split("实业 贸易 科技 食品 物流 纺织 能源 服务 文化 传媒 制造 商贸 设备 建材 工程")
_STREETS = _split(
    "Oak Mill Church Station Garden Market Bridge Park School Lake Hill Castle Harbour Meadow Linden "
    "Chapel Orchard River Forest Spring"
)
_STREETS_ZH = _split(
    "人民 解放 中山 建设 和平 文化 长江 新华 光明 青年 花园 湖滨 学院 胜利 幸福 朝阳 滨江 南京 北京 西湖"
)
_CITIES = (
    ("Ashford", "安平"), ("Brookhaven", "溪口"), ("Clearwater", "清河"), ("Dunmore", "东原"),
    ("Eastbridge", "东桥"), ("Fairview", "美景"), ("Glenwood", "林谷"), ("Harborton", "港城"),
    ("Kingsport", "王港"), ("Lakeside", "湖滨"), ("Midvale", "中谷"), ("Northfield", "北原"),
    ("Oakridge", "橡岭"), ("Pinehurst", "松林"), ("Riverton", "江城"), ("Stonebury", "石堡"),
    ("Thornhill", "荆山"), ("Westbrook", "西溪"), ("Windham", "风城"), ("Yarmouth", "海口湾"),
)  # fmt: skip
_MAIL = ("mail.example", "post.example", "inbox.example")


def made_name(maker: str, language: Language, rng: Random) -> str:
    """One name of the kind `maker` says (see `kinds.MAKERS`)."""
    return _MAKERS[maker](language is Language.ZH, rng)


def _person(zh: bool, rng: Random) -> str:
    if zh:
        return rng.choice(_SURNAMES) + rng.choice(_GIVEN)
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _company(zh: bool, rng: Random) -> str:
    if zh:
        return rng.choice(_FIRM_ZH) + rng.choice(_TRADE_ZH)
    return f"{rng.choice(_FIRM_A)} {rng.choice(_FIRM_B)}"


def _street(zh: bool, rng: Random) -> str:
    number = rng.randint(1, 180)
    if zh:
        return f"{rng.choice(_STREETS_ZH)}路{number}号"
    return f"{number} {rng.choice(_STREETS)} Street"


def _city(zh: bool, rng: Random) -> str:
    return rng.choice(_CITIES)[zh]


def _email(zh: bool, rng: Random) -> str:
    first, last = rng.choice(_FIRST).lower(), rng.choice(_LAST).lower()
    return f"{first}.{last}{rng.randint(1, 99)}@{rng.choice(_MAIL)}"


def _phone(zh: bool, rng: Random) -> str:
    if zh:
        return f"1{rng.choice('3578')}9 0000 {rng.randint(0, 9999):04d}"
    return f"555-01{rng.randint(0, 99):02d}-{rng.randint(0, 9999):04d}"


_MAKERS: Mapping[str, Callable[[bool, Random], str]] = {
    "person": _person,
    "company": _company,
    "street": _street,
    "city": _city,
    "email": _email,
    "phone": _phone,
}


def made_code(pattern: str, rng: Random) -> str:
    """`pattern` with a digit for each # and a capital letter for each @."""
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    return "".join(
        str(rng.randint(0, 9)) if c == "#" else rng.choice(letters) if c == "@" else c
        for c in pattern
    )
