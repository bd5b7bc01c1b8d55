"""Chinese words of the films source."""

from synth.search.wording.zh.lexicon import OPENERS, Attribute, Edge, Lexicon, Noun

GENRES = {
    "Action": "动作片",
    "Adventure": "冒险片",
    "Animation": "动画片",
    "Biography": "传记片",
    "Comedy": "喜剧片",
    "Crime": "犯罪片",
    "Documentary": "纪录片",
    "Drama": "剧情片",
    "Family": "家庭片",
    "Fantasy": "奇幻片",
    "History": "历史片",
    "Horror": "恐怖片",
    "Music": "音乐片",
    "Musical": "歌舞片",
    "Mystery": "悬疑片",
    "Romance": "爱情片",
    "Sci-Fi": "科幻片",
    "Sport": "体育片",
    "Thriller": "惊悚片",
    "War": "战争片",
    "Western": "西部片",
}

NOUNS = {
    "film": Noun(
        "影片",
        "部",
        name="片名",
        short="该片",
        openers=(
            *OPENERS,
            "有{np}，我一时想不起片名。",
            "我想知道{np}的片名。",
            "请影迷朋友帮我找{np}。",
        ),
        closers=(
            "这是哪部影片？",
            "请问这部影片叫什么？",
            "它的片名是什么？",
            "你能说出这部影片的片名吗？",
            "请写出这部影片的片名。",
            "我说的是哪部影片？",
        ),
    ),
    "person": Noun(
        "影人",
        "位",
        is_person=True,
        name="姓名",
        short="此人",
        openers=(
            *OPENERS,
            "有{np}，我一时想不起名字。",
            "我想知道{np}的姓名。",
        ),
        closers=(
            "这个人是谁？",
            "请问此人是谁？",
            "此人叫什么名字？",
            "你能说出此人的姓名吗？",
            "请写出此人的姓名。",
            "我说的是谁？",
        ),
    ),
    "company": Noun(
        "制作公司",
        "家",
        short="该公司",
        openers=(
            *OPENERS,
            "有{np}，我一时想不起名称。",
            "我想知道{np}的名称。",
        ),
        closers=(
            "这是哪家公司？",
            "请问这家公司叫什么？",
            "你能说出这家公司的名称吗？",
            "请写出这家公司的名称。",
            "我说的是哪家公司？",
            "这家公司的名称是什么？",
        ),
    ),
}

DIRECTOR, WRITER, CAST = "film.director", "film.writer", "film.cast"
COMPANY, COUNTRY = "film.company", "film.country"

EDGES = {
    (DIRECTOR, False): Edge(
        says=("由{y}执导", "由{y}执导", "由{y}导演", "是{y}执导的作品"),
        denies=("并非由{y}执导", "的导演中没有{y}"),
        group="{x}的导演",
        roles=("导演",),
        part="导演",
        shared={
            (DIRECTOR, True): "与{y}至少有两位共同的导演",
            (CAST, True): "至少有两位导演出演了{y}",
        },
    ),
    (DIRECTOR, True): Edge(
        says=("执导过{y}", "执导过{y}", "导演过{y}"),
        denies=("没有执导{y}", "未曾执导{y}"),
        group="{x}执导的影片",
        verb="执导",
        part="导演",
        shared={
            (DIRECTOR, False): "与{y}共同执导过至少两部影片",
            (WRITER, False): "执导过至少两部由{y}编剧的影片",
            (CAST, False): "在至少两部影片中执导过{y}",
            (COMPANY, False): "为{y}执导过至少两部影片",
            (COUNTRY, False): "执导过至少两部由{y}出品的影片",
        },
    ),
    (WRITER, False): Edge(
        says=("由{y}编剧", "由{y}参与编剧", "的编剧中有{y}"),
        denies=("的编剧中没有{y}", "并非由{y}编剧"),
        group="{x}的编剧",
        roles=("编剧",),
        part="编剧",
        shared={
            (WRITER, True): "与{y}至少有两位共同的编剧",
            (CAST, True): "至少有两位编剧出演了{y}",
        },
    ),
    (WRITER, True): Edge(
        says=("为{y}写过剧本", "担任过{y}的编剧", "参与编写过{y}", "参与编写了{y}", "写过{y}"),
        denies=("不是{y}的编剧", "没有参与{y}的编剧"),
        group="{x}编剧的影片",
        verb="编写",
        part="编剧",
        shared={
            (DIRECTOR, False): "为{y}执导的至少两部影片写过剧本",
            (WRITER, False): "与{y}共同编写过至少两部影片",
            (CAST, False): "为{y}出演的至少两部影片写过剧本",
            (COMPANY, False): "为{y}的至少两部影片写过剧本",
            (COUNTRY, False): "为至少两部由{y}出品的影片写过剧本",
        },
    ),
    (CAST, False): Edge(
        says=("的演员中有{y}", "有{y}参演"),
        denies=("的演员中没有{y}", "的演员表里没有{y}"),
        group="{x}的演员",
        roles=("演员",),
        part="演员",
        shared={
            (CAST, True): "与{y}至少有两位共同的演员",
            (DIRECTOR, True): "至少有两位演员是{y}的导演",
        },
    ),
    (CAST, True): Edge(
        says=("出演过{y}", "演过{y}", "出演了{y}", "参演过{y}"),
        denies=("没有出演{y}", "未曾参演{y}"),
        group="{x}出演的影片",
        verb="出演",
        part="演员",
        shared={
            (CAST, False): "与{y}在至少两部影片中同台演出",
            (DIRECTOR, False): "出演过至少两部由{y}执导的影片",
            (WRITER, False): "出演过至少两部由{y}编剧的影片",
            (COMPANY, False): "出演过至少两部由{y}制作的影片",
            (COUNTRY, False): "出演过至少两部由{y}出品的影片",
        },
    ),
    (COMPANY, False): Edge(
        says=("由{y}制作", "的制作公司中有{y}", "由{y}参与制作"),
        denies=("并非由{y}制作", "的制作公司中没有{y}"),
        group="{x}的制作公司",
        roles=("制作公司",),
        part="制作公司",
        shared={(COMPANY, True): "与{y}至少有两家共同的制作公司"},
    ),
    (COMPANY, True): Edge(
        says=("制作了{y}", "参与制作了{y}", "参与制作过{y}"),
        denies=("没有制作{y}", "没有参与制作{y}"),
        group="{x}制作的影片",
        verb="制作",
        part="制作公司",
        shared={
            (DIRECTOR, False): "制作过至少两部由{y}执导的影片",
            (WRITER, False): "制作过至少两部由{y}编剧的影片",
            (CAST, False): "制作过至少两部有{y}出演的影片",
            (COMPANY, False): "与{y}共同制作过至少两部影片",
            (COUNTRY, False): "制作过至少两部由{y}出品的影片",
        },
    ),
    (COUNTRY, False): Edge(
        says=("由{y}出品", "的制片国家中有{y}", "的出品国家包括{y}"),
        denies=("的制片国家中没有{y}", "的出品国家不包括{y}"),
        group="{x}的制片国家",
        roles=("制片国家",),
        part="制片国家",
    ),
    (COUNTRY, True): Edge(
        says=("是{y}的制片国家之一", "参与出品了{y}"),
        denies=("不是{y}的制片国家", "没有参与出品{y}"),
        group="{x}参与出品的影片",
        verb="出品",
        part="制片国家",
    ),
}

ATTRIBUTES = {
    "film.year": Attribute(
        "上映年份",
        says=("于{v}上映", "在{v}上映", "上映于{v}"),
        denies=("并非在{v}上映", "不是{v}上映的"),
        asks=("{x}是哪一年上映的？", "{x}于哪一年上映？", "{x}的上映年份是哪一年？"),
        pre="{v}上映的",
        is_year=True,
    ),
    "film.runtime": Attribute(
        "片长",
        asks=("{x}的片长是多少分钟？", "{x}有多长？请以分钟作答。", "{x}片长多少分钟？"),
        more="长",
        less="短",
        whole=True,
    ),
    "film.genre": Attribute(
        "类型", says=("的类型包括{v}",), denies=("的类型不包括{v}",), heads=GENRES
    ),
    "film.language": Attribute(
        "语言",
        says=("有{v}对白", "的语言包括{v}", "片中讲{v}"),
        denies=("的语言不包括{v}", "没有{v}对白"),
        pre="{v}",
    ),
    "film.rating": Attribute(
        "MPAA 分级",
        says=("被评为 {v} 级", "的 MPAA 分级为 {v} 级"),
        denies=("的 MPAA 分级不是 {v} 级", "没有被评为 {v} 级"),
        pre=" {v} 级",
    ),
    "film.oscars": Attribute(
        "所获奥斯卡奖数目",
        says=("获得{v}奥斯卡奖", "赢得{v}奥斯卡奖"),
        denies=("并未获得{v}奥斯卡奖",),
        asks=("{x}获得了多少项奥斯卡奖？",),
        more="多",
        less="少",
        unit="项",
        whole=True,
    ),
    "film.nominations": Attribute(
        "所获奥斯卡提名数目",
        says=("获得{v}奥斯卡提名", "得到{v}奥斯卡提名"),
        denies=("并未获得{v}奥斯卡提名",),
        asks=("{x}获得了多少项奥斯卡提名？",),
        more="多",
        less="少",
        unit="项",
        whole=True,
    ),
    "film.metascore": Attribute(
        "Metascore 评分", asks=("{x}的 Metascore 评分是多少？",), unit="分", whole=True
    ),
    "film.critics_score": Attribute(
        "影评好评率",
        says=(
            "的影评好评率{has}",
            "的影评好评率{has}",
            "的影评中有{v}是好评",
        ),
        asks=("{x}的影评好评率是百分之多少？",),
        unit="%",
        gap_unit="个百分点",
        whole=True,
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
