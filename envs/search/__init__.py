"""Search: a closed corpus of documents behind `search`, `open` and `find`."""

from envs.search.diagnosis import diagnose
from envs.search.env import TOOLS, VERSION, Env
from envs.search.greedy import greedy
from envs.search.submission import final_message

__all__ = ["TOOLS", "VERSION", "Env", "diagnose", "final_message", "greedy"]
