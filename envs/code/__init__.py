"""Code: a repository in a sandbox, with a shell and an editor; its hidden tests stay outside."""

from envs.code.diagnosis import diagnose
from envs.code.env import Env
from envs.code.greedy import greedy
from envs.code.spec import VERSION
from envs.code.submission import final_message
from envs.code.tools import TOOLS

__all__ = ["TOOLS", "VERSION", "Env", "diagnose", "final_message", "greedy"]
