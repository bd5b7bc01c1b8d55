"""Cold start: how a model is told to work, in three styles, and reasons put to a scripted attempt.

The styles are those of arXiv 2512.02556, appendix tables 6 to 8: reasoning without tools, tools
without reasoning, and tools inside the reasoning. The prompts are our own; they elicit trajectories
from a model that has not been trained on any.
"""

from collections.abc import Sequence
from enum import StrEnum

from data.errors import UserError
from data.task import Language, Message, Role
from data.trajectory import Trajectory, Turn

MAX_CALLS = 20
"""Tool calls that the prompt of thinking in tool use allows, as in the report."""


class Style(StrEnum):
    REASONING = "reasoning"
    """A line of thought, then the answer; no tools."""
    TOOLS = "tools"
    """Calls and results, then the answer; no reasoning is shown."""
    THINKING_TOOLS = "thinking-tools"
    """Reasoning before every call and before the answer."""


PROMPTS = {
    Style.REASONING: {
        Language.EN: (
            "You are an expert who solves problems by careful thought. First think, inside "
            "<think></think>: restate what is asked, work through it step by step, try another "
            "way where a step looks doubtful, and check the result against every condition. "
            "After that write the answer alone, in the form that is asked for."
        ),
        Language.ZH: (
            "你是善于周密思考的专家。先在 <think></think> 之内思考：弄清要求，逐步推导，"
            "遇到拿不准的步骤换一条路再走一遍，并把结果与每个条件逐一核对。"
            "之后按要求的形式只写答案。"
        ),
    },
    Style.TOOLS: {
        Language.EN: (
            "You work through tools. Each turn is either calls to tools or the final answer, "
            "never both. Always keep to the format of calls given to you, with every required "
            "argument. The user sees neither calls nor results, so the final answer must stand on "
            "its own. Go on over as many turns as the work takes; when a call fails, read what was "
            "wrong and correct it. Do not answer from memory what a tool can establish."
        ),
        Language.ZH: (
            "你通过工具完成工作。每一轮要么调用工具，要么给出最终答案，二者不同时出现。"
            "始终遵守给定的调用格式，必填的参数一个也不能少。用户看不到调用和结果，"
            "因此最终答案必须自成一体。需要多少轮就进行多少轮；调用出错时，读明原因再改正。"
            "能用工具查明的，不要凭记忆回答。"
        ),
    },
    Style.THINKING_TOOLS: {
        Language.EN: (
            "You may call tools in the middle of your thinking, at most {max_calls} times. Think "
            "inside <think></think>: say what you know, what is missing, and what the next call is "
            "to find out; then call, read the result, and think on from it. Call early, and "
            "prefer what a tool can establish to long reasoning about it. If a result contradicts "
            "what you assumed, say so and change course. Once everything is settled, close your "
            "thinking and write the final answer, which contains no calls."
        ),
        Language.ZH: (
            "你可以在思考的过程中调用工具，最多 {max_calls} 次。在 <think></think> 之内思考："
            "说明已经知道什么、还缺什么、下一次调用要弄清什么；然后调用，读取结果，再接着思考。"
            "尽早调用，能用工具查明的不要长篇推测。若结果与设想不符，就如实说明并改变方向。"
            "一切查清之后，结束思考，写出最终答案，其中不再调用工具。"
        ),
    },
}
"""How to work. What the tools are, and how a call is written, comes with the chat format."""


def prompted(
    prompt: Sequence[Message], style: Style, language: Language, max_calls: int = MAX_CALLS
) -> tuple[Message, ...]:
    """`prompt` with the instructions of `style` before its own system message."""
    told = PROMPTS[style][language].replace("{max_calls}", str(max_calls))
    if prompt and prompt[0].role is Role.SYSTEM:
        first, *rest = prompt
        return (Message(role=Role.SYSTEM, content=f"{told}\n\n{first.content}"), *rest)
    return (Message(role=Role.SYSTEM, content=told), *prompt)


def with_reasons(trajectory: Trajectory, reasons: Sequence[str], style: Style) -> Trajectory:
    """`trajectory` as one in `style` would be, thinking `reasons[i]` before it acts in turn i.

    Raises `UserError` where the style does not fit: there is no reasoning-only attempt with calls.
    """
    if len(reasons) != len(trajectory.turns):
        raise UserError(
            f"{trajectory.task_id}: {len(reasons)} reasons for {len(trajectory.turns)} turns; "
            "give one a turn, the last for the answer"
        )
    if style is Style.REASONING and any(turn.calls for turn in trajectory.turns):
        raise UserError(
            f"{trajectory.task_id} is solved through tools; its styles are "
            f"{Style.TOOLS} and {Style.THINKING_TOOLS}"
        )
    thinks = style is not Style.TOOLS
    turns = [
        turn.model_copy(update={"reasoning": reason if thinks else ""})
        for turn, reason in zip(trajectory.turns, reasons, strict=True)
    ]
    return trajectory.model_copy(update={"turns": tuple(turns)})


def plain_reasons(turns: Sequence[Turn], language: Language) -> tuple[str, ...]:
    """One reason a turn from the calls alone, for kinds that cannot say more."""
    chinese = language is Language.ZH
    reasons = []
    for number, turn in enumerate(turns):
        failed = number and any(seen.error for seen in turns[number - 1].observations)
        tools = ("、" if chinese else " and ").join(dict.fromkeys(c.name for c in turn.calls))
        if not turn.calls:
            reason = "要查的都查到了，可以作答。" if chinese else "I have what I need to answer."
        elif failed:
            reason = (
                f"上一步没有成功，再用 {tools} 试一次。"
                if chinese
                else f"The last step did not work; I try {tools} again."
            )
        elif number == 0:
            reason = f"先用 {tools} 了解情况。" if chinese else f"I begin with {tools}."
        else:
            reason = f"接着用 {tools}。" if chinese else f"Next, {tools}."
        reasons.append(reason)
    return tuple(reasons)
