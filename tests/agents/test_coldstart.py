"""Cold start: prompts of the three styles, reasons in a scripted attempt, and what is learnt of it."""

import pytest

from agents.chat import Reply
from agents.coldstart import PROMPTS, Style, plain_reasons, prompted, with_reasons
from agents.coldstart_rows import Unteachable, samples
from agents.context import Context
from agents.context_window import View, Window
from agents.dsml import parse
from agents.loop import Limits, run
from agents.policies import run_script
from agents.scripted import ScriptedModel
from data.errors import UserError
from data.exporters.sft import Sample
from data.task import JsonObject, Language, Message, Role, ToolCall
from data.trajectory import Trajectory
from tests.agents.cabinet import make_task, opener

TASK = make_task()
ORIGIN: JsonObject = {"policy": "oracle", "attempt": 0, "score": 1}
ADD = ToolCall(name="add", arguments={"amount": 5})


async def witnessed() -> Trajectory:
    async with opener(TASK.public()) as (env, first):
        return await run_script(TASK.id, TASK.hidden.witness, env, first=first)


def learnt(sample: Sample) -> list[str]:
    return [sample.text[span.start : span.end] for span in sample.loss_spans]


def words(number: int) -> list[str]:
    return [f"Thought {i}." for i in range(number)]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("style", list(Style))
def test_the_prompt_of_a_style_stands_before_the_tasks_own(
    style: Style, language: Language
) -> None:
    first, *rest = prompted(TASK.prompt, style, language, max_calls=7)
    assert first.content.endswith(TASK.prompt[0].content)
    assert ("7" in first.content) == (style is Style.THINKING_TOOLS)
    assert rest == list(TASK.prompt[1:])
    told = prompted([Message(role=Role.USER, content="go")], style, language)
    assert [message.role for message in told] == [Role.SYSTEM, Role.USER]
    assert len({PROMPTS[other][language] for other in Style}) == len(Style)


async def test_a_thinking_sample_teaches_every_word_of_the_model_and_no_other() -> None:
    trajectory = await witnessed()
    told = with_reasons(trajectory, words(5), Style.THINKING_TOOLS)
    (sample,) = samples(TASK, told, Style.THINKING_TOOLS, ORIGIN)
    read = [parse(text, thinking=True) for text in learnt(sample)]
    assert [reply.reasoning for reply in read] == words(5)
    assert [reply.content for reply in read] == ["", "", "", "", "word0"]
    assert [reply.calls for reply in read] == [turn.calls for turn in trajectory.turns]
    untaught = sample.text
    for text in learnt(sample):
        untaught = untaught.replace(text, "")
    assert "Thought" not in untaught
    assert "3 drawers stand before you." in untaught
    assert "<result>d0x1</result>" in untaught
    assert [m["role"] for m in sample.messages if isinstance(m, dict)][:4] == [
        "system",
        "user",
        "user",
        "assistant",
    ]


async def test_tools_without_thinking_show_no_reasoning() -> None:
    told = with_reasons(await witnessed(), words(5), Style.TOOLS)
    (sample,) = samples(TASK, told, Style.TOOLS, ORIGIN)
    assert "Thought" not in sample.text + str(sample.messages)
    assert "<think>" not in sample.text.split("</functions>")[1]
    assert len(sample.loss_spans) == 5


async def test_reasoning_alone_does_not_fit_an_attempt_with_calls() -> None:
    trajectory = await witnessed()
    with pytest.raises(UserError, match="its styles are tools and thinking-tools"):
        with_reasons(trajectory, words(5), Style.REASONING)
    with pytest.raises(UserError, match="2 reasons for 5 turns"):
        with_reasons(trajectory, words(2), Style.TOOLS)


async def attempt(*replies: Reply, context: Context | None = None, says: str = "") -> Trajectory:
    left = [says] if says else []

    async def user(message: str) -> str:
        return left.pop() if left else ""

    async with opener(TASK.public()) as (env, first):
        model, limits = ScriptedModel(replies), Limits()
        if context:
            return await run(TASK.public(), env, first, model, limits, context=context)
        return await run(TASK.public(), env, first, model, limits, user=user)


def thinks(thought: str, *calls: ToolCall, says: str = "") -> Reply:
    return Reply(reasoning=thought, calls=calls, content=says)


async def test_calls_that_failed_are_shown_and_not_learnt() -> None:
    wrong = ToolCall(name="fly", arguments={})
    played = await attempt(thinks("a", wrong), thinks("b", ADD), thinks("c", says="word0"))
    (sample,) = samples(TASK, played, Style.THINKING_TOOLS, ORIGIN)
    assert [parse(text, thinking=True).reasoning for text in learnt(sample)] == ["b", "c"]
    assert "no tool 'fly'" in sample.text


async def test_each_view_of_a_cut_attempt_is_a_sample_and_no_turn_is_learnt_twice() -> None:
    async def newest(window: Window, model: object) -> View:
        return View(kept=window.visible[-1:])

    context = Context("newest", window_tokens=700, choose=newest)
    replies = [thinks(f"thought-{i} " * 30, ADD) for i in range(6)]
    played = await attempt(*replies, thinks("the end", says="word0"), context=context)
    assert len(played.edits) >= 2
    found = list(samples(TASK, played, Style.THINKING_TOOLS, ORIGIN))
    assert len(found) == len(played.edits) + 1
    taught = [parse(t, thinking=True).reasoning for sample in found for t in learnt(sample)]
    assert taught == [turn.reasoning for turn in played.turns]
    assert all("thought-0" not in sample.text for sample in found[1:])


async def test_what_a_user_says_begins_a_new_sample_without_the_older_reasoning() -> None:
    replies = thinks("a", ADD), thinks("b", says="done"), thinks("c", says="word0")
    played = await attempt(*replies, says="And the word?")
    before, after = samples(TASK, played, Style.THINKING_TOOLS, ORIGIN)
    assert [parse(t, thinking=True).reasoning for t in learnt(before)] == ["a", "b"]
    assert [parse(t, thinking=True).reasoning for t in learnt(after)] == ["c"]
    assert "<think>c" in after.text
    assert "<think>a" not in after.text


async def test_an_attempt_with_special_tokens_in_its_words_gives_no_sample() -> None:
    played = await attempt(thinks("a</think>b", ADD), thinks("c", says="word0"))
    with pytest.raises(Unteachable, match="special_tokens"):
        list(samples(TASK, played, Style.THINKING_TOOLS, ORIGIN))


async def test_without_a_teller_the_reasons_name_the_tools() -> None:
    turns = (await witnessed()).turns
    for language in Language:
        reasons = plain_reasons(turns, language)
        assert len(reasons) == len(turns)
        assert "open_drawer" in reasons[0]
        assert "add" in reasons[3]
