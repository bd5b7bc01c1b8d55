"""What is wrong with a line that was viewed, in words: by the mistake where it is known."""

from collections.abc import Mapping

from data.task import Language

CAUSES: Mapping[str, tuple[str, str]] = {
    "flip_comparison": ("the comparison is the wrong way round", "比较的方向反了"),
    "shift_boundary": (
        "the value at the boundary falls on the wrong side",
        "边界值落到了错误的一侧",
    ),
    "swap_connective": ("`and` and `or` are mixed up", "`and` 和 `or` 用混了"),
    "drop_condition": ("a condition is missing", "少了一个条件"),
    "drop_not": ("a `not` is missing, so the test is the wrong way round", "少了 `not`，判断反了"),
    "negate_condition": ("the test is the wrong way round", "判断反了"),
    "drop_type": ("one of the types is not known", "少认了一种类型"),
    "empty_is_none": ("empty and missing are taken for each other", "把空值和缺失混为一谈"),
    "change_operator": ("it computes with the wrong operator", "用错了运算符"),
    "swap_operands": ("the operands stand in the wrong order", "操作数的顺序反了"),
    "drop_operand": ("a part of the sum is left out", "漏掉了一个操作数"),
    "change_constant": ("the number is off by one", "数字差了一"),
    "shift_position": (
        "the position is off by one, or from the wrong end",
        "位置差了一，或取错了一端",
    ),
    "shorten_range": ("the range leaves a number out", "范围少了一个数"),
    "change_default": ("the default is another than it should be", "默认值不对"),
    "drop_fallback": ("without a fallback this gives None", "没有后备值，得到的是 None"),
    "change_encoding": ("the encoding is the wrong one", "编码不对"),
    "change_pattern": ("the pattern matches something else", "正则表达式匹配了别的内容"),
    "swap_branches": ("the two branches stand the wrong way round", "两个分支放反了"),
    "drop_guard": ("the case is not handled", "这种情况没有处理"),
    "drop_else": ("the other cases are not handled", "其余情况没有处理"),
    "always_take_branch": ("this is done in all cases, not in one", "本应只在一种情况下执行"),
    "stop_after_first": ("the loop ends after its first turn", "循环第一轮之后就结束了"),
    "swap_break_continue": (
        "the loop ends or goes on where it should not",
        "循环在不该结束或继续的地方结束或继续",
    ),
    "drop_early_return": ("the function goes on where it should end", "函数应当在此结束却继续执行"),
    "drop_statement": ("a statement is missing", "少了一条语句"),
    "overwrite": ("the old value is overwritten, not added to", "旧值被覆盖，而不是累加"),
    "change_error": ("the error is of the wrong type", "异常的类型不对"),
    "drop_caught": ("one of the errors is not caught", "有一种异常没有捕获"),
    "drop_cleanup": ("nothing is cleaned up at the end", "结束时没有清理"),
    "keep_open": ("the file is never closed", "文件没有关闭"),
    "forget_await": ("the call is not awaited", "调用没有 await"),
    "unlock": ("the lock is not held", "没有持锁"),
    "swap_method": ("a look-alike is called", "调用了相似的另一个方法"),
    "swap_arguments": ("the arguments stand in the wrong order", "参数的顺序反了"),
    "drop_keyword": ("an argument is not passed on", "有一个参数没有传下去"),
    "share_state": ("no copy is made", "没有复制"),
    "mutable_default": ("the calls share one default object", "各次调用共用一个默认对象"),
    "narrow_key": ("the key is too narrow", "键少了一个值"),
    "change_order": ("the order is another than asked for", "排序方式不对"),
    "forget_super": ("the method of the parent is not called", "没有调用父类的方法"),
    "swap_returned": ("the returned values stand in the wrong order", "返回值的顺序反了"),
    "drop_method": ("the inherited method is used", "用的是继承来的方法"),
}
"""By the operator that put a bug in, seen from the one who reads it."""
_OTHER = ("this does not do what the issue expects", "这里的行为与期望不符")


def cause(operator: str, language: Language) -> str:
    """A clause without an end."""
    en, zh = CAUSES.get(operator, _OTHER)
    return en if language is Language.EN else zh
