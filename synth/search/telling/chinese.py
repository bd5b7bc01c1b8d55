"""The sentences of a train of thought in Chinese, several for each occasion.

`{x}` is the thing whose page is wanted, `{f}` and `{g}` pages that were read, `{d}` a description such
as "someone who directed X", `{s}` a whole clause, `{p}` a predicate, `{m}` a number of things.
"""

from collections.abc import Mapping

from synth.search.telling.occasion import Occasion

CHINESE: Mapping[Occasion, tuple[str, ...]] = {
    Occasion.ONE_NAME: (
        "题目里直接点名的只有{names}，其余都是描述。",
        "能抓住的线索只有一个名字：{names}。",
        "先看题目给了什么：明确提到的是{names}。",
        "唯一确定的是{names}，只能从这里入手。",
    ),
    Occasion.SEVERAL_NAMES: (
        "题目里点了名的有{names}，其余要靠查证。",
        "确定的线索有{n}个：{names}。",
        "先理一理：已知的名字是{names}，要由它们推到答案。",
        "可以入手的地方有{names}。",
    ),
    Occasion.NO_NAMES: (
        "题目没有直接点名，只能按描述去查。",
        "题目里没有现成的名字，先照着线索检索。",
    ),
    Occasion.START: (
        "先看{x}：要找{d}。",
        "先从{x}查起，目的是找到{d}。",
        "先查{x}，看能否找到{d}。",
        "第一步查{x}，要的是{d}。",
    ),
    Occasion.ANOTHER_LEAD: (
        "再看另一条线索{x}：要找{d}。",
        "接下来查{x}，找{d}。",
        "这一头有了眉目，另一头是{x}，还缺{d}。",
        "还有{x}没有查，需要找{d}。",
    ),
    Occasion.OWN_FIGURE: (
        "有一条线索是和{x}比较，得先知道它的数值。",
        "要作比较，先要查到{x}的数据。",
        "既然要和{x}相比，就去它的页面上看看数字。",
    ),
    Occasion.ENGLISH_NAME: (
        "文档是英文的，用“{q}”检索。",
        "资料库用英文写名称，所以检索“{q}”。",
    ),
    Occasion.ADD_TYPE: (
        "单用名字容易混淆，加上“{t}”一词。",
        "可能有同名的，检索时加上“{t}”。",
    ),
    Occasion.MORE_RESULTS: (
        "提到它的文档可能很多，多要一些结果。",
        "它也许排得靠后，要{n}条结果。",
    ),
    Occasion.TOP_HIT: (
        "第一条就是{x}，打开看看。",
        "排在最前的{id}正是{x}，读一读。",
        "一下子就找到了，打开{x}的页面。",
        "要找的就是{id}这一篇。",
        "{x}排在首位，打开{id}。",
    ),
    Occasion.LOWER_HIT: (
        "{x}排在第{n}条，编号{id}，前面的都是别的文档。",
        "不是第一条，第{n}条{id}才是{x}，打开它。",
        "前面几条只是字面相近，{x}是第{n}条，即{id}。",
    ),
    Occasion.NEXT_PAGE: (
        "要找的内容不在这一部分，看看第{n}页。",
        "这一部分还不够，再看第{n}页。",
        "文档不止这些，翻到第{n}页。",
        "这里还没有写到，接着看第{n}页。",
    ),
    Occasion.ONLY_ONE: (
        "页面上写得很清楚：{s}。接下来查{x}。",
        "{s}，没有别的可能，于是查{x}。",
        "有了：{s}。再查{x}。",
        "由此得到{x}：{s}。",
    ),
    Occasion.SOME_FIT: (
        "这里列出{n}个，其中{k}个可能符合：{names}。先看{x}。",
        "{n}个里面还剩{k}个（{names}），先试{x}。",
        "照这一页看，可能的只有{names}，先查{x}。",
    ),
    Occasion.ONE_FITS: (
        "这一页列出{m}，只有{x}{p}，应该就是了。",
        "候选有{m}，但按线索筛下来，只有{x}{p}。",
        "只有{x}{p}，其余的都可以排除。",
    ),
    Occasion.TRY_ONE: (
        "要找的是{d}，页面上有{m}，分不出是哪一个，只好试一试：{x}。",
        "这里有{m}都有可能，先查{x}，再看其余线索合不合。",
        "{m}里还看不出是哪一个，先从{x}查起。",
        "眼下符合的有{m}，逐个核对，先看{x}。",
    ),
    Occasion.TIED: (
        "页面上提到了{x}：{s}。去看看它自己的页面。",
        "{s}。再读一读{x}的页面。",
        "这里出现了{x}：{s}，值得一查。",
    ),
    Occasion.CHECK: (
        "还有一条线索：{s}。页面上列出了{x}，核对一下。",
        "尚待确认的是：{s}。也许就是{x}。",
        "如果没有找错，{s}。查{x}就知道了。",
        "题目还要求{s}，看看{x}是否如此。",
    ),
    Occasion.NEXT_FACT: (
        "还有一点要确认，就在{x}的页面上。",
        "剩下没有核实的，应当写在{x}的页面上。",
        "回答之前再看一眼{x}。",
    ),
    Occasion.STATED: (
        "页面上写着“{q}”，可见{s}。",
        "这里写的是“{q}”，{s}，符合要求。",
        "“{q}”说明{s}。",
        "核对：“{q}”，{s}。",
    ),
    Occasion.AGAINST: (
        "这里是“{q}”，{y}是“{o}”，可见{s}。",
        "一个是“{q}”，{y}是“{o}”，所以{s}。",
    ),
    Occasion.TALLY: (
        "数一数列出的条目：{s}。",
        "清单可以数清：{s}。",
        "数下来符合：{s}。",
    ),
    Occasion.ALL_FITS: (
        "线索都对上了：{s}。答案是{a}。",
        "综合起来：{s}。所以答案是{a}。",
        "{s}，题目的条件都已核实，答案就是{a}。",
        "至此每一条都有了着落：{s}。答案为{a}。",
    ),
    Occasion.ALL_OF_THEM: (
        "名单齐了：{names}。",
        "逐一核对之后，符合的是{names}。",
        "符合条件的共有这些：{names}。",
    ),
    Occasion.FIGURE: (
        "对象已经明确：{s}。题目问的是{a}。",
        "既然{s}，所求的就是{a}。",
        "{s}，由此可知答案为{a}。",
    ),
    Occasion.CITE: ("引用读过的文档作为依据。", "把打开过的文档列为依据。", "", ""),
    Occasion.START_THERE: (
        "我要找{d}，先检索。",
        "由此应该能找到{d}。",
        "看了它的页面，应该能找到{d}。",
        "所以第一步是找{d}。",
    ),
    Occasion.REJECT: (
        "“{q}”与题目不符，要找的是{d}，{x}可以排除。",
        "页面上写的是“{q}”，而要找的是{d}，看来不是{x}。",
        "不对：“{q}”说明{x}不是{d}。",
        "{x}不合，因为页面上是“{q}”，题目要的是{d}。",
    ),
    Occasion.REJECT_COUNT: (
        "数下来有{m}，而要找的是{d}，所以不是{x}。",
        "页面上列出{m}，{x}不是{d}。",
        "只看数目就不对：{m}。要找的是{d}，{x}可以排除。",
    ),
    Occasion.AGAIN: (
        "回到名单上，再试{x}。",
        "换一个，查{x}。",
        "名单上还有{x}，接着查。",
        "那么{x}呢？查查看。",
    ),
    Occasion.ON_BOTH: (
        "把两份名单对照一下：{f}和{g}共有的只有{x}。",
        "同时出现在{f}和{g}页面上的只有{x}。",
        "{f}和{g}的交集是什么？只有{x}。",
    ),
    Occasion.ON_BOTH_TRY: (
        "{f}和{g}共有{k}个：{names}。先看{x}。",
        "两边都有的是{names}，先查{x}。",
    ),
    Occasion.SAME_TIE: (
        "候选有{m}。其中{s}，而题目接下来正需要这种关系，先查{x}。",
        "{m}里，{x}比较有希望：{s}，题目描述的也是这种关系。",
        "{s}，题目要找的在别处也有这种关系，所以先看{x}。",
    ),
    Occasion.CHECK_SOME: (
        "还有一条线索：{s}。名单里可能的是{names}，先看{x}。",
        "尚待确认的是：{s}。照名单看，可能是{names}，查一下{x}。",
    ),
    Occasion.UNNAMED: (
        "要找的是{d}，还不知道名称，检索“{q}”试试。",
        "还缺{d}，没有现成的名字，就用“{q}”检索。",
        "{d}是哪一个？检索“{q}”应该能找到。",
        "下一步找{d}，用“{q}”来查。",
    ),
    Occasion.UNNAMED_CHECK: (
        "尚待确认的是：{s}。没有名字可查，就检索“{q}”。",
        "还有一条线索：{s}。用“{q}”检索看看。",
    ),
    Occasion.UNNAMED_PLAIN: (
        "缺的这一项还没有名字，检索“{q}”。",
        "为补上缺口，检索“{q}”。",
    ),
    Occasion.LIKELY_HIT: (
        "结果里有{x}，编号{id}，可能就是它，读一读。",
        "{x}在名单上，即{id}，看它的页面是否相符。",
        "先取第{n}条{x}，打开{id}核对。",
        "从结果里挑出{x}，打开{id}看看合不合。",
    ),
    Occasion.VALUE: (
        "对象已经明确：{s}。页面上写的是“{q}”，答案是{a}。",
        "{s}。所问的就写在页面上，“{q}”，即{a}。",
        "既然{s}，只需看它的数值：“{q}”，所以是{a}。",
    ),
    Occasion.DIFFERENCE: (
        "一个是“{q}”，另一个是“{o}”，相差{a}。",
        "“{q}”与“{o}”之差为{a}，这就是答案。",
    ),
}
