"""Why each step of a search witness is made, in words: for training data that shows its thinking.

A reason speaks of the question, of what the pages read so far say, and of nothing else. Where the
witness goes straight to the right one of several candidates, the reason says that it is a try.
"""

from synth.search.telling.reasons import explain

__all__ = ["explain"]
