"""Chinese words of the computing dictionary."""

from synth.search.wording.zh.lexicon import Attribute, Edge, Lexicon, Noun

NOUNS = {
    "term": Noun(
        "词条",
        "个",
        name="词目",
        short="该词条",
        openers=(
            "我在一部计算机词典里找{np}。",
            "计算机词典中有{np}，我想不起它的词目了。",
            "请帮我在计算机词典里找出{np}。",
            "我想知道计算机词典中{np}的词目。",
            "出个题：计算机词典中有{np}。",
        ),
        tellers=(
            "我在一部计算机词典里找{np}，{p}。",
            "计算机词典中有{np}，{p}。",
            "请帮我在计算机词典里找{np}：{p}。",
            "出个题：计算机词典中有{np}，{p}。",
            "我在计算机词典里见过{np}，只记得{p}。",
        ),
        closers=(
            "这是哪个词条？",
            "请问这个词条的词目是什么？",
            "它解释的是哪个术语？",
            "你能说出这个词条吗？",
            "请写出这个词条的词目。",
            "我说的是哪个词条？",
        ),
    )
}

LINK = "term.link"

EDGES = {
    (LINK, False): Edge(
        says=("链接到{y}", "的正文中有指向{y}的链接", "引导读者参阅{y}"),
        denies=("没有链接到{y}", "的正文中没有指向{y}的链接"),
        group="{x}链接到的词条",
        roles=("被链接的词条",),
        verb="链接到",
        part="被链接的词条",
        shared={
            (LINK, True): "与{y}至少链接到两个相同的词条",
            (LINK, False): "链接到至少两个词条，而这些词条又都链接到{y}",
        },
    ),
    (LINK, True): Edge(
        says=("被{y}链接", "出现在{y}的链接中"),
        denies=("没有被{y}链接",),
        group="链接到{x}的词条",
        roles=("链出词条",),
        part="链出词条",
        shared={(LINK, False): "与{y}至少被两个相同的词条链接"},
    ),
}

ATTRIBUTES = {
    "term.field": Attribute(
        "学科标签",
        says=("归在 <{v}> 之下", "带有学科标签 <{v}>"),
        denies=("不归在 <{v}> 之下", "没有学科标签 <{v}>"),
        asks=("{x}归在哪个学科标签之下？",),
    )
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
