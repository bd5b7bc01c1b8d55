"""Operators on calls and what is shared: neighbours taken for each other, copies not made."""

from tree_sitter import Node

from synth.code.operators.module import Edit
from synth.code.operators.tree.comparisons import Found
from synth.code.operators.tree.module import TreeModule

_PAIRS = (
    ("indexOf", "lastIndexOf"),
    ("push", "unshift"),
    ("pop", "shift"),
    ("startsWith", "endsWith"),
    ("toLowerCase", "toUpperCase"),
    ("trimStart", "trimEnd"),
    ("padStart", "padEnd"),
    ("some", "every"),
    ("find", "findLast"),
    ("min", "max"),
    ("floor", "ceil"),
    ("HasPrefix", "HasSuffix"),
    ("TrimLeft", "TrimRight"),
    ("TrimPrefix", "TrimSuffix"),
    ("Index", "LastIndex"),
    ("ToLower", "ToUpper"),
    ("Min", "Max"),
    ("Floor", "Ceil"),
    ("Before", "After"),
    ("RLock", "Lock"),
    ("PushFront", "PushBack"),
    ("addFirst", "addLast"),
    ("removeFirst", "removeLast"),
    ("pollFirst", "pollLast"),
    ("getFirst", "getLast"),
    ("isBefore", "isAfter"),
    ("plusDays", "minusDays"),
    ("floorDiv", "floorMod"),
    ("putIfAbsent", "put"),
    ("floorKey", "ceilingKey"),
    ("headMap", "tailMap"),
    ("push_back", "push_front"),
    ("pop_back", "pop_front"),
    ("front", "back"),
    ("lower_bound", "upper_bound"),
    ("find_first_of", "find_first_not_of"),
    ("rfind", "find"),
    ("emplace", "insert_or_assign"),
    ("strchr", "strrchr"),
    ("isalpha", "isalnum"),
    ("tolower", "toupper"),
    ("isspace", "isblank"),
    ("strncmp", "strncasecmp"),
    ("ltrim", "rtrim"),
    ("array_push", "array_unshift"),
    ("array_pop", "array_shift"),
    ("strpos", "strrpos"),
    ("str_starts_with", "str_ends_with"),
    ("strtolower", "strtoupper"),
    ("ksort", "krsort"),
    ("sort", "rsort"),
    ("usort", "uasort"),
    ("array_key_first", "array_key_last"),
)
_OTHER = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
_PHP_ONLY = frozenset({"sort", "rsort", "usort", "uasort"})
_COMMUTATIVE = frozenset(
    {"min", "max", "Min", "Max", "gcd", "add", "sum", "equals", "Equal", "equal", "swap", "hypot"}
)
_COPIES = frozenset({"slice", "clone", "concat"})
_RELEASES = frozenset({"free", "fclose", "close"})
_SIMPLE = frozenset({"identifier", "variable_name", "member_expression", "field_access"}) | {
    "selector_expression",
    "member_access_expression",
    "field_expression",
}


def swap_method(module: TreeModule) -> Found:
    """A function is taken for its neighbour: `indexOf` for `lastIndexOf`, `floor` for `ceil`."""
    for match in module.of("call"):
        name = module.source(match["name"])
        if name in _OTHER and (module.language == "php" or name not in _PHP_ONLY):
            yield match.node, (module.replace(match["name"], _OTHER[name]),)


def swap_arguments(module: TreeModule) -> Found:
    """Two neighbouring arguments change places."""
    for match in module.of("call"):
        if module.source(match["name"]) in _COMMUTATIVE:
            continue
        arguments = match["arguments"].named_children
        for left, right in zip(arguments, arguments[1:], strict=False):
            texts = module.source(left), module.source(right)
            if _is_simple(left) and _is_simple(right) and texts[0] != texts[1]:
                yield match.node, (module.replace(left, texts[1]), module.replace(right, texts[0]))


def share_state(module: TreeModule) -> Found:
    """A copy is not made: the caller's value changes with ours."""
    for match in module.of("copy"):
        yield match.node, (module.replace(match.node, module.source(match["argument"])),)
    for match in module.of("method"):
        copied = (
            module.source(match["name"]) in _COPIES and match["arguments"].named_child_count == 0
        )
        if copied:
            yield match.node, (module.replace(match.node, module.source(match["receiver"])),)


def drop_comparator(module: TreeModule) -> Found:
    """`sort(compare)` becomes `sort()`, which orders texts."""
    if module.language not in ("javascript", "typescript", "tsx"):
        return
    for match in module.of("method"):
        arguments = match["arguments"]
        if module.source(match["name"]) == "sort" and arguments.named_child_count == 1:
            yield match.node, (module.replace(arguments, "()"),)


def hide_nothing(module: TreeModule) -> Found:
    """`??` becomes `||` (or `?:`): zero, empty and false are taken for missing."""
    for match in module.of("binary"):
        if module.source(match["operator"]) == "??":
            text = "?:" if module.language == "php" else "||"
            yield match.node, (module.replace(match["operator"], text),)


def drop_strict(module: TreeModule) -> Found:
    """`in_array(x, all, true)` compares loosely again."""
    for match in module.of("call"):
        arguments = match["arguments"].named_children
        known = module.source(match["name"]) in ("in_array", "array_search")
        if known and len(arguments) == 3 and module.source(arguments[2]).lower() == "true":
            yield match.node, (Edit(module.end(arguments[1]), module.end(arguments[2]), ""),)


def confuse_empty(module: TreeModule) -> Found:
    """`isset(x)` becomes `!empty(x)`: zero and the empty text are taken for missing."""
    for match in module.of("call"):
        arguments = match["arguments"].named_children
        if module.source(match["name"]) == "isset" and len(arguments) == 1:
            text = f"!empty({module.source(arguments[0])})"
            yield match.node, (module.replace(match.node, text),)


def copy_reference(module: TreeModule) -> Found:
    """A parameter or loop variable by reference is copied, so that changes to it are lost."""
    for match in module.of("reference"):
        before = module.text[: module.start(match["mark"])]
        if "const " not in before[max(map(before.rfind, "(,;{")) :]:
            yield match.node, (module.replace(match["mark"], ""),)


def copy_receiver(module: TreeModule) -> Found:
    """`func (s *T)` becomes `func (s T)`: what the method changes is lost."""
    for match in module.of("receiver"):
        yield match["pointer"], (module.replace(match["pointer"], module.source(match["type"])),)


def drop_release(module: TreeModule) -> Found:
    """Memory or a file is not given back."""
    for match in module.of("release"):
        name = match.get("name")
        known = name is None or module.source(name) in _RELEASES
        if known and (edit := module.removal(match.node)):
            yield match.node, (edit,)


def lose_iterator(module: TreeModule) -> Found:
    """`it = v.erase(it)` becomes `v.erase(it)`: the iterator points to what is gone."""
    for match in module.of("iterator"):
        if module.source(match["name"]) in ("erase", "insert"):
            yield match.node, (Edit(module.start(match.node), module.start(match["call"]), ""),)


def _is_simple(node: Node) -> bool:
    inner = node.named_child(0) if node.type == "argument" and node.named_child_count == 1 else node
    return inner is not None and (inner.type in _SIMPLE or "literal" in inner.type)
