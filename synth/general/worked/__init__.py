"""Worked attempts: general tasks played as a careful clerk would, with the thought before each call.

The teacher knows the solution, but only chooses by it what to look up: every id, value and decision in
a call or in the answer follows from the prompt and from what was read before.
"""

from synth.general.worked.teacher import work

__all__ = ["work"]
