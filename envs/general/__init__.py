"""General worlds: databases behind typed tools, compiled from declarative domain files."""

from envs.general.env import VERSION, Env

__all__ = ["VERSION", "Env"]
