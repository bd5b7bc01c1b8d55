"""Interpreter: a Jupyter kernel with data files behind `run_cell`."""

from envs.interpreter.diagnosis import diagnose
from envs.interpreter.env import TOOLS, Env
from envs.interpreter.greedy import greedy
from envs.interpreter.submission import final_message
from envs.interpreter.world import VERSION

__all__ = ["TOOLS", "VERSION", "Env", "diagnose", "final_message", "greedy"]
