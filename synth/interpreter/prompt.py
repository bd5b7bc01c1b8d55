"""The two messages an agent starts from: how the work goes and is judged, and the task."""

from data.task import Language, Message, Role
from synth.interpreter.shapes.asked import Form

SYSTEM = {
    Language.EN: """\
You solve tasks by writing Python. `run_cell` runs a cell in a Jupyter kernel; variables stay from \
cell to cell. The data files are in the working folder; there is no network.

Your answer is read in two places, and both must be right:
- When you are done, a variable named `answer` in the kernel holds the result.
- Your last message ends with one JSON object that repeats it: {"answer": ...}

Your cells are then run again from the first to the last, in a fresh kernel, on files with the same \
names and columns but other contents, and `answer` is compared with the result for those. So \
compute everything from the files: a number copied by hand from an earlier output will be wrong \
there. Cells that only looked around do no harm.

Numbers: keep at least five significant digits, no rounding on the way; leave out units. Texts: as \
they stand in the data. Dates: YYYY-MM-DD.""",
    Language.ZH: """\
你通过编写 Python 来完成任务。`run_cell` 在一个 Jupyter 内核中运行一个单元，变量在单元之间保留。\
数据文件就在工作目录中；没有网络。

答案会在两处核对，两处都必须正确：
- 完成时，内核中名为 `answer` 的变量保存着结果；
- 最后一条消息以一个 JSON 对象收尾，重复这一结果：{"answer": ...}

随后，你的全部单元会在一个全新的内核里从头到尾再运行一遍，所用文件的名称和列都相同，内容却不同；\
`answer` 将与那份数据的正确结果比较。因此一切都要由文件算出：凭先前输出手工抄写的数字到那里就错了。\
只用来查看数据的单元没有影响。

数字：至少保留五位有效数字，中间步骤不要取整，不写单位。文字：照数据中的写法。日期：YYYY-MM-DD。""",
}

FIGURE = {
    Language.EN: """\
You draw charts by writing Python. `run_cell` runs a cell in a Jupyter kernel; variables stay from \
cell to cell. The data files are in the working folder; there is no network.

When you are done, a variable named `figure` in the kernel holds the matplotlib figure, and your last \
message ends with one JSON object that gives the largest y value it shows: {"answer": ...}

The figure is read from what it is made of, not from its pixels: the heights of \
its bars and the texts below them, the points of its line or of its scatter plot, the labels of its \
axes. It has one chart and nothing else that shows data; title, colours and style are up to you.

Your cells are run again from the first to the last, in a fresh kernel: once on these files, once on \
files with the same names and columns but other contents, and `figure` is compared with the right \
one for each. So compute everything from the files. Cells that only looked around do no harm.

Do not round the numbers that you draw; give at least five significant digits in the message.""",
    Language.ZH: """\
你通过编写 Python 来画图。`run_cell` 在一个 Jupyter 内核中运行一个单元，变量在单元之间保留。\
数据文件就在工作目录中；没有网络。

完成时，内核中名为 `figure` 的变量保存着 matplotlib 的图（Figure 对象）；最后一条消息以一个 JSON 对象收尾，\
给出图中最大的 y 值：{"answer": ...}

核对时看的是图由什么组成，而不是像素：条形的高度及其下方的文字，折线或散点图的各个点，坐标轴的标签。\
图中只有一张图表，没有其他表示数据的内容；标题、颜色和样式不限。

随后，你的全部单元会在全新的内核里从头到尾再运行两遍：一遍用这些文件，一遍用名称和列都相同、内容却不同的文件；\
每次都会把 `figure` 与那份数据的正确结果比较。因此一切都要由文件算出。只用来查看数据的单元没有影响。

画出的数值不要取整；消息中至少给出五位有效数字。""",
}

FIGURE_FORM = {
    Language.EN: "`figure`: a matplotlib figure.",
    Language.ZH: "`figure`：一张 matplotlib 图。",
}


def form_words(form: Form, unit: str, parts: tuple[str, ...], language: Language) -> str:
    """The last paragraph: what `answer` should be."""
    assert form is not Form.FIGURE, "figures have words of their own"
    en = language is Language.EN
    listed = ", ".join(parts) if en else "，".join(parts)
    match form:
        case Form.NUMBER if unit and not unit.startswith(("as ", "（")):
            what = f"a number, in {unit}" if en else f"一个数字（单位：{unit}）"
        case Form.NUMBER:
            what = "a number" if en else "一个数字"
        case Form.INTEGER:
            what = "a whole number" if en else "一个整数"
        case Form.TEXT:
            what = "a text" if en else "一段文字"
        case Form.DATE:
            what = "a date" if en else "一个日期"
        case Form.PAIR:
            what = f"a list [{listed}]" if en else f"一个列表 [{listed}]"
        case Form.SET:
            what = "a list, in any order" if en else "一个列表，顺序不限"
        case Form.LIST:
            what = "a list, in that order" if en else "一个按该顺序的列表"
        case Form.TABLE:
            what = f"a list of rows [{listed}]" if en else f"由若干行组成的列表，每行为 [{listed}]"
    return f"`answer`: {what}." if en else f"`answer`：{what}。"


def prompt(
    text: str, form: str, language: Language, *, figure: bool = False
) -> tuple[Message, ...]:
    return (
        Message(role=Role.SYSTEM, content=(FIGURE if figure else SYSTEM)[language]),
        Message(role=Role.USER, content=f"{text}\n\n{form}"),
    )
