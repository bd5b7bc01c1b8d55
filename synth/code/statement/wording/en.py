"""How an English-speaking engineer reports a bug."""

import re
from random import Random

from synth.code.statement.symptom import Sort, Symptom

MAX_TITLE_VALUE = 32
MAX_TITLE_CHARS = 95

JOIN = " "
HEADINGS = {
    "steps": ("To reproduce", "Steps to reproduce", "Reproduction", "How to reproduce"),
    "actual": ("Actual result", "What happens", "Actual behaviour", "Observed"),
    "expected": ("Expected result", "What I expected", "Expected behaviour", "Expected"),
    "notes": ("Notes", "More", "Additional context"),
    "environment": ("Environment", "Versions"),
    "more": ("Another case", "Also affected", "Second case"),
}
_PLAIN = ("{s} gives a wrong result", "Wrong result from {s}", "{s} returns the wrong value")
_TITLES: dict[Sort, tuple[str, ...]] = {
    Sort.CRASH: (
        "{s} {v}s {o}",
        "{o} from {s}",
        "{s} fails with {o}",
        "Unexpected {o} in {s}",
        "{o} when calling {s}",
    ),
    Sort.NO_ERROR: (
        "{s} does not {v} {i}",
        "No {i} from {s}",
        "{s} accepts what it should reject",
        "Missing {i} in {s}",
    ),
    Sort.HANG: ("{s} never returns", "{s} hangs", "Endless loop in {s}", "{s} does not terminate"),
    Sort.OTHER_ERROR: (
        "{s} {v}s {o} instead of {i}",
        "{o} where {i} is expected from {s}",
        "{s}: {o} rather than {i}",
    ),
    Sort.OTHER_MESSAGE: (
        "Wrong error message from {s}",
        "{s} {v}s {i} with the wrong message",
        "Misleading {i} message from {s}",
    ),
    Sort.NOTHING: ("{s} gives {a}", "{a} instead of a result from {s}", "{s} results in {a}"),
    Sort.TRUTH: (
        "{s} gives {a} where it should give {e}",
        "{s}: {a} instead of {e}",
        "Wrong answer from {s}: {a} instead of {e}",
    ),
    Sort.TYPE: (
        "{s} gives a {o} instead of a {i}",
        "Result of {s} is a {o}, not a {i}",
        "{s}: {o} where a {i} is expected",
    ),
    Sort.MISSING: (
        "{s} leaves out {i}",
        "{i} is missing from the result of {s}",
        "Result of {s} lacks {i}",
    ),
    Sort.EXTRA: (
        "{s} gives {i} as well, which does not belong there",
        "Unexpected {i} in the result of {s}",
        "Superfluous {i} in the result of {s}",
    ),
    Sort.ORDER: ("Wrong order in the result of {s}", "{s} mixes up the order"),
    Sort.ENTRY: (
        "Wrong value for {i} in the result of {s}",
        "{s} gets the value of {i} wrong",
        "{i} is wrong in the result of {s}",
    ),
    Sort.NUMBER: ("{s} gives {a} instead of {e}", "Wrong number from {s}: {a} instead of {e}"),
    Sort.SPACE: (
        "Wrong whitespace in the output of {s}",
        "{s} gets the whitespace wrong",
        "Spacing is off in the output of {s}",
    ),
    Sort.CASE: ("{s} gets upper and lower case wrong", "Wrong letter case in the output of {s}"),
    Sort.TEXT: ("Wrong output from {s}", "{s} produces wrong output", "Output of {s} is wrong"),
    Sort.VALUE: _PLAIN,
}
_GONE = ("{i} is missing from the output of {s}", "{s} drops {i}", "{s} loses {i}")
_CAME = ("Stray {o} in the output of {s}", "{s} puts {o} where nothing should be")
_SWAPPED = (
    "{s} writes {o} instead of {i}",
    "{s}: {o} in place of {i}",
    "{o} instead of {i} in the output of {s}",
)
_SHOWN = ("{x} gives {a} instead of {e}", "{x} is {a}, should be {e}", "{x}: {a} instead of {e}")


def title(seen: Symptom, rng: Random) -> str:
    forms = list(_TITLES[seen.sort])
    if seen.sort in (Sort.MISSING, Sort.EXTRA) and (not seen.item or seen.number > 1):
        words = "drops" if seen.sort is Sort.MISSING else "adds"
        things = f"{seen.number} items" if seen.number > 1 else "an item"
        forms = [f"{{s}} {words} {things}", f"Result of {{s}}: it {words} {things}"]
    if seen.sort is Sort.ENTRY and not seen.item:
        forms = list(_PLAIN)
    if seen.sort is Sort.NUMBER and seen.number:
        forms += ["{s} is off by one", "Off by one in {s}"]
    brief = max(len(seen.item), len(seen.other)) <= MAX_TITLE_VALUE
    if seen.sort is Sort.TEXT and (seen.item or seen.other) and brief:
        forms = list(_SWAPPED if seen.item and seen.other else _GONE if seen.item else _CAME)
    fits = all(
        0 < len(v) <= MAX_TITLE_VALUE and "\n" not in v for v in (seen.expected, seen.actual)
    )
    by_value = (Sort.NUMBER, Sort.TRUTH, Sort.VALUE, Sort.ENTRY, Sort.TYPE, Sort.NOTHING)
    if seen.expression and fits and seen.sort in (*by_value, Sort.MISSING, Sort.EXTRA):
        forms = [*_SHOWN, *forms] if len(seen.expression) < MAX_TITLE_VALUE else forms
    rng.shuffle(forms)
    texts = [_filled(form, seen, rng) for form in forms]
    short = [text for text in texts if len(text) <= MAX_TITLE_CHARS]
    text = short[0] if short else min(texts, key=len)
    return text[:1].upper() + text[1:]


def _filled(form: str, seen: Symptom, rng: Random) -> str:
    text = form.format(
        s=subject(seen, rng),
        i=_code(seen.item),
        o=_code(seen.other),
        x=_code(seen.expression),
        e=_code(seen.expected),
        a=_code(seen.actual),
        v=seen.verb,
    )
    return re.sub(r"\ba (?=`[aeiou])", "an ", text)


def subject(seen: Symptom, rng: Random) -> str:
    """The call, as one names it: `parse()`, sometimes with the option that matters."""
    if not seen.call:
        return "the script below"
    name = seen.call.lstrip(".")
    short = name.rpartition(".")[2]
    plain = f"`{rng.choice((name, short)) if seen.call[0] != '.' else short}()`"
    if len(seen.options) == 1 and len(seen.options[0]) <= MAX_TITLE_VALUE:
        return rng.choice((plain, f"{plain} with `{seen.options[0]}`"))
    return plain


def _code(text: str) -> str:
    return f"`{text}`" if text and "`" not in text else text


def lead(seen: Symptom, project: str, rng: Random) -> str:
    call = f"`{seen.call.lstrip('.')}`" if seen.call else project
    return rng.choice(
        (
            "Here is a small script that shows it:",
            "The following is enough to see it:",
            "Minimal example:",
            f"I came across this with {project}:",
            f"This is what I run, cut down to what matters for {call}:",
            f"Cut down to a few lines around {call}:",
            "Run this:",
            f"{call} does not do what I would expect. For example:",
            "Take this script:",
            f"I believe there is a bug in {call}. To see it, run:",
            "Code to reproduce it:",
            f"While looking at what {call} does, I reduced it to this:",
        )
    )


def more(seen: Symptom, rng: Random) -> str:
    call = f"`{seen.call.lstrip('.')}`" if seen.call else "another call"
    return rng.choice(
        (
            "I also see this:",
            f"There is something wrong with {call} as well:",
            "Probably related:",
            f"{call} is affected too:",
            "A second script that should behave differently:",
            "This looks wrong to me as well:",
            "Also, this goes wrong:",
        )
    )


def actual(seen: Symptom, value: str, rng: Random) -> str:
    if seen.sort is Sort.HANG:
        return rng.choice(
            (
                "The script does not come to an end; I stopped it after several seconds.",
                "It never returns, the process just keeps running.",
                "Nothing comes back; I had to kill it.",
            )
        )
    if seen.sort in (Sort.CRASH, Sort.OTHER_ERROR, Sort.OTHER_MESSAGE):
        return rng.choice(
            ("It ends with:", "The result is an exception:", "What I get:", "This fails:")
        )
    if not value:
        return rng.choice(
            ("This prints:", "What I get:", "The output is:", "Output:", "It prints the following:")
        )
    return rng.choice(
        ("It prints {}.", "This prints {}.", "What I get is {}.", "The output is {}.")
    ).format(_code(value))


def silent(blank: bool, *, expected: bool) -> str:
    what = "an empty line" if blank else "nothing"
    if expected:
        return f"It should print {what}, and there should be no error."
    return f"It prints {what}, and there is no error."


def expected(seen: Symptom, value: str, rng: Random) -> str:
    if seen.sort in (Sort.NO_ERROR, Sort.OTHER_ERROR):
        error = _code(seen.item)
        return rng.choice(
            (
                f"This should {seen.verb} {error}:",
                f"I expected {error} here:",
                f"The call should be refused with {error}:",
                f"The right reaction would be {error}:",
            )
        )
    if seen.sort is Sort.OTHER_MESSAGE:
        return rng.choice(("The message should be:", "I expected this message:", "It should say:"))
    ending = " without an error" if seen.sort is Sort.CRASH else ""
    if not value:
        return rng.choice(
            (f"I expected{ending}:", f"It should print{ending}:", f"Expected output{ending}:")
        )
    return rng.choice(
        (
            f"It should print {{}}{ending}.",
            f"I expected {{}}{ending}.",
            f"The right output{ending} is {{}}.",
            f"I would expect {{}}{ending}.",
        )
    ).format(_code(value))


def both(seen: Symptom, expected: str, actual: str, rng: Random) -> str:
    return rng.choice(
        (
            "This prints {a} instead of {e}.",
            "I get {a}, but it should be {e}.",
            "Prints {a}, expected {e}.",
            "The output is {a}; {e} would be right.",
            "Expected {e}, got {a}.",
        )
    ).format(a=_code(actual), e=_code(expected))


def difference(rng: Random) -> str:
    return rng.choice(
        (
            "What should be there (`-`) against what is there (`+`):",
            "As a diff from the right output (`-`) to what I get (`+`):",
            "The difference, `-` is expected and `+` is what comes out:",
        )
    )


def detail(seen: Symptom, rng: Random) -> str:  # noqa: C901 - one case a symptom
    item, other = _code(seen.item), _code(seen.other)
    several = seen.number > 1
    match seen.sort:
        case Sort.MISSING if several:
            return rng.choice(
                (f"{seen.number} items are missing.", f"It lacks {seen.number} items.")
            )
        case Sort.MISSING if item:
            return rng.choice((f"{item} is missing.", f"Note that {item} has gone."))
        case Sort.EXTRA if several:
            return rng.choice((f"That is {seen.number} items too many.",))
        case Sort.EXTRA if item:
            return rng.choice((f"{item} should not be there.", f"{item} does not belong there."))
        case Sort.ORDER:
            return rng.choice(("Only the order differs.", "All parts are there, in another order."))
        case Sort.ENTRY if item:
            return rng.choice((f"The value of {item} is wrong.", f"Look at {item}."))
        case Sort.SPACE:
            return rng.choice(("Only the whitespace differs.", "Mind the whitespace."))
        case Sort.CASE:
            return "Only upper and lower case differ."
        case Sort.TEXT if seen.item and seen.other:
            return rng.choice((f"Where it says {other}, it should say {item}.",))
        case Sort.TEXT if seen.item:
            return rng.choice((f"{item} has been lost.", f"What is missing is {item}."))
        case Sort.TEXT if seen.other:
            return rng.choice((f"The {other} should not be there.", f"{other} is too much."))
        case Sort.TYPE:
            return rng.choice((f"That is a {other}, not a {item}.",))
        case _:
            return ""


def works(code: str, value: str, last: bool, rng: Random) -> str:
    code = _code(code)
    forms: tuple[str, ...]
    if last:
        forms = (
            "On the other hand, {c} is fine: it prints {v}.",
            "{c} is not affected and gives {v}.",
            "It does work in simpler cases; {c} prints {v}, as it should.",
            "By contrast, {c} gives {v}, so that case is all right.",
            "I see no problem with {c}, which gives {v}.",
        )
    else:
        forms = (
            "With {c} in its place the output is right: {v}.",
            "If I write {c} instead, it prints {v}, which is fine.",
            "It does not happen with {c}, which gives {v}.",
        )
    return rng.choice(forms).format(c=code, v=_code(value))


def documented(name: str, text: str, rng: Random) -> str:
    text = text.rstrip()
    quoted = text if text[-1:] in ".!?" else f"{text}."
    return rng.choice(
        (
            f'The docstring of `{name}` says: "{quoted}"',
            f'According to the documentation of `{name}`: "{quoted}"',
            f'`{name}` is documented as: "{quoted}"',
        )
    )


def environment(project: str, version: str, runtime: str, rng: Random) -> str:
    return rng.choice(
        (
            f"{project} {version}, {runtime}",
            f"{project} {version} on {runtime}",
            f"{runtime}, {project} {version}",
            f"Seen with {project} {version} and {runtime}.",
            f"Version: {project} {version} ({runtime}, Linux)",
        )
    )


def known(facts: str, rng: Random) -> str:
    return facts
