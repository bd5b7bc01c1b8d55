"""Operators on the flow of a program: branches, loops, early ends, errors, clean-up, awaiting."""

from tree_sitter import Node

from synth.code.operators.module import Edit
from synth.code.operators.tree.comparisons import Found, is_null_check
from synth.code.operators.tree.module import Match, TreeModule

_JUMPS = ("return_statement", "throw_statement", "break_statement", "continue_statement")
_NEIGHBOURS = {
    "TypeError": "RangeError",
    "RangeError": "TypeError",
    "SyntaxError": "TypeError",
    "IllegalArgumentException": "IllegalStateException",
    "IllegalStateException": "IllegalArgumentException",
    "IndexOutOfBoundsException": "IllegalArgumentException",
    "NoSuchElementException": "IllegalStateException",
    "NullPointerException": "IllegalArgumentException",
    "UnsupportedOperationException": "IllegalStateException",
    "InvalidArgumentException": "RuntimeException",
    "OutOfRangeException": "InvalidArgumentException",
    "OutOfBoundsException": "RuntimeException",
    "RuntimeException": "LogicException",
    "LogicException": "RuntimeException",
    "invalid_argument": "out_of_range",
    "out_of_range": "invalid_argument",
    "runtime_error": "logic_error",
    "logic_error": "runtime_error",
    "domain_error": "range_error",
}


def swap_branches(module: TreeModule) -> Found:
    """The branches of `c ? a : b` change places."""
    for match in module.of("ternary"):
        then, orelse = module.source(match["then"]), module.source(match["else"])
        if then != orelse:
            edits = module.replace(match["then"], orelse), module.replace(match["else"], then)
            yield match.node, edits


def invert_if(module: TreeModule) -> Found:
    """What is done where a condition holds, and what is done where it does not, change places."""
    for match in module.of("if"):
        then, other = match["then"], _otherwise(match)
        if other is not None and then.type == other.type and "if" not in other.type:
            texts = module.source(then), module.source(other)
            if texts[0] != texts[1]:
                yield match.node, (module.replace(then, texts[1]), module.replace(other, texts[0]))


def drop_guard(module: TreeModule) -> Found:
    """An `if` without `else` is gone, and with it the case that it handled."""
    for match in module.of("if"):
        edit = module.removal(match.node)
        if not match.get("clause") and edit and not is_null_check(module, match):
            yield match.node, (edit,)


def drop_else(module: TreeModule) -> Found:
    """An `else` is gone: what it did for all other cases is not done."""
    for match in module.of("if"):
        other = _otherwise(match)
        if other is not None and other.type != "if_statement" and len(match.parts["clause"]) == 1:
            yield match.node, (Edit(module.end(match["then"]), module.end(match.node), ""),)


def always_take_branch(module: TreeModule) -> Found:
    """`if (c) { body }` becomes `{ body }`: what was meant for one case is done in all."""
    for match in module.of("if"):
        then = match["then"]
        plain = not match.get("clause") and not match.get("initializer")
        block = module.in_block(match.node) and module.source(then).startswith("{")
        if plain and block and not _ends_with_jump(then):
            yield match.node, (Edit(module.start(match.node), module.start(then), ""),)


def stop_after_first(module: TreeModule) -> Found:
    """A loop ends after its first turn."""
    for match in module.of("loop"):
        body = match["body"]
        inner = body.named_child(0) if body.named_child_count else None
        statements = inner if inner is not None and inner.type == "statement_list" else body
        last = statements.named_child(statements.named_child_count - 1) if inner else None
        if last is None or _ends_with_jump(body) or not module.source(body).startswith("{"):
            continue
        word = "break" if module.language == "go" else "break;"
        at = module.end(last)
        yield match.node, (Edit(at, at, f"\n{module.indent(last)}{word}"),)


def drop_loop(module: TreeModule) -> Found:
    """A loop is gone."""
    for match in module.of("loop"):
        if edit := module.removal(match.node):
            yield match.node, (edit,)


def swap_break_continue(module: TreeModule) -> Found:
    """`break` becomes `continue`, and back; a loop without end is told apart by its time."""
    for match in module.of("jump"):
        word = module.source(match.node).partition(" ")[0].rstrip(";")
        other = {"break": "continue", "continue": "break"}.get(word)
        inside_switch = match.node.parent is not None and "case" in match.node.parent.type
        if other and not inside_switch:
            start = module.start(match.node)
            yield match.node, (Edit(start, start + len(word), other),)


def fall_through(module: TreeModule) -> Found:
    """The `break` at the end of a case is gone, so that the next case is done too."""
    for match in module.of("case"):
        if edit := module.removal(match.node):
            yield match.node, (edit,)


def drop_early_return(module: TreeModule) -> Found:
    """A `return` or `throw` in the middle of a function is gone."""
    for role in ("return", "raise"):
        for match in module.of(role):
            edit = module.removal(match.node)
            if edit and _is_inner(match.node):
                yield match.node, (edit,)


def return_nothing(module: TreeModule) -> Found:
    """A result is computed and forgotten: null, nil or undefined is returned in its place."""
    nothing = module.grammar.nothing
    for match in module.of("return"):
        value = match["value"]
        text = module.source(value)
        known = text in (nothing, "null", "NULL", "nil", "undefined", "true", "false", "{}", "0")
        several = value.type == "expression_list" and value.named_child_count > 1
        if not known and not several:
            pointer = (
                module.language == "c" and "*" in module.declarator(match.node).partition("(")[0]
            )
            yield match.node, (module.replace(value, "NULL" if pointer else nothing),)


def drop_statement(module: TreeModule) -> Found:
    """An assignment or a call for its effect is gone."""
    for match in module.of("statement"):
        text = module.source(match.node)
        if not text.startswith(("super(", "parent::")) and (edit := module.removal(match.node)):
            yield match.node, (edit,)


def change_error(module: TreeModule) -> Found:
    """Another error is thrown."""
    for match in module.of("error"):
        name = module.source(match["name"])
        bare = name.rpartition("\\")[2]
        if bare in _NEIGHBOURS:
            text = name[: len(name) - len(bare)] + _NEIGHBOURS[bare]
            yield match["name"], (module.replace(match["name"], text),)


def drop_try(module: TreeModule) -> Found:
    """`try { body } catch ...` becomes `{ body }`: errors go where nobody expects them."""
    for match in module.of("try"):
        if match.get("handler") and not match.get("finally"):
            yield match.node, (module.replace(match.node, module.source(match["body"])),)


def drop_cleanup(module: TreeModule) -> Found:
    """A `finally` block is gone."""
    for match in module.of("try"):
        last = match.get("finally")
        handlers = match.parts.get("handler", [])
        if last is not None and handlers:
            yield last, (Edit(module.end(handlers[-1]), module.end(last), ""),)


def forget_await(module: TreeModule) -> Found:
    """What was awaited is only started; where its value is used, a promise stands in its place."""
    for match in module.of("await"):
        yield match.node, (Edit(module.start(match.node), module.start(match["argument"]), ""),)


def call_at_once(module: TreeModule) -> Found:
    """`defer f()` becomes `f()`: it is done too early."""
    for match in module.of("defer"):
        yield match.node, (Edit(module.start(match.node), module.start(match["call"]), ""),)


def swallow_error(module: TreeModule) -> Found:
    """`return x, err` becomes `return x, nil`: the caller learns nothing of the error."""
    for match in module.of("results"):
        if module.source(match["error"]).lower().endswith("err"):
            yield match.node, (module.replace(match["error"], "nil"),)


def ignore_error(module: TreeModule) -> Found:
    """`v, err := f()` becomes `v, _ := f()`, and the check of the error is gone."""
    for match in module.of("unchecked"):
        edit = module.removal(match.node)
        if edit and module.source(match["error"]) == module.source(match["checked"]):
            yield match.node, (module.replace(match["error"], "_"), edit)


def _otherwise(match: Match) -> Node | None:
    """What an `else` does; None without `else`, and after `else if` in languages that spell it so."""
    clauses = match.parts.get("clause", [])
    if len(clauses) != 1:
        return None
    clause = clauses[0]
    if clause.type == "else_if_clause":
        return None
    if clause.type == "else_clause":
        return clause.named_child(clause.named_child_count - 1)
    return clause


def _ends_with_jump(body: Node) -> bool:
    last: Node | None = body
    while last is not None and last.named_child_count and last.type not in _JUMPS:
        last = last.named_child(last.named_child_count - 1)
        if last is not None and "block" not in last.type and last.type != "statement_list":
            break
    return last is not None and last.type in _JUMPS


def _is_inner(node: Node) -> bool:
    """Whether a statement stands deeper than at the end of its function."""
    at = node.parent
    while at is not None:
        if at.type.startswith(("if", "for", "while", "switch", "try", "catch", "else", "case")):
            return True
        if "function" in at.type or "method" in at.type:
            return False
        at = at.parent
    return False
