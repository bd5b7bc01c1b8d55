"""Operators write the bug that their name says, and nothing else."""

import ast
import email.header
import json.decoder
import sched
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from synth.code.operators import OPERATORS, Module, applied, candidates, mutated

BUGS: dict[str, tuple[str, str]] = {
    "flip_comparison": ("return a == b", "return a != b"),
    "shift_boundary": ("return a < b", "return a <= b"),
    "swap_connective": ("return a and b and c", "return a or b or c"),
    "drop_condition": ("return a and b", "return b"),
    "drop_not": ("return not (a and b)", "return (a and b)"),
    "negate_condition": ("if a.b(): c()", "if not a.b(): c()"),
    "drop_type": ("return isinstance(a, (int, str))", "return isinstance(a, str)"),
    "empty_is_none": ("return 1 if a is None else 2", "return 1 if not a else 2"),
    "change_operator": ("return a + b", "return a - b"),
    "swap_operands": ("return a - b", "return b - a"),
    "drop_operand": ("return a * b", "return a"),
    "change_constant": ("return a[b:2]", "return a[b:3]"),
    "shift_position": ("return a[0]", "return a[-1]"),
    "shorten_range": ("return range(a)", "return range(1, a)"),
    "change_default": ("def g(b=True): return b", "def g(b=False): return b"),
    "drop_fallback": ("return a.get(b, 0)", "return a.get(b)"),
    "change_encoding": ('return a.encode("utf-8")', 'return a.encode("latin-1")'),
    "change_pattern": (r"return re.match(r'\d+x', a)", r"return re.match(r'\d*x', a)"),
    "swap_branches": ("return b if a else c", "return c if a else b"),
    "drop_guard": ("if a:\n        return 1\n    return 2", "return 2"),
    "drop_else": ("if a:\n        b()\n    else:\n        c()", "if a:\n        b()"),
    "always_take_branch": ("if a:\n        b()\n    c()", "b()\n    c()"),
    "stop_after_first": (
        "for b in a:\n        c(b)",
        "for b in a:\n        c(b)\n        break",
    ),
    "swap_break_continue": ("while a: break", "while a: continue"),
    "drop_early_return": ("if a:\n        return b\n    c()", "if a:\n        pass\n    c()"),
    "drop_statement": ("a.b = c\n    return a", "return a"),
    "overwrite": ("a += b", "a = b"),
    "change_error": ("raise KeyError(a)", "raise IndexError(a)"),
    "drop_caught": (
        "try: a()\n    except (KeyError, OSError): b()",
        "try: a()\n    except OSError: b()",
    ),
    "drop_cleanup": ("a.close()\n    return b", "return b"),
    "keep_open": (
        "with open(a) as f:\n        return f.read()",
        "f = open(a)\n    return f.read()",
    ),
    "forget_await": ("await a.drain()\n    return b", "a.drain()\n    return b"),
    "unlock": ("with a.lock:\n        b()\n    c()", "b()\n    c()"),
    "swap_method": ("return a.lstrip('x')", "return a.rstrip('x')"),
    "swap_arguments": ("return f(a, b)", "return f(b, a)"),
    "drop_keyword": ("return f(a, strict=b)", "return f(a)"),
    "share_state": ("return list(a)", "return a"),
    "mutable_default": (
        "def g(b=None):\n        if b is None:\n            b = []\n        return b",
        "def g(b=[]):\n        return b",
    ),
    "narrow_key": ("key = (a, b)\n    return key", "key = (b,)\n    return key"),
    "change_order": ("return sorted(a)", "return sorted(a, reverse=True)"),
    "forget_super": ("super().f(a)\n    self.b = a", "self.b = a"),
    "swap_returned": ("return a, b", "return b, a"),
}
MODULES = [textwrap, sched, json.decoder, email.header]


def wrapped(body: str) -> str:
    return f"async def f(a, b, c):  # é\n    {body}\n"


def test_every_operator_has_its_example() -> None:
    assert set(BUGS) | {"drop_method"} == set(OPERATORS)


@pytest.mark.parametrize("operator", BUGS)
def test_an_operator_writes_its_bug(operator: str) -> None:
    before, after = BUGS[operator]
    module = Module(wrapped(before))
    made = [mutated(module, candidate) for candidate in candidates(module, operator)]
    assert wrapped(after) in made


def test_an_overriding_method_is_dropped_and_an_own_one_is_not() -> None:
    text = "class A(B):\n    def __eq__(self, o): return True\n    def own(self): return 1\n"
    module = Module(text)
    (made,) = [mutated(module, c) for c in candidates(module, "drop_method")]
    assert made == "class A(B):\n    def own(self): return 1\n"


def test_texts_decorators_and_annotations_are_left_alone() -> None:
    text = (
        '@cached(1)\ndef f(a: "Literal[1]" = 2) -> "x[0]":\n    """Adds 1 to 2."""\n    return a\n'
    )
    module = Module(text)
    assert [c for operator in OPERATORS for c in candidates(module, operator)] != []
    assert {mutated(module, c) for o in OPERATORS for c in candidates(module, o)} == {
        text.replace("= 2", "= 3")
    }


@pytest.mark.parametrize("source", MODULES, ids=lambda m: m.__name__)
def test_mutations_of_real_code_stay_in_their_function(source: ModuleType) -> None:
    module = Module(Path(str(source.__file__)).read_text())
    names = {n.name for n in ast.walk(module.tree) if hasattr(n, "name")}
    seen = 0
    for operator in OPERATORS:
        for candidate in list(candidates(module, operator))[:3]:
            text = mutated(module, candidate)
            if text is None:
                continue
            seen += 1
            assert candidate.function.split(".")[-1] in names
            first = min(edit.start for edit in candidate.edits)
            assert text[:first] == module.text[:first]
            assert text == applied(module.text, candidate.edits)
    assert seen > 25


def test_what_is_no_python_or_means_the_same_is_no_mutation() -> None:
    module = Module(wrapped("return (a)[0]"))
    same = candidates(Module(wrapped("return a[0]")), "shift_position")
    assert next(same).function == "f"
    assert all(mutated(module, c) for c in candidates(module, "shift_position"))
    with pytest.raises(SyntaxError):
        Module("def f(:")
