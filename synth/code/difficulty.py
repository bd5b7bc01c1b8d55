"""How hard a bug is to find and to fix, measured: from one to five."""

from functools import cache

from envs.code.runs import RunRequest, run_many
from envs.code.spec import CodeLimits
from synth.code.bug import Bug, Labels
from synth.code.coverage import Coverage, lines_plugin, read_lines
from synth.code.draft import modules_of
