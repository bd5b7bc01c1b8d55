"""Reasons for the calls of a worked attempt, from the issue and from what the calls have shown."""

import re
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from data.task import Language, Task
from envs.code.spec import REPOSITORY
from synth.code.worked.calls import SCRIPT, Fix, Found, Work
from synth.code.worked.causes import cause
from synth.code.worked.way import spoken_at

MAX_QUOTED = 90
"""Characters of a line or an output that a reason repeats."""
NOTHING = "[no output]"
_FRAME = re.compile(rf'^  File "{REPOSITORY}/.*", line (\d+), in (\w+)$', re.M)


class Teller:
    """The reasons for one attempt, and its last words."""

    def __init__(self, task: Task, work: Work) -> None:
        self.task = task
        self.work = work
        self.en = task.language is Language.EN
        self.issue = task.prompt[-1].content

    def reasons(self, seen: Sequence[str]) -> Iterator[str]:
        """One for each call and one for the answer; `seen` is what the calls have shown."""
        yield self._reproduce()
        for at, found in enumerate(self.work.found):
            begun = [*self._actual(seen[0], seen[-2])] if at == 0 else []
            yield (" " if self.en else "").join([*begun, self._look_up(found)])
            for part, view in enumerate(found.views):
                yield self._view(found, part, view)
        for at, fix in enumerate(self.work.fixes):
            yield self._edit(fix, at)
        yield self._again()
        yield self._done(seen[-2])
        yield self._handed_in()

    def _reproduce(self) -> str:
        title = self.issue.splitlines()[0].removeprefix("# ").rstrip(".。")
        return self._say(
            "The issue: {x}. It has a script. I save it as {s} and run it to see what happens.",
            "问题：{x}。其中附有脚本，先存为 {s} 并运行，看看实际结果。",
            x=title,
            s=SCRIPT,
        )

    def _actual(self, wrong: str, right: str) -> Iterator[str]:
        """What the script printed against what the issue wants, where that stands in the issue."""
        shown, wanted = _last(wrong), _last(right)
        if _is_short(wrong) and _is_short(right) and wanted in self.issue:
            yield self._say(
                "It prints `{a}`, but `{b}` is expected.",
                "输出是 `{a}`，期望的是 `{b}`。",
                a=shown,
                b=wanted,
            )
        elif shown != NOTHING and len(shown) <= MAX_QUOTED:
            yield self._say(
                "The output ends with `{a}`, as the issue says.",
                "输出以 `{a}` 结尾，与问题所述一致。",
                a=shown,
            )
        else:
            yield self._say("This is what the issue shows.", "与问题所述一致。")
        if frames := _FRAME.findall(wrong):
            line, name = frames[-1]
            yield self._say(
                "The traceback ends at line {n} in `{x}`.",
                "回溯的最后是 `{x}` 的第 {n} 行。",
                n=line,
                x=name,
            )

    def _look_up(self, found: Found) -> str:
        name, why = found.stop.place.name, found.stop.why
        if why is None:
            return self._say(
                "The script uses `{x}`; I look for its definition.",
                "脚本用到 `{x}`，查找它的定义。",
                x=name,
            )
        line = spoken_at(why, name)
        return self._say(
            "Line {n} in `{w}` uses `{x}`, so I look for that next.",
            "`{w}` 的第 {n} 行用到 `{x}`，接着查找它。",
            n=line,
            w=why.name,
            x=name,
        )

    def _view(self, found: Found, part: int, view: tuple[int, int]) -> str:
        place = found.stop.place
        if part:
            return self._say(
                "Nothing wrong so far; `{x}` goes on at line {n}.",
                "到这里没有发现问题，`{x}` 从第 {n} 行继续。",
                x=place.name,
                n=view[0],
            )
        if found.stop.hits > 1:
            return self._say(
                "There are {k} of that name. I read the one in {p} at line {n}.",
                "同名的定义有 {k} 处，先看 {p} 第 {n} 行的。",
                k=found.stop.hits,
                p=place.path,
                n=place.first,
            )
        return self._say(
            "`{x}` is in {p} at line {n}. I read it.",
            "`{x}` 在 {p} 第 {n} 行，读一读。",
            x=place.name,
            p=place.path,
            n=place.first,
        )

    def _edit(self, fix: Fix, at: int) -> str:
        why = cause(self._operator(at), self.task.language)
        line, old, new = _changed(fix)
        slots: dict[str, object] = {"x": fix.place.name, "n": line, "w": why, "a": old, "b": new}
        if old and new:
            return self._say(
                "In `{x}`, line {n} is `{a}`: {w}. It should be `{b}`.",
                "`{x}` 的第 {n} 行是 `{a}`：{w}。应当是 `{b}`。",
                **slots,
            )
        if new:
            return self._say(
                "In `{x}`, before line {n}: {w}. `{b}` has to be put in.",
                "`{x}` 第 {n} 行之前：{w}。要加上 `{b}`。",
                **slots,
            )
        return self._say(
            "In `{x}`, line {n} is `{a}`: {w}. It has to go.",
            "`{x}` 的第 {n} 行是 `{a}`：{w}。应当删去。",
            **slots,
        )

    def _operator(self, at: int) -> str:
        story: JsonValue = self.task.hidden.proof.get("story")
        operators = story.get("operators") if isinstance(story, dict) else None
        known = operators if isinstance(operators, list) else []
        return str(known[0]) if len(set(map(str, known))) == 1 else ""

    def _again(self) -> str:
        return self._say("The edit is made. I run the script again.", "已经修改，再运行一次脚本。")

    def _done(self, right: str) -> str:
        shown = _last(right)
        if _is_short(right) and shown in self.issue:
            return self._say(
                "Now it prints `{x}`, as the issue expects. I hand it in.",
                "现在输出 `{x}`，与期望一致，可以提交。",
                x=shown,
            )
        return self._say(
            "The output is now what the issue expects. I hand it in.",
            "现在的输出与期望一致，可以提交。",
        )

    def _handed_in(self) -> str:
        paths = dict.fromkeys(fix.place.path for fix in self.work.fixes)
        return self._say(
            "{x} is handed in; I say what was wrong.",
            "{x} 已经提交，最后说明原因。",
            x=", ".join(paths),
        )

    def answer(self) -> str:
        """The final message: what was wrong, and what stands there now."""
        said = []
        for at, fix in enumerate(self.work.fixes):
            _, old, new = _changed(fix)
            slots: dict[str, object] = {"x": fix.place.name, "p": fix.place.path, "b": new}
            if self._operator(at) or not (old and new):
                why = cause(self._operator(at), self.task.language)
                said.append(
                    self._say(
                        "In `{x}` ({p}) {w}; this is fixed.",
                        "`{x}`（{p}）中{w}，现已修复。",
                        w=why,
                        **slots,
                    )
                )
                continue
            said.append(
                self._say(
                    "In `{x}` ({p}) it now says `{b}`, which gives what the issue asks for.",
                    "`{x}`（{p}）中改为 `{b}`，结果与期望一致。",
                    **slots,
                )
            )
        return (" " if self.en else "").join(dict.fromkeys(said))

    def _say(self, en: str, zh: str, **slots: object) -> str:
        return (en if self.en else zh).format(**slots)


def _last(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _is_short(output: str) -> bool:
    return len(output.strip().splitlines()) == 1 and len(output.strip()) <= MAX_QUOTED


def _changed(fix: Fix) -> tuple[int, str, str]:
    """The first line that the edit changes: its number, as it was and as it is to be."""
    old, new = fix.old.splitlines(), fix.new.splitlines()
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
        min(len(old), len(new)),
    )
    while old[same + 1 :] and new[same + 1 :] and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    if old and new and len(old) != len(new) and old[-1] == new[-1]:
        # Whole lines came or went: what follows them is the same.
        old, new = old[:-1], new[:-1]
    gone = old[same].strip() if same < len(old) else ""
    come = new[same].strip() if same < len(new) else ""
    if len(old) < len(new):
        gone = ""
    elif len(new) < len(old):
        come = ""
    return fix.line + same, gone, come
