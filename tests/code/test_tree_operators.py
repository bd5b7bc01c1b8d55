"""Operators on other languages write the bug that their name says, and nothing else."""

import pytest

from synth.code.operators.tree import (
    GRAMMARS,
    OPERATORS,
    TreeModule,
    applied,
    candidates,
    language_of,
    mutated,
)

BODIES = {
    "javascript": "async function f(a, b, c) {{ // é\n  {}\n}}\n",
    "typescript": "async function f(a: number, b: string[], c?: T): Promise<any> {{ // é\n  {}\n}}\n",
    "tsx": "async function f(a: number) {{ // é\n  {}\n}}\n",
    "go": "package p\n\nfunc (s *T) f(a, b int) (int, error) {{ // é\n\t{}\n}}\n",
    "java": "class A {{\n  int f(int a, B b) {{ // é\n    {}\n  }}\n}}\n",
    "c": "static int f(int a, char *b) {{ // é\n  {}\n}}\n",
    "cpp": "int A::f(int a, const B& b) {{ // é\n  {}\n}}\n",
    "php": "<?php\nfunction f($a, $b) {{ // é\n    {}\n}}\n",
}

BUGS: list[tuple[str, str, str, str]] = [
    ("flip_comparison", "javascript", "return a === b;", "return a !== b;"),
    ("flip_comparison", "go", "return a < b", "return a > b"),
    ("flip_comparison", "php", "return $a == $b;", "return $a != $b;"),
    ("shift_boundary", "typescript", "return a < b;", "return a <= b;"),
    ("shift_boundary", "c", "return a >= b;", "return a > b;"),
    ("compare_loosely", "javascript", "return a === b;", "return a == b;"),
    ("compare_loosely", "php", "return $a !== $b;", "return $a != $b;"),
    ("compare_identity", "java", "return !a.equals(b);", "return !(a == b);"),
    ("swap_connective", "java", "return a && b;", "return a || b;"),
    ("swap_connective", "cpp", "return a || b;", "return a && b;"),
    ("drop_condition", "go", "return a > 0 && b", "return b"),
    ("drop_not", "tsx", "return !(a && b);", "return (a && b);"),
    ("drop_not", "php", "return !$a;", "return $a;"),
    ("negate_condition", "cpp", "if (a.b()) c();", "if (!a.b()) c();"),
    ("negate_condition", "go", "if a.ok { c() }", "if !a.ok { c() }"),
    ("negate_boolean", "java", "b.g(true);", "b.g(false);"),
    ("negate_boolean", "php", "return g($a, TRUE);", "return g($a, false);"),
    ("drop_null_check", "java", "if (b == null) {\n      return 0;\n    }\n    g();", "g();"),
    ("drop_null_check", "go", "if s == nil {\n\t\treturn 0\n\t}\n\tg()", "g()"),
    ("drop_null_check", "c", "if (NULL == b) return 1;\n  g();", "g();"),
    ("change_operator", "c", "return a + b;", "return a - b;"),
    ("change_operator", "go", "return a << 2", "return a >> 2"),
    ("swap_operands", "java", "return a - b.c();", "return b.c() - a;"),
    ("drop_operand", "cpp", "return a * b;", "return a;"),
    ("change_constant", "typescript", "return a.slice(2);", "return a.slice(3);"),
    ("change_constant", "php", "return g($a, 2);", "return g($a, 1);"),
    ("swap_assignment", "go", "a += b", "a -= b"),
    ("swap_assignment", "c", "a <<= 1;", "a >>= 1;"),
    ("overwrite", "javascript", "a += b;", "a = b;"),
    ("swap_step", "php", "$a++;", "$a--;"),
    ("swap_step", "go", "a--", "a++"),
    ("shift_index", "java", "return b[a - 1];", "return b[a];"),
    ("shift_index", "go", "return a[1:b]", "return a[1:b - 1]"),
    ("shift_index", "cpp", "return b[0];", "return b[0 + 1];"),
    ("shorten_loop", "c", "for (i = 0; i < a; i++) g();", "for (i = 0; i < a - 1; i++) g();"),
    ("shorten_loop", "go", "for i := 0; i < a; i++ { g() }", "for i := 0; i <= a; i++ { g() }"),
    ("mistype", "javascript", "return a['width'];", "return a['wdith'];"),
    ("change_pattern", "javascript", r"return /^\d+x$/g.test(a);", r"return /^\d*x$/g.test(a);"),
    ("change_pattern", "typescript", "return /a/gi.test(b);", "return /a/g.test(b);"),
    ("drop_cast", "java", "return (double) a / b;", "return a / b;"),
    ("drop_cast", "php", "return (int) $a;", "return $a;"),
    ("change_sign", "c", "size_t n = g(b);", "int n = g(b);"),
    ("shrink_size", "c", "b = malloc(strlen(b) + 1);", "b = malloc(strlen(b));"),
    ("shrink_size", "cpp", "b = g(sizeof(*b));", "b = g(sizeof(b));"),
    ("swap_branches", "php", "return $a ? 1 : $b;", "return $a ? $b : 1;"),
    ("invert_if", "go", "if a > b { c() } else { d() }", "if a > b { d() } else { c() }"),
    ("invert_if", "c", "if (a) { c(); } else { d(); }", "if (a) { d(); } else { c(); }"),
    ("drop_guard", "typescript", "if (a > 1) {\n    return 1;\n  }\n  g();", "g();"),
    ("drop_else", "php", "if ($a) { c(); } else { d(); }", "if ($a) { c(); }"),
    ("always_take_branch", "cpp", "if (a) { b.c(); }", "{ b.c(); }"),
    ("always_take_branch", "go", "if a > b { c() }", "{ c() }"),
    (
        "stop_after_first",
        "go",
        "for _, x := range a {\n\t\tg(x)\n\t}",
        "for _, x := range a {\n\t\tg(x)\n\t\tbreak\n\t}",
    ),
    (
        "stop_after_first",
        "java",
        "for (int x : b) {\n      g(x);\n    }",
        "for (int x : b) {\n      g(x);\n      break;\n    }",
    ),
    ("drop_loop", "php", "foreach ($a as $x) {\n        g($x);\n    }\n    h();", "h();"),
    ("swap_break_continue", "c", "while (a) { break; }", "while (a) { continue; }"),
    (
        "swap_break_continue",
        "go",
        "for { if a > b { continue }; g() }",
        "for { if a > b { break }; g() }",
    ),
    (
        "fall_through",
        "java",
        "switch (a) {\n      case 1: g();\n        break;\n      default: h();\n    }",
        "switch (a) {\n      case 1: g();\n      default: h();\n    }",
    ),
    (
        "drop_early_return",
        "javascript",
        "if (a) {\n    b();\n    return 1;\n  }",
        "if (a) {\n    b();\n  }",
    ),
    ("drop_early_return", "php", "if ($a) {\n        throw $b;\n    }", "if ($a) {\n    }"),
    ("return_nothing", "typescript", "return a.b(c);", "return undefined;"),
    ("return_nothing", "go", "return a.b()", "return nil"),
    ("return_nothing", "cpp", "return g(a);", "return {};"),
    ("drop_statement", "java", "b.c = a;\n    return a;", "return a;"),
    ("drop_statement", "go", "s.n = a\n\treturn a, nil", "return a, nil"),
    ("change_error", "javascript", "throw new TypeError(a);", "throw new RangeError(a);"),
    (
        "change_error",
        "java",
        "throw new IllegalArgumentException(a);",
        "throw new IllegalStateException(a);",
    ),
    ("change_error", "cpp", "throw std::out_of_range(a);", "throw std::invalid_argument(a);"),
    (
        "change_error",
        "php",
        r"throw new \InvalidArgumentException($a);",
        r"throw new \RuntimeException($a);",
    ),
    ("drop_try", "java", "try { g(); } catch (E e) { h(); }", "{ g(); }"),
    ("drop_try", "javascript", "try { g(); } catch { h(); }", "{ g(); }"),
    (
        "drop_cleanup",
        "php",
        "try { g(); } catch (E $e) { h(); } finally { i(); }",
        "try { g(); } catch (E $e) { h(); }",
    ),
    ("forget_await", "javascript", "const d = await b.c(a);", "const d = b.c(a);"),
    ("call_at_once", "go", "defer s.mu.Unlock()", "s.mu.Unlock()"),
    ("swallow_error", "go", "return a, err", "return a, nil"),
    (
        "ignore_error",
        "go",
        "n, err := g(a)\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\treturn n, nil",
        "n, _ := g(a)\n\treturn n, nil",
    ),
    ("swap_method", "php", "return ltrim($a);", "return rtrim($a);"),
    ("swap_method", "cpp", "return std::lower_bound(a, b);", "return std::upper_bound(a, b);"),
    ("swap_arguments", "c", "return g(a, b);", "return g(b, a);"),
    ("swap_arguments", "php", "return $a->g($a, $b);", "return $a->g($b, $a);"),
    ("share_state", "javascript", "return [...a];", "return a;"),
    ("share_state", "java", "return new ArrayList<>(b);", "return b;"),
    ("share_state", "php", "return clone $a;", "return $a;"),
    ("drop_comparator", "typescript", "return b.sort((x, y) => x - y);", "return b.sort();"),
    ("hide_nothing", "javascript", "return a ?? 1;", "return a || 1;"),
    ("hide_nothing", "php", "return $a ?? 1;", "return $a ?: 1;"),
    ("drop_strict", "php", "return in_array($a, $b, true);", "return in_array($a, $b);"),
    ("confuse_empty", "php", "return isset($a['k']);", "return !empty($a['k']);"),
    ("copy_reference", "cpp", "for (auto& x : b) x = 1;", "for (auto x : b) x = 1;"),
    ("copy_reference", "php", "foreach ($a as &$x) { $x = 1; }", "foreach ($a as $x) { $x = 1; }"),
    ("drop_release", "c", "free(b);\n  return 1;", "return 1;"),
    ("lose_iterator", "cpp", "it = v.erase(it);", "v.erase(it);"),
]
IDS = [f"{operator}-{language}" for operator, language, *_ in BUGS]


def wrapped(language: str, body: str) -> str:
    return BODIES[language].format(body)


def test_every_operator_has_its_example() -> None:
    assert {operator for operator, *_ in BUGS} | {"copy_receiver"} == set(OPERATORS)


@pytest.mark.parametrize(("operator", "language", "before", "after"), BUGS, ids=IDS)
def test_an_operator_writes_its_bug(operator: str, language: str, before: str, after: str) -> None:
    module = TreeModule(wrapped(language, before), language)
    assert module.num_errors == 0
    made = [mutated(module, candidate) for candidate in candidates(module, operator)]
    assert wrapped(language, after) in made


def test_a_receiver_by_value_loses_what_the_method_changes() -> None:
    module = TreeModule(wrapped("go", "s.n++"), "go")
    (made,) = [mutated(module, c) for c in candidates(module, "copy_receiver")]
    assert made == wrapped("go", "s.n++").replace("*T", "T")


@pytest.mark.parametrize(
    ("operator", "language", "body"),
    [
        ("compare_loosely", "javascript", "return typeof a === 'string';"),
        ("swap_operands", "go", "return a * b"),
        ("change_operator", "java", 'return "n: " + a + b;'),
        ("swap_arguments", "c", "return max(a, b);"),
        ("swap_step", "c", "for (;;a++) g();"),
        ("drop_statement", "java", "if (a) b.c();"),
        ("mistype", "javascript", "throw new Error('wrong width');"),
        ("copy_reference", "cpp", "for (const auto& x : b) g(x);"),
        ("negate_boolean", "c", "while (true) g();"),
        ("change_constant", "c", "int x[8];"),
        ("return_nothing", "go", "return a, nil"),
    ],
)
def test_what_means_the_same_or_is_no_mistake_is_left_alone(
    operator: str, language: str, body: str
) -> None:
    module = TreeModule(wrapped(language, body), language)
    assert module.num_errors == 0
    assert [mutated(module, c) for c in candidates(module, operator)] == []


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("javascript", "class A { m(a) { return a < 1; } }", "A.m"),
        ("typescript", "const o = { p: (a: number) => a < 1 };", "p"),
        ("go", "package p\nfunc (s T) M(a int) bool { return a < 1 }", "M"),
        ("java", "class A { class B { boolean m(int a) { return a < 1; } } }", "A.B.m"),
        ("c", "char *f(int a) { g(a < 1); return 0; }", "f"),
        ("cpp", "namespace n { struct S { bool m(int a) { return a < 1; } }; }", "n.S.m"),
        ("php", "<?php class A { function m($a) { return $a < 1; } }", "A.m"),
    ],
)
def test_a_mutation_says_in_which_function_it_is(language: str, text: str, name: str) -> None:
    module = TreeModule(text, language)
    (found,) = candidates(module, "shift_boundary")
    assert (found.function, found.line) == (name, text.count("\n") + 1)


def test_what_does_not_parse_or_means_the_same_is_no_mutation() -> None:
    text = "#define X(a) if (a) {\nint f(int a) {\n  if (a)\n    return 1;\n  return 2;\n}\n"
    module = TreeModule(text, "c")
    (found,) = candidates(module, "drop_guard") or [None]
    assert mutated(module, found) == text.replace("  if (a)\n    return 1;\n", "")
    broken = found._replace(edits=(found.edits[0]._replace(text="{"),))
    assert mutated(module, broken) is None
    same = found._replace(edits=(found.edits[0]._replace(start=0, end=0, text="/* c */\n"),))
    assert mutated(module, same) is None


def test_functions_that_the_grammar_does_not_know_are_left_alone() -> None:
    text = "int f(int a) { return a < 1; }\nint g(int a) { @ return a < 1; }\n"
    assert [c.function for c in candidates(TreeModule(text, "c"), "shift_boundary")] == ["f"]


def test_edits_of_all_operators_change_what_they_name_and_keep_the_rest() -> None:
    for operator, language, before, _ in BUGS:
        module = TreeModule(wrapped(language, before), language)
        for candidate in (c for name in OPERATORS for c in candidates(module, name)):
            first = min(edit.start for edit in candidate.edits)
            last = max(edit.end for edit in candidate.edits)
            text = applied(module.text, candidate.edits)
            assert text.startswith(module.text[:first]), operator
            assert text.endswith(module.text[last:]), operator


def test_files_are_known_by_their_names() -> None:
    assert language_of("src/a.b/x.TS") == "typescript"
    assert language_of("Makefile") is None
    assert {
        language_of(f"x.{s}") for s in ("js", "tsx", "go", "java", "c", "cc", "php", "ts")
    } == set(GRAMMARS)
