"""The text of a transact task: the agent's instructions and the request, in either language."""

from random import Random

from data.task import Language, Message, Role
from envs.general import phrases
from envs.general.compiler import Compiled
from envs.general.kinds import NUMERIC, Kind
from envs.general.phrases import (
    asked,
    column_words,
    extreme,
    own_label,
    qualifier,
    value_words,
)
from envs.general.texts import head, singular
from synth.general.transact.clues import View
from synth.general.transact.model import Clue, Errand, Goal, Question

_REPORT = {
    Language.EN: (
        "When you have finished, reply with one JSON object: "
        '{"changed": [ids of all records that you created, changed or deleted], '
        '"declined": how many things you were asked for and did not do because a rule forbids them'
        "%s}."
    ),
    Language.ZH: (
        "全部办完后，用一个JSON对象回复："
        '{"changed": [你新建、修改或删除的所有记录的编号], "declined": 因规定不允许而没有办理的事项数%s}。'
    ),
}
_ANSWER = {
    Language.EN: ', "answer": the answer to the question, as the tools show it',
    Language.ZH: '，"answer": 所问问题的答案，写法与工具显示的一致',
}
_RULES = {
    Language.EN: "Rules that you must follow, whether or not the tools enforce them:",
    Language.ZH: "无论工具是否限制，你都必须遵守以下规定：",
}
_MANNER = {
    Language.EN: "Do exactly what is asked and nothing else. If a rule forbids a request, leave "
    "it undone and carry on with the others.",
    Language.ZH: "只做对方要求的事，不做其他改动。如果某项要求违反规定，就不要办理，继续办理其余事项。",
}
_FIRST_EN = (
    "Please {}.",
    "Could you {}?",
    "Can you {}?",
    "I need you to {}.",
    "Would you {}?",
)
_NEXT_EN = ("Then {}.", "Also, {}.", "After that, {}.", "Please also {}.", "And {}.", "Next, {}.")
_LAST_EN = ("Finally, {}.", "Lastly, please {}.", "And to finish, {}.")
_FIRST_ZH = ("请{}。", "麻烦你{}。", "帮我{}。", "请帮忙{}。", "麻烦{}。")
_NEXT_ZH = ("再{}。", "另外，请{}。", "还请{}。", "然后{}。", "同时请{}。", "接着{}。")
_LAST_ZH = ("最后，{}。", "最后请{}。")
_OPEN_EN = ("", "", "Hello. ", "A few things today. ", "Some errands for you. ", "Hi, ")
_OPEN_ZH = ("", "", "你好。", "今天有几件事。", "有几件事要办。")


def prompt(world: Compiled, errand: Errand, rng: Random) -> tuple[Message, ...]:
    language = world.variant.language
    view = View(world)
    return (
        Message(role=Role.SYSTEM, content=instructions(world, errand.question is not None)),
        Message(role=Role.USER, content=request(view, errand, language, rng)),
    )


def instructions(world: Compiled, with_answer: bool) -> str:
    """Who the agent is, what day it is, the rules, and how to report."""
    language = world.variant.language
    spec = world.domain.spec
    today = spec.today.isoformat()
    rules = "\n".join(f"- {line}" for line in world.policy_lines(language))
    day = f"今天是{today}。" if language is Language.ZH else f"Today is {today}."
    report = _REPORT[language] % (_ANSWER[language] if with_answer else "")
    parts = [f"{spec.story.of(language)}{'' if language is Language.ZH else ' '}{day}"]
    if rules:
        parts.append(f"{_RULES[language]}\n{rules}")
    parts += [_MANNER[language], report]
    return "\n\n".join(parts)


def request(view: View, errand: Errand, language: Language, rng: Random) -> str:
    """What the person writes."""
    zh = language is Language.ZH
    asks = [goal_words(view, goal, language) for goal in errand.said()]
    first, following, last = (
        (_FIRST_ZH, _NEXT_ZH, _LAST_ZH) if zh else (_FIRST_EN, _NEXT_EN, _LAST_EN)
    )
    opening = rng.choice(_OPEN_ZH if zh else _OPEN_EN) if len(asks) > 1 else ""
    if opening == "Hi, ":
        opening = "Hi. "
    said = [rng.choice(first).format(asks[0])]
    frames = list(following)
    rng.shuffle(frames)
    for number, ask in enumerate(asks[1:], start=1):
        ends = number == len(asks) - 1 and errand.question is None and number > 1
        frame = rng.choice(last) if ends and rng.random() < 0.6 else frames[number % len(frames)]
        said.append(frame.format(ask))
    if errand.question is not None:
        said.append(question_words(view, errand.question, language, rng))
    return opening + ("" if zh else " ").join(said).replace("请请", "请")


def goal_words(view: View, goal: Goal, language: Language) -> str:
    """A goal as it is asked for, without capital and stop."""
    action = view.domain.actions[goal.action]
    spec = view.domain.spec
    slots: dict[str, str] = {}
    for name, arg in action.args.items():
        value = goal.values.get(name)
        if value is None:
            continue
        if arg.type.kind is Kind.REF:
            slots[name] = clue_words(view, goal.clues[name], language)
        else:
            slots[name] = value_words(arg.spec, value, language, spec.today, spec.currency)
    return asked(action.ask[goal.ask].of(language), slots, language)


def clue_words(view: View, clue: Clue, language: Language) -> str:
    """The row that a clue points at, as a noun phrase."""
    table = view.domain.tables[clue.table]
    zh = language is Language.ZH
    ordered = sorted(clue.equals.items(), key=lambda item: table.columns[item[0]].spec.say is None)
    said = [
        qualifier(
            table.columns[name],
            column_words(view, table.columns[name], value, language),
            table.label,
            language,
        )
        for name, value in ordered
    ]
    if clue.called:
        base = phrases.called(view, clue.table, clue.row_id, language)
    elif clue.extreme:
        base = extreme(table.columns[clue.extreme], clue.largest, table.label, language)
    else:
        base = table.label.zh if zh else f"the {table.label.en}"
    if not said:
        return base
    if zh and clue.extreme and not clue.called:
        best = extreme(table.columns[clue.extreme], clue.largest, table.label, language)
        best = best.removesuffix(table.label.zh)
        return f"{'、'.join(said)}{table.label.zh}中{best}那{table.label.measure}"
    if zh:
        return f"{''.join(said)}{base}" if len(said) == 1 else f"{'、'.join(said)}{base}"
    column = table.columns[clue.extreme] if clue.extreme and not clue.called else None
    if column and not (column.spec.most if clue.largest else column.spec.least):
        return f"{base} among those {_joined(said)}"
    return f"{base} {_joined(said)}"


def _joined(said: list[str]) -> str:
    """Phrases after a noun: "from 1 April for 2 nights", "whose .. is .. and whose .. is .."."""
    text = said[0]
    for phrase in said[1:]:
        text += f" and {phrase}" if phrase.startswith("whose ") else f" {phrase}"
    return text


def question_words(view: View, question: Question, language: Language, rng: Random) -> str:
    """The question at the end of a request."""
    table = view.domain.tables[question.clue.table]
    column = table.columns[question.column]
    row = clue_words(view, question.clue, language)
    if language is Language.ZH:
        frames = (
            "办好后告诉我{row}的{label}。",
            "还想知道{row}的{label}。",
            "{row}的{label}是多少？",
        )
        if column.kind not in NUMERIC:
            asked_for = {Kind.DATE: "哪天", Kind.TIME: "几点", Kind.DATETIME: "什么时候"}
            what = asked_for.get(column.kind, "什么")
            frames = (*frames[:2], f"{{row}}的{{label}}是{what}？")
        return rng.choice(frames).format(row=row, label=column.label.zh)
    label = own_label(column, table.label)
    noun = head(label)[0]
    several = singular(noun) != noun
    frames = (
        "And tell me the {label} of {row}.",
        "I would also like to know the {label} of {row}.",
        f"And what {'are' if several else 'is'} the {{label}} of {{row}}?",
    )
    return rng.choice(frames).format(row=row, label=label)
