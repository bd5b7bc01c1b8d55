"""Chinese words of the chemical elements."""

from synth.search.wording.zh.lexicon import OPENERS, Attribute, Edge, Lexicon, Noun

NOUNS = {
    "element": Noun(
        "元素",
        "种",
        short="该元素",
        openers=(
            *OPENERS,
            "请帮我在元素周期表中找出{np}。",
            "有{np}，请你认出它来。",
        ),
        closers=(
            "这是哪种元素？",
            "请问这是什么元素？",
            "我说的是哪种元素？",
            "你能说出这种元素的名称吗？",
            "请写出这种元素的名称。",
            "这种元素叫什么？",
        ),
    )
}

COUNTRY = "element.discovery_country"

EDGES = {
    (COUNTRY, False): Edge(
        says=("在{y}被发现", "的发现地为{y}", "的发现国中有{y}"),
        denies=("的发现国中没有{y}", "并非在{y}被发现"),
        group="{x}的发现国",
        roles=("发现国",),
        part="发现国",
        shared={(COUNTRY, True): "与{y}至少有两个共同的发现国"},
    ),
    (COUNTRY, True): Edge(
        says=("是{y}的发现国", "是{y}的发现地"),
        denies=("不是{y}的发现国",),
        group="{x}发现的元素",
        part="发现国",
    ),
}

ATTRIBUTES = {
    "element.symbol": Attribute(
        "元素符号",
        says=("的元素符号是 {v}", "的元素符号为 {v}"),
        denies=("的元素符号不是 {v}",),
        asks=("{x}的元素符号是什么？",),
    ),
    "element.discoverer": Attribute(
        "发现者",
        says=("由 {v} 发现", "的发现者中有 {v}", "的发现者包括 {v}"),
        denies=("的发现者中没有 {v}",),
        asks=("{x}的发现者是谁？",),
    ),
    "element.block": Attribute(
        "分区",
        says=("属于 {v} 区", "位于 {v} 区"),
        denies=("不属于 {v} 区",),
        asks=("{x}属于哪个区？",),
        pre=" {v} 区",
    ),
    "element.series": Attribute(
        "系列",
        says=("属于{v}",),
        denies=("不属于{v}",),
        asks=("{x}属于哪个系列？",),
        heads={
            "actinide": "锕系元素",
            "alkali metal": "碱金属元素",
            "alkaline earth metal": "碱土金属元素",
            "halogen": "卤素元素",
            "lanthanide": "镧系元素",
            "metalloid": "类金属元素",
            "noble gas": "稀有气体元素",
            "nonmetal": "非金属元素",
            "poor metal": "贫金属元素",
            "transition metal": "过渡金属元素",
        },
    ),
    "element.lattice": Attribute(
        "晶格结构",
        says=("的晶格结构为 {v}", "的晶格结构是 {v}"),
        denies=("的晶格结构不是 {v}",),
        asks=("{x}的晶格结构是什么？",),
        words={
            "body-centred cubic": "体心立方",
            "cubic": "立方",
            "diamond": "金刚石型",
            "face-centred cubic": "面心立方",
            "hexagonal": "六方",
            "monoclinic": "单斜",
            "orthorhombic": "正交",
            "rhombohedral": "三方",
            "simple cubic": "简单立方",
            "tetragonal": "四方",
        },
    ),
    "element.discovery_year": Attribute(
        "发现年份",
        says=("于{v}被发现", "在{v}被发现"),
        denies=("并非在{v}被发现",),
        asks=("{x}是哪一年被发现的？", "{x}于哪一年被发现？"),
        pre="{v}发现的",
        is_year=True,
    ),
    "element.atomic_number": Attribute("原子序数", more="大", less="小", whole=True),
    "element.period": Attribute(
        "周期数", more="大", less="小", whole=True, asks=("{x}位于第几周期？",)
    ),
    "element.group": Attribute(
        "族序数", more="大", less="小", whole=True, asks=("{x}位于第几族？",)
    ),
    "element.melting_point": Attribute("熔点"),
    "element.boiling_point": Attribute("沸点"),
    "element.density": Attribute("密度", more="大", less="小"),
    "element.atomic_weight": Attribute("原子量", more="大", less="小"),
    "element.electronegativity": Attribute("鲍林电负性", more="大", less="小"),
    "element.stable_isotopes": Attribute(
        "稳定同位素数目",
        says=("有{v}稳定同位素",),
        denies=("并没有{v}稳定同位素",),
        asks=("{x}有多少种稳定同位素？",),
        more="多",
        less="少",
        unit="种",
        whole=True,
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
