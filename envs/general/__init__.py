"""General worlds: databases behind typed tools, compiled from declarative domain files."""

from envs.general.diagnosis import diagnose
from envs.general.env import VERSION, Env
from envs.general.greedy import greedy
from envs.general.submission import final_message

__all__ = ["VERSION", "Env", "diagnose", "final_message", "greedy"]
