"""Chinese words of the World Factbook."""

from synth.search.wording.zh.lexicon import OPENERS, Attribute, Edge, Lexicon, Noun

NOUNS = {
    "country": Noun(
        "国家",
        "个",
        short="该国",
        openers=(
            *OPENERS,
            "有{np}，请你认出它来。",
        ),
        closers=(
            "这是哪个国家？",
            "请问这是哪个国家？",
            "我说的是哪个国家？",
            "你能说出这个国家的名称吗？",
            "请写出这个国家的名称。",
            "这个国家叫什么？",
        ),
    )
}

BORDER = "country.border"


def _border() -> Edge:
    shared = "至少有两个邻国也与{y}接壤"
    return Edge(
        says=("与{y}接壤", "与{y}相邻", "的邻国中有{y}", "与{y}有共同的陆地边界"),
        denies=("不与{y}接壤", "的邻国中没有{y}"),
        group="{x}的邻国",
        roles=("邻国",),
        part="邻国",
        shared={(BORDER, False): shared, (BORDER, True): shared},
    )


def _partner(relation: str, word: str) -> dict[tuple[str, bool], Edge]:
    return {
        (relation, False): Edge(
            says=(
                f"的主要{word}伙伴中有{{y}}",
                f"把{{y}}列为主要{word}伙伴",
                f"的主要{word}伙伴包括{{y}}",
            ),
            denies=(f"的主要{word}伙伴中没有{{y}}",),
            group=f"{{x}}的主要{word}伙伴",
            roles=(f"主要{word}伙伴",),
            part=f"主要{word}伙伴",
            shared={(relation, True): f"与{{y}}至少有两个共同的主要{word}伙伴"},
        ),
        (relation, True): Edge(
            says=(f"是{{y}}的主要{word}伙伴", f"被{{y}}列为主要{word}伙伴"),
            denies=(f"不是{{y}}的主要{word}伙伴",),
            group=f"把{{x}}列为主要{word}伙伴的国家",
            counts=(f"被{{y}}列为主要{word}伙伴", f"是{{y}}的主要{word}伙伴"),
            part=f"主要{word}伙伴",
            shared={(relation, False): f"与{{y}}同为至少两个国家的主要{word}伙伴"},
        ),
    }


EDGES = {
    (BORDER, False): _border(),
    (BORDER, True): _border(),
    **_partner("country.export_partner", "出口"),
    **_partner("country.import_partner", "进口"),
}

ATTRIBUTES = {
    "country.region": Attribute(
        "所在地区",
        says=("位于{v}", "地处{v}"),
        denies=("不在{v}", "并非位于{v}"),
        asks=("{x}位于哪个地区？",),
        words={
            "Africa": "非洲",
            "Antarctic Region": "南极地区",
            "Arctic Region": "北极地区",
            "Asia": "亚洲",
            "Central America and the Caribbean": "中美洲和加勒比地区",
            "Europe": "欧洲",
            "Middle East": "中东",
            "North America": "北美洲",
            "Oceania": "大洋洲",
            "South America": "南美洲",
            "Southeast Asia": "东南亚",
        },
    ),
    "country.language": Attribute(
        "语言",
        says=("的语言中有{v}", "使用{v}", "的列出的语言包括{v}"),
        denies=("的列出的语言不包括{v}", "的语言中没有{v}"),
    ),
    "country.religion": Attribute(
        "宗教",
        says=("的主要宗教群体包括{v}", "的主要宗教群体中有{v}"),
        denies=("的主要宗教群体不包括{v}",),
        words={
            "Muslim": "穆斯林",
            "Christian": "基督徒",
            "Roman Catholic": "罗马天主教徒",
            "Catholic": "天主教徒",
            "Protestant": "新教徒",
            "Orthodox": "东正教徒",
            "Buddhist": "佛教徒",
            "Hindu": "印度教徒",
            "Jewish": "犹太教徒",
            "Sikh": "锡克教徒",
            "Taoist": "道教徒",
            "Sunni Muslim": "逊尼派穆斯林",
            "Anglican": "圣公会教徒",
            "Lutheran": "路德宗教徒",
            "Evangelical": "福音派教徒",
            "Evangelical Lutheran": "福音路德宗教徒",
            "Pentecostal": "五旬节派教徒",
            "Jehovah's Witness": "耶和华见证人",
            "Seventh Day Adventist": "基督复临安息日会教徒",
            "Rastafarian": "拉斯塔法里教徒",
            "Baha'i": "巴哈伊教徒",
            "Druze": "德鲁兹派教徒",
            "Greek Orthodox": "希腊正教徒",
            "Russian Orthodox": "俄罗斯正教徒",
            "Eastern Orthodox Christian": "东正教基督徒",
        },
    ),
    "country.capital": Attribute(
        "首都",
        says=("的首都是{v}", "的首都为{v}", "以{v}为首都"),
        denies=("的首都不是{v}",),
        asks=("{x}的首都是哪里？", "{x}的首都叫什么？"),
    ),
    "country.highest_point": Attribute(
        "最高点",
        says=("的最高点是{v}", "的最高点为{v}"),
        denies=("的最高点不是{v}",),
        asks=("{x}的最高点是哪里？", "{x}的最高点叫什么？"),
    ),
    "country.currency": Attribute(
        "货币",
        says=("的货币是 {v}", "的货币为 {v}", "使用的货币是 {v}"),
        denies=("的货币不是 {v}",),
        asks=("{x}使用什么货币？",),
        words={
            "euros": "欧元",
            "US dollars": "美元",
            "Australian dollars": "澳大利亚元",
            "Danish kroner": "丹麦克朗",
            "East Caribbean dollars": "东加勒比元",
            "New Zealand dollars": "新西兰元",
            "Norwegian kroner": "挪威克朗",
            "Swiss francs": "瑞士法郎",
        },
    ),
    "country.internet_code": Attribute(
        "互联网国家代码",
        says=("的互联网国家代码是 {v}", "的互联网国家代码为 {v}"),
        denies=("的互联网国家代码不是 {v}",),
        asks=("{x}的互联网国家代码是什么？",),
    ),
    "country.government_type": Attribute(
        "政体",
        says=("的政体为{v}", "的政体属于{v}"),
        denies=("的政体不是{v}",),
        asks=("{x}的政体是什么？",),
        words={
            "absolute monarchy": "绝对君主制",
            "absolute monarchy or sultanate": "绝对君主制（苏丹国）",
            "authoritarian": "威权政体",
            "communist party-led state": "共产党领导的国家",
            "communist state": "共产主义国家",
            "constitutional federal republic": "立宪联邦共和制",
            "constitutional monarchy": "君主立宪制",
            "ecclesiastical elective monarchy": "教会选举君主制",
            "executive-led limited democracy": "行政主导的有限民主制",
            "federal parliamentary constitutional monarchy": "联邦议会君主立宪制",
            "federal parliamentary democracy under a constitutional monarchy": "君主立宪下的联邦议会民主制",
            "federal parliamentary republic": "联邦议会共和制",
            "federal presidential republic": "联邦总统共和制",
            "federal republic": "联邦共和制",
            "federation of monarchies": "君主国联邦",
            "in transition": "过渡政体",
            "military regime": "军政府",
            "parliamentary constitutional monarchy": "议会君主立宪制",
            "parliamentary democracy": "议会民主制",
            "parliamentary democracy under a constitutional monarchy": "君主立宪下的议会民主制",
            "parliamentary democratic republic": "议会民主共和制",
            "parliamentary republic": "议会共和制",
            "presidential limited democracy": "总统制有限民主",
            "presidential republic": "总统共和制",
            "semi-presidential federation": "半总统制联邦",
            "semi-presidential republic": "半总统共和制",
            "theocratic": "神权政体",
            "theocratic republic": "神权共和制",
            "transitional presidential republic": "过渡总统共和制",
            "unitary parliamentary republic": "单一议会共和制",
        },
    ),
    "country.area": Attribute("总面积", more="大", less="小"),
    "country.coastline": Attribute("海岸线长度", more="长", less="短"),
    "country.land_boundary": Attribute("陆地边界总长", more="长", less="短"),
    "country.highest_elevation": Attribute("最高海拔"),
    "country.mean_elevation": Attribute("平均海拔"),
    "country.population": Attribute(
        "人口", more="多", less="少", unit="人", whole=True, asks=("{x}有多少人口？",)
    ),
    "country.median_age": Attribute("年龄中位数", more="大", less="小"),
    "country.life_expectancy": Attribute("出生时预期寿命", more="长", less="短"),
    "country.airports": Attribute(
        "机场数目",
        says=("有{v}机场", "拥有{v}机场"),
        denies=("并没有{v}机场",),
        asks=("{x}有多少座机场？",),
        more="多",
        less="少",
        unit="座",
        whole=True,
    ),
    "country.railways": Attribute("铁路总长", more="长", less="短"),
    "country.independence": Attribute(
        "独立年份",
        says=("于{v}独立", "在{v}取得独立"),
        denies=("并非在{v}独立",),
        asks=("{x}是哪一年独立的？", "{x}于哪一年取得独立？"),
        is_year=True,
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
