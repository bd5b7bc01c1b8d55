"""The sentences of a train of thought, several for each occasion; slots are filled by `reasons`.

`{x}` is the thing whose page is wanted, `{f}` the page just read, `{d}` a description such as
"someone who directed X", `{s}` a whole clause, `{n}` and `{k}` numbers.
"""

from collections.abc import Mapping
from enum import StrEnum

from data.task import Language


class Occasion(StrEnum):
    ONE_NAME = "one_name"
    SEVERAL_NAMES = "several_names"
    NO_NAMES = "no_names"
    START = "start"
    START_THERE = "start_there"
    ANOTHER_LEAD = "another_lead"
    OWN_FIGURE = "own_figure"
    ENGLISH_NAME = "english_name"
    ADD_TYPE = "add_type"
    MORE_RESULTS = "more_results"
    NO_NAME_YET = "no_name_yet"
    TOP_HIT = "top_hit"
    LOWER_HIT = "lower_hit"
    NEXT_PAGE = "next_page"
    ONLY_ONE = "only_one"
    SOME_FIT = "some_fit"
    ONE_FITS = "one_fits"
    TRY_ONE = "try_one"
    ON_BOTH = "on_both"
    ON_BOTH_TRY = "on_both_try"
    SAME_TIE = "same_tie"
    TIED = "tied"
    CHECK = "check"
    CHECK_SOME = "check_some"
    NEXT_FACT = "next_fact"
    STATED = "stated"
    AGAINST = "against"
    TALLY = "tally"
    ALL_FITS = "all_fits"
    ALL_OF_THEM = "all_of_them"
    FIGURE = "figure"
    CITE = "cite"


ENGLISH: Mapping[Occasion, tuple[str, ...]] = {
    Occasion.ONE_NAME: (
        "Only one thing is named outright: {names}. Everything else is described.",
        "What can I hold on to? The question names {names} and nothing else.",
        "The one firm point in the question is {names}.",
        "{names} is the only name I am given, so that is where I have to begin.",
    ),
    Occasion.SEVERAL_NAMES: (
        "The question gives these names: {names}. The rest is description.",
        "The fixed points are {names}; from them I have to work my way to the answer.",
        "Let me see what is named: {names}. The others I must find.",
        "There are {n} names to start from: {names}.",
    ),
    Occasion.NO_NAMES: (
        "Nothing is named outright here, so I go by what is described.",
        "The question names nothing directly; I have to search by its clues.",
    ),
    Occasion.START: (
        "I start with {x}: I need {d}.",
        "{x} comes first, as I am after {d}.",
        "Let me take {x} first; what I want from it is {d}.",
        "First {x}, which should lead me to {d}.",
    ),
    Occasion.ANOTHER_LEAD: (
        "Now the other lead, {x}: I need {d}.",
        "Next I take up {x}, as there must be {d}.",
        "That is one side. On the other side stands {x}, and with it {d}.",
        "There is also {x} to follow: I want {d}.",
    ),
    Occasion.OWN_FIGURE: (
        "One clue compares with {x}, so I need the figure on its page.",
        "To make the comparison I first have to know the figure for {x}.",
        "The comparison with {x} needs a number; its page should have it.",
    ),
    Occasion.ENGLISH_NAME: (
        'The documents call it "{q}".',
        'Its page is titled "{q}".',
    ),
    Occasion.ADD_TYPE: (
        'The name alone is ambiguous, so I add the word "{t}".',
        'I add "{t}" to the query, as others may share this name.',
    ),
    Occasion.MORE_RESULTS: (
        "Many documents will mention it, so I ask for a longer list.",
        "This may be far down the list; I ask for {n} results.",
    ),
    Occasion.NO_NAME_YET: (
        'I do not know its name yet. A search for {x} with the word "{t}" may bring it up.',
        "Its name is still open, so I search for a {t} by way of {x}.",
    ),
    Occasion.TOP_HIT: (
        "{x} is the first hit. I open it.",
        "The first result, {id}, is {x}. Let me read it.",
        "There it is at the top: {x}. Open {id}.",
        "The page I want is {id}.",
        "Found at once; now I read about {x}.",
    ),
    Occasion.LOWER_HIT: (
        "{x} is number {n} in the list, {id}; what stands above it is something else.",
        "Not the first hit but number {n}, {id}, is {x}. I open that one.",
        "The hits above only share some of the words. {x} is {id}, number {n}.",
    ),
    Occasion.NEXT_PAGE: (
        "The page goes on, and what I need is not on this part. On to page {n}.",
        "This part does not settle it; the document continues on page {n}.",
        "There is more: I read page {n} too.",
    ),
    Occasion.ONLY_ONE: (
        "The page answers it: {s}. So {x} is next.",
        "{s}, and nobody else is in question. I look up {x}.",
        "Good: {s}. On to {x}.",
        "That gives me {x}: {s}.",
    ),
    Occasion.SOME_FIT: (
        "Of the {n} listed, {k} could be meant: {names}. I take {x} first.",
        "Going by what the page shows, {k} of {n} remain ({names}); I try {x}.",
        "Only {names} can be meant here. Let me check {x}.",
    ),
    Occasion.ONE_FITS: (
        "Of the {m} on this page only {x} {p}, so that must be the one.",
        "There are {m} to choose from, but the clue narrows them down: only {x} {p}.",
        "Only {x} {p}; the others drop out.",
    ),
    Occasion.TRY_ONE: (
        "I want {d}. The page lists {m} and does not tell them apart, so I have to try: {x}.",
        "The page has {m}, and any of them may be meant. I check {x} and see if the rest fits.",
        "{m} fit so far, with nothing to choose by. Let me look into {x}.",
        "This leaves {m}. I go through them, and {x} comes first.",
        "No clue singles one of the {m} out yet. I pick {x} and compare with the question.",
    ),
    Occasion.TIED: (
        "This page names {x}: {s}. I want to see its own page.",
        "{s}. Let me read the page of {x}.",
        "Here is {x}: {s}. That is worth a look.",
    ),
    Occasion.CHECK: (
        "It must also be true that {s}. The page lists {x}; I check that one.",
        "Still open is whether {s}. {x} could be it.",
        "Another clue says that {s}. I look at {x} for that.",
        "If I am right, {s}. {x} should settle it.",
    ),
    Occasion.NEXT_FACT: (
        "One more thing to confirm is on the page of {x}.",
        "What is still unconfirmed should stand on the page of {x}.",
        "I also want to see {x} before I answer.",
    ),
    Occasion.STATED: (
        'It says "{q}", so {s}.',
        'The page gives "{q}": {s}, as asked.',
        '"{q}" settles one clue: {s}.',
        'Check: "{q}", so {s}.',
    ),
    Occasion.AGAINST: (
        '"{q}" here against "{o}" for {y}: {s}.',
        'I have "{q}" for this one and "{o}" for {y}, so {s}.',
    ),
    Occasion.TALLY: (
        "Counting what is listed: {s}.",
        "The list is long enough to count: {s}.",
        "I count, and it fits: {s}.",
    ),
    Occasion.ALL_FITS: (
        "Everything fits now: {s}. The answer is {a}.",
        "So {s}. That is all the question asks for, and the answer is {a}.",
        "To sum up: {s}. No clue is left open; I answer {a}.",
        "All clues meet: {s}. It is {a}.",
    ),
    Occasion.ALL_OF_THEM: (
        "The list is complete: {names}.",
        "I have checked each of them, and these fit: {names}.",
        "These are all that fit: {names}.",
    ),
    Occasion.FIGURE: (
        "The subject is clear: {s}. What is asked for is {a}.",
        "Now that I know that {s}, the figure follows: {a}.",
        "{s}; that makes the answer {a}.",
    ),
    Occasion.CITE: (
        "I cite the documents I read.",
        "The pages I opened support it, so I cite them.",
        "",
        "",
    ),
    Occasion.START_THERE: (
        "I need {d}, so I look it up.",
        "From there I should get to {d}.",
        "Its page should lead me to {d}.",
        "So the first step is {d}.",
    ),
    Occasion.ON_BOTH: (
        "I compare the two lists: only {x} stands on both, for {f} and for {g}.",
        "{x} is the one title that {f} and {g} have in common.",
        "What do {f} and {g} share? Only {x}.",
    ),
    Occasion.ON_BOTH_TRY: (
        "{f} and {g} have {k} in common: {names}. I look at {x}.",
        "On both lists stand {names}. I check {x} first.",
    ),
    Occasion.SAME_TIE: (
        "There are {m} here. {s}, and a connection of this kind is what the question asks about next, so I try {x}.",
        "Out of {m}, {x} looks promising: {s}, and the question goes on with such a connection.",
        "{s}; the one I want has the same connection to something else, so {x} comes before the other names.",
    ),
    Occasion.CHECK_SOME: (
        "Another clue says that {s}. On the list, {names} could be it; I look at {x}.",
        "Still open is whether {s}. Going by the list, that would be {names}. Let me check {x}.",
    ),
}

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
    Occasion.NO_NAME_YET: (
        "还不知道它叫什么，用{x}加上“{t}”一词试着检索。",
        "名字还没有着落，就顺着{x}去找。",
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
        "要找的内容不在这一页，继续看第{n}页。",
        "这一部分还不够，文档还有第{n}页。",
        "后面还有内容，再看第{n}页。",
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
}

LINES = {Language.EN: ENGLISH, Language.ZH: CHINESE}
