"""Bugs that people make, as operators on Python source.

An operator is a function from a module to the places where its bug can stand. Each changes what one
careless edit would change; whether a test notices is for the funnel to find out.
"""

import ast
from collections.abc import Iterator, Mapping

from synth.code.operators import calls, comparisons, flow, values
from synth.code.operators.module import Edit, Module, Mutation, applied

__all__ = ["OPERATORS", "Edit", "Module", "Mutation", "applied", "candidates", "mutated"]

OPERATORS: Mapping[str, values.Operator] = {
    operator.__name__: operator
    for operator in (
        comparisons.flip_comparison,
        comparisons.shift_boundary,
        comparisons.swap_connective,
        comparisons.drop_condition,
        comparisons.drop_not,
        comparisons.negate_condition,
        comparisons.drop_type,
        comparisons.empty_is_none,
        values.change_operator,
        values.swap_operands,
        values.drop_operand,
        values.change_constant,
        values.shift_position,
        values.shorten_range,
        values.change_default,
        values.drop_fallback,
        values.change_encoding,
        values.change_pattern,
        flow.swap_branches,
        flow.drop_guard,
        flow.drop_else,
        flow.always_take_branch,
        flow.stop_after_first,
        flow.swap_break_continue,
        flow.drop_early_return,
        flow.drop_statement,
        flow.overwrite,
        flow.change_error,
        flow.drop_caught,
        flow.drop_cleanup,
        flow.keep_open,
        flow.forget_await,
        flow.unlock,
        calls.swap_method,
        calls.swap_arguments,
        calls.drop_keyword,
        calls.share_state,
        calls.mutable_default,
        calls.narrow_key,
        calls.change_order,
        calls.forget_super,
        calls.swap_returned,
        calls.drop_method,
    )
}


def candidates(module: Module, operator: str) -> Iterator[Mutation]:
    """Every place for the bug of `operator`, in the order of the text; not each is still Python."""
    for node, edits in OPERATORS[operator](module):
        yield Mutation(operator, module.function(node), node.lineno, edits)


def mutated(module: Module, mutation: Mutation) -> str | None:
    """The text with the bug; None where it is no Python, or means the same as before."""
    text = applied(module.text, mutation.edits)
    try:
        after = Module(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return text if ast.dump(after.tree) != ast.dump(module.tree) else None
