"""Bugs that people make, as operators on JavaScript, TypeScript, Go, Java, C, C++ and PHP.

The interface is that of `synth.code.operators`, with a `TreeModule` where that has a `Module`. One
list of operators serves all languages: an operator finds nothing where a language has no such
thing. Whether a mutation compiles is for the toolchain to find out.
"""

from collections.abc import Iterator, Mapping

from synth.code.operators.module import Edit, Mutation, applied
from synth.code.operators.tree import calls, comparisons, flow, values
from synth.code.operators.tree.grammars import GRAMMARS, language_of
from synth.code.operators.tree.module import TreeModule

__all__ = [
    "GRAMMARS",
    "OPERATORS",
    "Edit",
    "Mutation",
    "TreeModule",
    "applied",
    "candidates",
    "language_of",
    "mutated",
]

OPERATORS: Mapping[str, comparisons.Operator] = {
    operator.__name__: operator
    for operator in (
        comparisons.flip_comparison,
        comparisons.shift_boundary,
        comparisons.compare_loosely,
        comparisons.compare_identity,
        comparisons.swap_connective,
        comparisons.drop_condition,
        comparisons.drop_not,
        comparisons.negate_condition,
        comparisons.negate_boolean,
        comparisons.drop_null_check,
        values.change_operator,
        values.swap_operands,
        values.drop_operand,
        values.change_constant,
        values.swap_assignment,
        values.overwrite,
        values.swap_step,
        values.shift_index,
        values.shorten_loop,
        values.mistype,
        values.change_pattern,
        values.drop_cast,
        values.change_sign,
        values.shrink_size,
        flow.swap_branches,
        flow.invert_if,
        flow.drop_guard,
        flow.drop_else,
        flow.always_take_branch,
        flow.stop_after_first,
        flow.drop_loop,
        flow.swap_break_continue,
        flow.fall_through,
        flow.drop_early_return,
        flow.return_nothing,
        flow.drop_statement,
        flow.change_error,
        flow.drop_try,
        flow.drop_cleanup,
        flow.forget_await,
        flow.call_at_once,
        flow.swallow_error,
        flow.ignore_error,
        calls.swap_method,
        calls.swap_arguments,
        calls.share_state,
        calls.drop_comparator,
        calls.hide_nothing,
        calls.drop_strict,
        calls.confuse_empty,
        calls.copy_reference,
        calls.copy_receiver,
        calls.drop_release,
        calls.lose_iterator,
    )
}


def candidates(module: TreeModule, operator: str) -> Iterator[Mutation]:
    """Every place for the bug of `operator`, in the order of the text; not each still parses."""
    for node, edits in OPERATORS[operator](module):
        yield Mutation(operator, module.function(node), module.line(node), edits)


def mutated(module: TreeModule, mutation: Mutation) -> str | None:
    """The text with the bug; None where it parses worse, or means the same as before."""
    text = applied(module.text, mutation.edits)
    try:
        after = TreeModule(text, module.language)
    except SyntaxError:
        return None
    worse = after.num_errors > module.num_errors
    return None if worse or after.tokens == module.tokens else text
