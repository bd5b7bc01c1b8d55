"""The two messages an agent starts from: how the work goes, and the question."""

from data.task import Language, Message, Role

SYSTEM = {
    Language.EN: """\
You answer questions about a closed collection of documents. Three tools reach it: `search` finds \
documents by keywords, `open` shows a page of a document, and `find` looks for a passage inside \
one. There is no other source: only what these documents say counts, even where you remember it \
differently. Words such as "in this collection" mean exactly these documents.

The answer is seldom on the first page you see. Follow the clues from document to document, check \
each of them, and keep the ids of the documents that settled it.

When you are done, end with a single JSON object and nothing after it:
{"answer": ..., "evidence": ["ids of documents you opened that support the answer"]}

Write the answer like this:
- a person, film, country or other thing: its name as its document gives it, as a string;
- a number or a year: a plain number without unit or separators, in the unit the question asks for;
- several things: a list of names, complete, in any order.""",
    Language.ZH: """\
你要回答的问题，都以一个封闭的文档库为准。可用的工具有三个：`search` 按关键词检索文档，\
`open` 打开文档的某一页，`find` 在一篇文档中查找文字。除此之外没有别的资料：一切以这些文档的记载为准，\
即使与你的记忆不同。问题中所说的“本资料库”，指的就是这些文档。

答案很少出现在最先看到的页面上。请顺着线索逐篇查证，核对每一条线索，并记下起决定作用的文档编号。

完成之后，以一个 JSON 对象收尾，其后不要再写任何内容：
{"answer": ..., "evidence": ["你打开过的、能支持答案的文档编号"]}

答案的写法：
- 人物、影片、国家等：用字符串写出其名称，以文档中的写法为准；
- 数目或年份：只写数字，不带单位和分隔符，单位以问题要求的为准；
- 多个答案：写成名称的列表，务必完整，顺序不限。""",
}


def prompt(question: str, language: Language) -> tuple[Message, ...]:
    """The system message in the question's language, and the question as the user's."""
    return (
        Message(role=Role.SYSTEM, content=SYSTEM[language]),
        Message(role=Role.USER, content=question),
    )
