"""Search: a closed corpus of documents behind `search`, `open` and `find`."""

from envs.search.env import TOOLS, VERSION, Env
from envs.search.greedy import greedy

__all__ = ["TOOLS", "VERSION", "Env", "greedy"]
