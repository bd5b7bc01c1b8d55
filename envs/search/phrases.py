"""The phrases by which questions about films state clues, as patterns, English and Chinese.

In the text that these patterns meet, names stand as "<3>" and initials as "{3}": numbers of what was
taken out. Patterns of one language are tried in the order of their list.
"""

import re
from typing import NamedTuple

from envs.search.amounts import AMOUNT, PERIOD

GENRES = {
    "science-fiction film": "sci-fi", "animated film": "animation", "historical film": "history",
    "biographical film": "biography", "sports film": "sport", "comedy": "comedy",
    "documentary": "documentary", "drama": "drama", "musical": "musical", "mystery": "mystery",
    "romance": "romance", "thriller": "thriller", "western": "western",
    **{f"{word} film": word for word in (
        "action", "adventure", "crime", "family", "fantasy", "horror", "music", "war")},
    "动作片": "action", "冒险片": "adventure", "动画片": "animation", "传记片": "biography",
    "喜剧片": "comedy", "犯罪片": "crime", "纪录片": "documentary", "剧情片": "drama",
    "家庭片": "family", "奇幻片": "fantasy", "历史片": "history", "恐怖片": "horror",
    "音乐片": "music", "歌舞片": "musical", "悬疑片": "mystery", "爱情片": "romance",
    "科幻片": "sci-fi", "体育片": "sport", "惊悚片": "thriller", "战争片": "war",
    "西部片": "western",
}  # fmt: skip
"""What a question calls a film of a genre, and the word on the film's page."""

LANGUAGES = {
    "英语": "English", "法语": "French", "德语": "German", "西班牙语": "Spanish",
    "意大利语": "Italian", "日语": "Japanese", "俄语": "Russian", "韩语": "Korean",
    "印地语": "Hindi", "葡萄牙语": "Portuguese", "阿拉伯语": "Arabic", "瑞典语": "Swedish",
    "丹麦语": "Danish", "波兰语": "Polish", "荷兰语": "Dutch", "希伯来语": "Hebrew",
    "汉语": "Chinese", "普通话": "Mandarin", "粤语": "Cantonese", "拉丁语": "Latin",
    "希腊语": "Greek", "匈牙利语": "Hungarian", "捷克语": "Czech", "土耳其语": "Turkish",
}  # fmt: skip

_GENRE = "|".join(sorted(GENRES, key=len, reverse=True))
_TONGUE = "|".join(LANGUAGES)
_EN, _ZH = AMOUNT["en"], AMOUNT["zh"]


class Phrase(NamedTuple):
    """What a pattern stands for: a sort of event, with a word of detail such as a role."""

    event: str
    detail: str
    pattern: str


ENGLISH = (
    Phrase("not", "", r"\b(?:not|never)\b"),
    Phrase("test", "initials", r"initials (?P<initials>\{\d+\})"),
    Phrase("test", "nominations", rf"{_EN} Oscar nominations?"),
    Phrase("test", "oscars", rf"{_EN} Oscars?\b"),
    Phrase("test", "critics", rf"{_EN} (?:positive reviews|of critics)"),
    Phrase("test", "runtime", rf"{_EN} minutes\b|\d+(?=-minute)"),
    Phrase("test", "metascore", rf"Metascore of {_EN}"),
    Phrase("than", "critics", r"positive reviews (?:lower|higher) than that of <\d+>"),
    Phrase("than", "metascore", r"Metascore (?:lower|higher) than that of <\d+>"),
    Phrase("than", "runtime", r"(?:is|are) (?:longer|shorter) than <\d+>"),
    Phrase(
        "count",
        "",
        rf"(?!\d{{4}} ){_EN} (?:films?|people|person|compan(?:y|ies)|countr(?:y|ies))\b",
    ),
    Phrase("test", "year", PERIOD["en"]),
    Phrase("test", "rating", r"(?:rated|rating of) (?P<rating>[\w-]+)"),
    Phrase(
        "test",
        "language",
        r"(?P<language>[A-Z]\w+)(?:-language| dialogue| among (?:its|their) languages"
        r"| as a language)",
    ),
    Phrase("role", "direct", r"directed(?: by)?\b|direction to\b|directing credits? on\b"),
    Phrase(
        "role",
        "write",
        r"written(?: by)?\b|\bwrote\b|writing credits? on\b|credited as (?:a )?writers? of\b"
        r"|worked on the script of\b",
    ),
    Phrase(
        "role",
        "act",
        r"\bfeatures?\b|in the cast of\b|\bappears? in\b|\bacted in\b|\bparts? in\b"
        r"|among (?:its|their) cast\b|cast that includes\b",
    ),
    Phrase("role", "origin", r"(?:made|produced) in\b|comes? from\b"),
    Phrase("role", "make", r"produced(?: by)?\b|made by\b|production credits? on\b|\bbehind\b"),
    Phrase("done", "direct", r"as (?:a )?director\b|with directing\b"),
    Phrase("done", "write", r"as (?:a )?writer\b|among (?:its|their) writers|with the writing"),
    Phrase("done", "act", r"in (?:the|its|their) cast\b(?: list)?"),
    Phrase("done", "make", r"among (?:its|their) production companies"),
    Phrase("done", "origin", r"as a country of origin"),
    Phrase(
        "by",
        "",
        r"\b(?:has|have|lists?|credits?) (?=<|someone\b|one of|a (?:person|company)\b)",
    ),
    Phrase("name", "", r"<(?P<name>\d+)>"),
    Phrase(
        "node",
        "person",
        r"\b(?:[Ss]omeone|[Aa] film professional|(?:[Aa]n?|the|[Ww]hich|[Ee]very) person|Who|Identify the person)\b",
    ),
    Phrase(
        "node", "company", r"\b(?:[Aa]n?|the|[Ww]hich|[Ee]very) (?:film |production )?company\b"
    ),
    Phrase("the", "film", r"\bthe film\b"),
    Phrase("node", "film", rf"\b(?:{_GENRE}|films?)\b"),
)

CHINESE = (
    Phrase("not", "", r"并非|没有|不是|未曾|不包括"),
    Phrase("test", "initials", r"首字母依次为 *(?P<initials>\{\d+\})"),
    Phrase("test", "nominations", rf"(?:获得|得到){_ZH}项?奥斯卡提名"),
    Phrase("test", "oscars", rf"(?:获得|赢得){_ZH}项?奥斯卡奖"),
    Phrase("test", "critics", rf"好评率{_ZH}"),
    Phrase("test", "runtime", rf"片长{_ZH}"),
    Phrase("test", "metascore", rf"Metascore 评分{_ZH}"),
    Phrase("than", "critics", r"好评率比 *<\d+> *[高低]"),
    Phrase("than", "runtime", r"片长比 *<\d+> *[长短]"),
    Phrase("than", "metascore", r"评分比 *<\d+> *[高低]"),
    Phrase("test", "year", PERIOD["zh"]),
    Phrase("test", "rating", r"(?:被评为|分级为)? (?P<rating>[\w-]+) 级"),
    Phrase("test", "language", rf"(?P<language>{_TONGUE})"),
    Phrase("group", "direct", r"导演中，有一位|执导的影片中，有一部"),
    Phrase("group", "write", r"编剧中，有一位|编[写剧]的影片中，有一部"),
    Phrase("group", "act", r"演员中，有一位|出演的影片中，有一部"),
    Phrase("group", "make", r"制作公司中，有一家|制作的影片中，有一部"),
    Phrase("role", "direct", r"执导[了过]|导演中有?|执导的影片(?=有|不|至|恰|正|没)"),
    Phrase(
        "role", "write", r"参与编写了|编写[过了]|编剧中有?|编[写剧]的影片(?=有|不|至|恰|正)|剧本有"
    ),
    Phrase("role", "act", r"出演[了过]|参演[了过]|演员表?中有?|出演的影片(?=有|不|至|恰|正)"),
    Phrase("role", "make", r"(?:参与)?制作[了过]|制作公司中有?|制作的影片(?=有|不|至|恰|正)"),
    Phrase("role", "direct", r"导演(?=有|不少|不超|至|恰|正)"),
    Phrase("role", "write", r"编剧(?=有|不少|不超|至|恰|正)"),
    Phrase("role", "act", r"演员(?=有|不少|不超|至|恰|正)"),
    Phrase("role", "make", r"制作公司(?=有|不少|不超|至|恰|正)"),
    Phrase("origin", "origin", r"(?:制片|出品)国家(?:中有|包括)"),
    Phrase("by", "", r"有一位(?=.*?的人(?:出演|参演|执导|导演|编剧|参与))"),
    Phrase("node", "film", r"有?(?:这样)?[一某哪]部"),
    Phrase("node", "person", r"有?(?:这样)?[一某哪]位|某人"),
    Phrase("node", "company", r"有?(?:这样)?[一某哪]家"),
    Phrase("count", "", rf"{_ZH}[部位家]"),
    Phrase("by", "", r"由|[有是在为](?= *<)|[在为](?=一部)"),
    Phrase("done", "direct", r"执导|的?导演(?![中有不至恰正])"),
    Phrase("done", "write", r"参与编剧|的?编剧(?:之一)?(?![中有不至恰正])|写过剧本|的署名"),
    Phrase("done", "act", r"参演|出演|中演出过|的演员之一"),
    Phrase("done", "make", r"(?:参与)?制作|的制作公司之一"),
    Phrase("done", "origin", r"出品"),
    Phrase("name", "", r"<(?P<name>\d+)>"),
    Phrase("genre", "", rf"(?:{_GENRE})"),
)

PHRASES = {"en": ENGLISH, "zh": CHINESE}


def compiled(phrases: tuple[Phrase, ...]) -> list[tuple[Phrase, re.Pattern[str]]]:
    return [(phrase, re.compile(phrase.pattern)) for phrase in phrases]
