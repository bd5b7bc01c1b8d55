"""Chinese names of countries and languages: Unicode CLDR (through Babel), and what it lacks."""

from functools import cache

from babel import Locale

COUNTRIES = {
    "American Samoa": "美属萨摩亚",
    "Bahamas, The": "巴哈马",
    "British Hong Kong": "英属香港",
    "Brunei Darussalam": "文莱",
    "Burma": "缅甸",
    "Cabo Verde": "佛得角",
    "Congo, Democratic Republic of the": "刚果民主共和国",
    "Congo, Republic of the": "刚果共和国",
    "Cote d'Ivoire": "科特迪瓦",
    "Czech Republic": "捷克",
    "Czechoslovakia": "捷克斯洛伐克",
    "Democratic Republic of the Congo": "刚果民主共和国",
    "East Germany": "东德",
    "Federal Republic of Yugoslavia": "南斯拉夫联盟共和国",
    "Gambia, The": "冈比亚",
    "Georgian SSR": "格鲁吉亚苏维埃社会主义共和国",
    "Holy See (Vatican City)": "梵蒂冈",
    "Hong Kong": "香港",
    "Ivory Coast": "科特迪瓦",
    "Kingdom of Great Britain": "大不列颠王国",
    "Kingdom of Italy": "意大利王国",
    "Kingdom of the Netherlands": "荷兰王国",
    "Korea, North": "朝鲜",
    "Korea, South": "韩国",
    "Macau": "澳门",
    "Micronesia, Federated States of": "密克罗尼西亚联邦",
    "Occupied Palestinian territory": "巴勒斯坦被占领土",
    "Palestine": "巴勒斯坦",
    "People's Republic of China": "中华人民共和国",
    "Republic of China": "中华民国",
    "Serbia and Montenegro": "塞尔维亚和黑山",
    "Socialist Federal Republic of Yugoslavia": "南斯拉夫社会主义联邦共和国",
    "Soviet Union": "苏联",
    "Taiwan Island": "台湾岛",
    "The Bahamas": "巴哈马",
    "The Gambia": "冈比亚",
    "Turkey (Turkiye)": "土耳其",
    "Turkiye": "土耳其",
    "Wales": "威尔士",
    "West Germany": "西德",
    "Yugoslavia": "南斯拉夫",
}

LANGUAGES = {
    "American English": "美式英语",
    "American Sign Language": "美国手语",
    "Ancient Greek": "古希腊语",
    "Brazilian Portuguese": "巴西葡萄牙语",
    "Cantonese": "粤语",
    "Chinese": "汉语",
    "Dari": "达里语",
    "Egyptian Arabic": "埃及阿拉伯语",
    "Flemish Dutch": "弗拉芒语",
    "German Sign Language": "德国手语",
    "Hakka Chinese": "客家话",
    "Kurdish language": "库尔德语",
    "Mandarin": "官话",
    "Modern Greek": "现代希腊语",
    "Modern Hebrew": "现代希伯来语",
    "Moroccan Arabic": "摩洛哥阿拉伯语",
    "Putonghua": "普通话",
    "Serbo-Croatian": "塞尔维亚-克罗地亚语",
    "Shanghainese": "上海话",
    "Sichuanese": "四川话",
    "Standard Chinese": "标准汉语",
    "Standard Taiwanese Mandarin": "台湾国语",
    "Swiss German": "瑞士德语",
    "Taiwanese Hokkien": "台湾闽南语",
    "Tibetan": "藏语",
    "Wu Chinese": "吴语",
    "Yue Chinese": "粤语（Yue Chinese）",
}


@cache
def _territories() -> dict[str, str]:
    english, chinese = Locale("en").territories, Locale("zh").territories
    plain = {
        str(name): str(chinese[code]).removesuffix("特别行政区").removeprefix("中国")
        for code, name in english.items()
        if code.isalpha() and code in chinese
    }
    return {name.replace("&", "and"): word for name, word in plain.items()} | COUNTRIES


@cache
def _languages() -> dict[str, str]:
    english, chinese = Locale("en").languages, Locale("zh").languages
    return {
        str(name): str(chinese[code]) for code, name in english.items() if code in chinese
    } | LANGUAGES


def country(name: str) -> str:
    """The Chinese name of a country; empty if unknown."""
    return _territories().get(name, "")


def language(name: str) -> str:
    """The Chinese name of a language; empty if unknown."""
    return _languages().get(name, "")
