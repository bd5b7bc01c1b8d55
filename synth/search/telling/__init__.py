"""Why each step of a search witness is made, in words: for training data that shows its thinking.

A reason speaks of the question, of what the pages read so far say, and of nothing else. Where the
witness goes straight to the right one of several candidates, the reason says that it is a try; a
rehearsed witness also makes tries that fail, in the order of the page.
"""

from synth.search.telling.reasons import explain
from synth.search.telling.rehearsal import guessed, rehearse

__all__ = ["explain", "guessed", "rehearse"]
