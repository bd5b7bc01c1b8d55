"""Chinese words of the Debian package index."""

from synth.search.wording.zh.lexicon import Attribute, Edge, Lexicon, Noun

NOUNS = {
    "package": Noun(
        "软件包",
        "个",
        short="该软件包",
        name="包名",
        openers=(
            "我在 Debian 仓库里找{np}。",
            "Debian 中有{np}，我忘了它叫什么。",
            "请帮我在 Debian 索引中找出{np}。",
            "我想知道 Debian 中{np}的名称。",
            "出个题：Debian 中有{np}。",
        ),
        tellers=(
            "我在 Debian 仓库里找{np}，{p}。",
            "Debian 中有{np}，{p}。",
            "请帮我在 Debian 索引中找{np}：{p}。",
            "出个题：Debian 中有{np}，{p}。",
            "我用过 Debian 的{np}，只记得{p}。",
        ),
        closers=(
            "这是哪个软件包？",
            "请问这个软件包叫什么？",
            "我说的是哪个软件包？",
            "你能说出这个软件包的名称吗？",
            "请写出这个软件包的名称。",
            "这个软件包的名称是什么？",
        ),
    ),
    "maintainer": Noun(
        "维护者",
        "位",
        short="该维护者",
        openers=(
            "我在找 Debian 的{np}。",
            "Debian 有{np}，我忘了名字。",
            "请帮我在 Debian 索引中找出{np}。",
            "我想知道 Debian 的{np}叫什么。",
            "出个题：Debian 有{np}。",
        ),
        tellers=(
            "我在找 Debian 的{np}，{p}。",
            "Debian 有{np}，{p}。",
            "请帮我在 Debian 索引中找{np}：{p}。",
            "出个题：Debian 有{np}，{p}。",
            "我想打听 Debian 的{np}，只记得{p}。",
        ),
        closers=(
            "这位维护者是谁？",
            "请问这位维护者叫什么？",
            "我说的是哪位维护者？",
            "你能说出这位维护者的名称吗？",
            "请写出这位维护者的名称。",
            "这位维护者的名称是什么？",
        ),
    ),
}

MAINTAINER = "package.maintainer"


def _needs(relation: str, word: str) -> dict[tuple[str, bool], Edge]:
    """Both ends of a dependency relation; `word` is the verb and noun for it."""
    return {
        (relation, False): Edge(
            says=(f"{word}{{y}}", f"把{{y}}列为{word}项", f"的{word}项中有{{y}}"),
            denies=(f"不{word}{{y}}", f"的{word}项中没有{{y}}"),
            group=f"{{x}}{word}的软件包",
            roles=(f"被{word}的软件包",),
            verb=word,
            part=f"{word}项",
            shared={
                (relation, True): f"与{{y}}至少共同{word}两个软件包",
                (MAINTAINER, False): f"至少{word}两个由{{y}}维护的软件包",
            },
        ),
        (relation, True): Edge(
            says=(f"被{{y}}{word}", f"是{{y}}的{word}项"),
            denies=(f"没有被{{y}}{word}", f"不是{{y}}的{word}项"),
            group=f"{word}{{x}}的软件包",
            counts=(f"被{{y}}{word}",),
            part=f"{word}项",
        ),
    }


EDGES = {
    **_needs("package.depends", "依赖"),
    **_needs("package.recommends", "推荐"),
    (MAINTAINER, False): Edge(
        says=("由{y}维护", "的维护者是{y}", "的维护工作由{y}负责"),
        denies=("并非由{y}维护", "的维护者不是{y}"),
        group="{x}的维护者",
        roles=("维护者",),
        part="维护者",
    ),
    (MAINTAINER, True): Edge(
        says=("维护着{y}", "负责维护{y}", "是{y}的维护者"),
        denies=("并不维护{y}", "不是{y}的维护者"),
        group="{x}维护的软件包",
        verb="维护着",
        part="维护者",
        shared={("package.depends", False): "维护着至少两个依赖{y}的软件包"},
    ),
}

ATTRIBUTES = {
    "package.section": Attribute(
        "分类",
        says=("属于 {v} 分类", "归入 {v} 分类"),
        denies=("不属于 {v} 分类",),
        asks=("{x}属于哪个分类？",),
    ),
    "package.source": Attribute(
        "源码包",
        says=("由源码包 {v} 构建", "的源码包为 {v}"),
        denies=("的源码包不是 {v}",),
        asks=("{x}由哪个源码包构建？",),
    ),
    "package.installed_size": Attribute("安装后大小", more="大", less="小", whole=True),
    "package.homepage_host": Attribute(
        "主页所在主机",
        says=("的主页位于 {v}", "的主页所在主机为 {v}"),
        denies=("的主页不在 {v}",),
        asks=("{x}的主页位于哪台主机？",),
    ),
    "package.tag": Attribute(
        "标签",
        says=("带有标签 {v}", "的标签中有 {v}"),
        denies=("没有标签 {v}", "不带标签 {v}"),
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
