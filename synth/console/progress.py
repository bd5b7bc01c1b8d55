"""Progress of long work on stderr: a live bar on a terminal, plain lines where there is none."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from agents.rollout import RolloutSummary
from synth.funnel import Progress

LINE_EVERY_S = 5.0
RATE_OVER_S = 30.0
"""The rate shown is that of this last stretch."""
TOP_REASONS = 3


class Step(NamedTuple):
    """How far the work is."""

    done: int
    wanted: int
    note: str = ""


class Reporter:
    """Shows the newest step; `with` keeps the terminal tidy on every way out."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._console = Console(stderr=True)
        self._seen: deque[tuple[float, int]] = deque()
        self._next_line_s = 0.0
        self._last = ""
        self._shown = True
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task(stage, total=None, text="")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()
        if not self._shown:
            self._print(self._last)

    def update(self, step: Step) -> None:
        now = time.monotonic()
        text = f"{step.done}/{step.wanted}{self._rate(now, step.done)}"
        text = f"{text}  {step.note}" if step.note else text
        self._last = f"{self._stage} {text}"
        self._shown = False
        if self._console.is_terminal:
            self._bar.update(self._task, completed=step.done, total=step.wanted, text=text)
        elif now >= self._next_line_s:
            self._print(self._last)
            self._next_line_s = now + LINE_EVERY_S

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._shown = True

    def _rate(self, now: float, done: int) -> str:
        self._seen.append((now, done))
        while self._seen[0][0] < now - RATE_OVER_S and len(self._seen) > 2:
            self._seen.popleft()
        then, before = self._seen[0]
        seconds = now - then
        return f"  {(done - before) / seconds:.1f}/s" if done > before and seconds else ""


def losses(rejected: Mapping[str, int]) -> str:
    """The most frequent reasons with their counts."""
    most = Counter(rejected).most_common(TOP_REASONS)
    return ", ".join(f"{reason} {number}" for reason, number in most)


def funnel_step(now: Progress) -> Step:
    kept = f"kept {now.accepted / now.attempted:.0%} of {now.attempted:,}" if now.attempted else ""
    lost = f"; lost: {losses(now.rejected)}" if now.rejected else ""
    return Step(now.accepted, now.wanted, kept + lost)


def rollout_step(now: RolloutSummary, wanted: int) -> Step:
    unscored = now.num_invalid + now.num_unresolved
    note = f"mean score {now.mean_score:.2f}"
    if unscored:
        note += f"; without a score: {losses(now.reasons)}"
    return Step(now.num_attempts + now.num_present, wanted, note)
