"""Several independent samples of an attempt, of which the one with the fewest steps is taken."""

from agents.chat import ChatModel
from agents.context import Context
from agents.loop import Limits, run
from data.task import PublicTask
from data.trajectory import Observation, StopReason, Trajectory, Turn
from envs.base import Environment


async def run_in_context(
    task: PublicTask,
    env: Environment,
    first: Observation,
    model: ChatModel,
    limits: Limits,
    turns: list[Turn],
    context: Context,
) -> Trajectory:
    """`loop.run` as often as `context` asks for, one after another in fresh episodes of `env`.

    Limits hold for each sample. Those that end without an answer are taken only if all do; of equal
    ones the earliest is. The others are kept beside it, so that their cost is on record.
    """
    samples: list[Trajectory] = []
    for number in range(context.num_samples):
        if number:
            turns.clear()
            first = await env.reset(task)
        samples.append(await run(task, env, first, model, limits, turns, context=context))
    if len(samples) == 1:
        return samples[0]
    taken = min(samples, key=lambda s: (s.stop is not StopReason.ANSWERED, len(s.turns)))
    turns[:] = taken.turns
    others = tuple(sample for sample in samples if sample is not taken)
    return taken.model_copy(update={"others": others})
