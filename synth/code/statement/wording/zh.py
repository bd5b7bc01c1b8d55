"""中文工程师如何报告一个缺陷。"""

import re
from random import Random

from synth.code.statement.symptom import Sort, Symptom

MAX_TITLE_VALUE = 32
MAX_TITLE_CHARS = 80

JOIN = ""
HEADINGS = {
    "steps": ("复现步骤", "如何复现", "复现代码"),
    "actual": ("实际结果", "实际行为", "现象"),
    "expected": ("期望结果", "期望行为", "应有的结果"),
    "notes": ("补充说明", "其他信息", "备注"),
    "environment": ("环境", "版本信息", "运行环境"),
    "more": ("另一个例子", "同样受影响", "另一种情况"),
}
_PLAIN = ("{s} 的结果不对", "{s} 返回了错误的结果", "{s} 得到的值有误")
_TITLES: dict[Sort, tuple[str, ...]] = {
    Sort.CRASH: (
        "{s} 抛出 {o}",
        "{s} 出现 {o}",
        "{s} 意外报错：{o}",
        "{s} 无法正常执行，报 {o}",
    ),
    Sort.NO_ERROR: (
        "{s} 没有抛出 {i}",
        "{s} 接受了本应拒绝的输入",
        "{s} 缺少应有的 {i}",
        "{s} 本应报 {i}，却没有报错",
    ),
    Sort.HANG: ("{s} 一直不返回", "{s} 卡死", "{s} 陷入死循环"),
    Sort.OTHER_ERROR: ("{s} 抛出的是 {o}，而不是 {i}", "{s} 的异常类型不对：{o}，应为 {i}"),
    Sort.OTHER_MESSAGE: ("{s} 的报错信息不对", "{s} 抛出的 {i} 信息有误"),
    Sort.NOTHING: ("{s} 得到的是 {a}", "{s} 没有给出结果，只有 {a}"),
    Sort.TRUTH: ("{s} 给出 {a}，应为 {e}", "{s} 判断有误：得到 {a}，应为 {e}"),
    Sort.TYPE: ("{s} 的结果是 {o}，而不是 {i}", "{s} 的结果类型不对：应为 {i}，实为 {o}"),
    Sort.MISSING: ("{s} 的结果里少了 {i}", "{s} 漏掉了 {i}", "{s} 的结果缺少 {i}"),
    Sort.EXTRA: ("{s} 的结果里多出了 {i}", "{s} 的结果中不该有 {i}", "{s} 多返回了 {i}"),
    Sort.ORDER: ("{s} 的结果顺序不对", "{s} 打乱了顺序"),
    Sort.ENTRY: ("{s} 的结果中 {i} 的值不对", "{s} 算错了 {i} 的值"),
    Sort.NUMBER: ("{s} 得到 {a}，应为 {e}", "{s} 的数值不对：{a}，应为 {e}"),
    Sort.SPACE: ("{s} 输出的空白不对", "{s} 的输出在空格或换行上有误"),
    Sort.CASE: ("{s} 输出的大小写不对", "{s} 弄错了大小写"),
    Sort.TEXT: ("{s} 的输出不对", "{s} 输出了错误的内容", "{s} 的输出有误"),
    Sort.VALUE: _PLAIN,
}
_GONE = ("{s} 的输出里丢了 {i}", "{s} 的输出缺少 {i}", "{s} 把 {i} 弄丢了")
_CAME = ("{s} 的输出里多了 {o}", "{s} 的输出中出现了多余的 {o}")
_SWAPPED = ("{s} 的输出中 {o} 应为 {i}", "{s} 输出了 {o}，应为 {i}", "{s} 把 {i} 写成了 {o}")
_SHOWN = ("{x} 得到 {a}，应为 {e}", "{x} 的结果是 {a}，而不是 {e}")


def title(seen: Symptom, rng: Random) -> str:
    forms = list(_TITLES[seen.sort])
    if seen.sort in (Sort.MISSING, Sort.EXTRA) and (not seen.item or seen.number > 1):
        word = "少了" if seen.sort is Sort.MISSING else "多了"
        forms = [
            f"{{s}} 的结果{word} {max(seen.number, 1)} 项",
            f"{{s}} {word} {max(seen.number, 1)} 项结果",
        ]
    if seen.sort is Sort.ENTRY and not seen.item:
        forms = list(_PLAIN)
    if seen.sort is Sort.NUMBER and seen.number:
        forms += ["{s} 的结果差一", "{s} 的结果偏差 1"]
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
    return short[0] if short else min(texts, key=len)


def _filled(form: str, seen: Symptom, rng: Random) -> str:
    text = form.format(
        s=_subject(seen, rng),
        i=_code(seen.item),
        o=_code(seen.other),
        x=_code(seen.expression),
        e=_code(seen.expected),
        a=_code(seen.actual),
    )
    # Chinese stands apart from code, not from Chinese.
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text)


def _subject(seen: Symptom, rng: Random) -> str:
    if not seen.call:
        return "下面的脚本"
    name = seen.call.lstrip(".")
    short = name.rpartition(".")[2]
    plain = f"`{rng.choice((name, short)) if seen.call[0] != '.' else short}()`"
    if len(seen.options) == 1 and len(seen.options[0]) <= MAX_TITLE_VALUE:
        return rng.choice((plain, f"使用 `{seen.options[0]}` 时 {plain}"))
    return plain


def _code(text: str) -> str:
    return f"`{text}`" if text and "`" not in text else text


def lead(seen: Symptom, project: str, rng: Random) -> str:
    call = f"`{seen.call.lstrip('.')}`" if seen.call else project
    return rng.choice(
        (
            "下面这段代码可以复现：",
            "最小复现代码：",
            f"在使用 {project} 时遇到一个问题，代码如下：",
            f"我把问题缩减到了 {call} 上：",
            "运行下面的脚本即可看到：",
            f"{call} 的行为和预期不一致，例如：",
            f"怀疑 {call} 有缺陷，复现脚本如下：",
            "请看这段代码：",
            "几行代码就能看出问题：",
        )
    )


def more(seen: Symptom, rng: Random) -> str:
    call = f"`{seen.call.lstrip('.')}`" if seen.call else "另一处调用"
    return rng.choice(
        (
            "还有一处也不对：",
            f"{call} 也受到影响：",
            "下面这个也不对，不知道是不是同一个原因：",
            "另外，这样写也有问题：",
            f"{call} 也有问题：",
        )
    )


def actual(seen: Symptom, value: str, rng: Random) -> str:
    if seen.sort is Sort.HANG:
        return rng.choice(
            (
                "程序一直不结束，等了几秒后只好终止。",
                "调用不会返回，进程一直在跑。",
                "脚本卡住不动，只能手动停止。",
            )
        )
    if seen.sort in (Sort.CRASH, Sort.OTHER_ERROR, Sort.OTHER_MESSAGE):
        return rng.choice(
            ("运行后报错：", "得到的是一个异常：", "结果抛出异常：", "报错信息如下：")
        )
    if not value:
        return rng.choice(("输出为：", "实际打印的是：", "得到的结果：", "运行后输出："))
    return rng.choice(("输出是 {}。", "实际打印 {}。", "得到的是 {}。", "运行结果为 {}。")).format(
        _code(value)
    )


def silent(blank: bool, *, expected: bool) -> str:
    what = "输出一个空行" if blank else "没有任何输出"
    return f"期望的行为是{what}，并且不报错。" if expected else f"实际{what}，也没有报错。"


def expected(seen: Symptom, value: str, rng: Random) -> str:
    if seen.sort in (Sort.NO_ERROR, Sort.OTHER_ERROR):
        error = _code(seen.item)
        return rng.choice(
            (
                f"这里应当抛出 {error}：",
                f"期望得到 {error}：",
                f"正确的行为是报 {error}：",
                f"这个调用应该被拒绝，抛出 {error}：",
            )
        )
    if seen.sort is Sort.OTHER_MESSAGE:
        return rng.choice(("报错信息应为：", "期望的信息是：", "正确的信息应该是："))
    calm = "不报错，并" if seen.sort is Sort.CRASH else ""
    if not value:
        return rng.choice((f"应当{calm}输出：", f"期望{calm}得到：", f"正确的情况下应{calm}打印："))
    return rng.choice(
        (f"应当{calm}输出 {{}}。", f"期望{calm}得到 {{}}。", f"正确的情况下应{calm}打印 {{}}。")
    ).format(_code(value))


def both(seen: Symptom, expected: str, actual: str, rng: Random) -> str:
    return rng.choice(
        (
            "输出 {a}，应为 {e}。",
            "得到的是 {a}，正确的结果应该是 {e}。",
            "期望 {e}，实际却是 {a}。",
            "这里打印 {a}，而不是 {e}。",
        )
    ).format(a=_code(actual), e=_code(expected))


def difference(rng: Random) -> str:
    return rng.choice(
        (
            "与正确输出对比（`-` 为应有的内容，`+` 为实际内容）：",
            "差异如下，`-` 是期望，`+` 是实际：",
            "对比一下（`-` 期望，`+` 实际）：",
        )
    )


def detail(seen: Symptom, rng: Random) -> str:  # noqa: C901 - one case a symptom
    item, other = _code(seen.item), _code(seen.other)
    several = seen.number > 1
    match seen.sort:
        case Sort.MISSING if several:
            return f"一共少了 {seen.number} 项。"
        case Sort.MISSING if item:
            return rng.choice((f"少了 {item}。", f"{item} 不见了。"))
        case Sort.EXTRA if several:
            return f"一共多了 {seen.number} 项。"
        case Sort.EXTRA if item:
            return rng.choice((f"{item} 不应该出现。", f"多出来的是 {item}。"))
        case Sort.ORDER:
            return rng.choice(("内容都在，只是顺序不同。", "只有顺序不对。"))
        case Sort.ENTRY if item:
            return rng.choice((f"问题出在 {item} 的值上。", f"请注意 {item} 的值。"))
        case Sort.SPACE:
            return rng.choice(("只有空白不同。", "差别只在空格和换行上。"))
        case Sort.CASE:
            return "只有大小写不同。"
        case Sort.TEXT if seen.item and seen.other:
            return f"{other} 的位置上应该是 {item}。"
        case Sort.TEXT if seen.item:
            return rng.choice((f"丢失的是 {item}。", f"{item} 没有了。"))
        case Sort.TEXT if seen.other:
            return rng.choice((f"{other} 是多余的。", f"不应该有 {other}。"))
        case Sort.TYPE:
            return f"得到的是 {other}，应为 {item}。"
        case _:
            return ""


def works(code: str, value: str, last: bool, rng: Random) -> str:
    forms: tuple[str, ...]
    if last:
        forms = (
            "而 {c} 是正常的，输出 {v}。",
            "简单一些的情况没有问题：{c} 正确地输出 {v}。",
            "相比之下，{c} 不受影响，结果是 {v}。",
            "{c} 没有这个问题，得到 {v}。",
        )
    else:
        forms = (
            "如果换成 {c}，输出就是正确的 {v}。",
            "改用 {c} 则一切正常，输出 {v}。",
        )
    return rng.choice(forms).format(c=_code(code), v=_code(value))


def documented(name: str, text: str, rng: Random) -> str:
    return rng.choice(
        (
            f"`{name}` 的文档字符串写的是：“{text}”",
            f"按照 `{name}` 的文档：“{text}”",
            f"文档对 `{name}` 的说明是：“{text}”",
        )
    )


def environment(project: str, version: str, runtime: str, rng: Random) -> str:
    return rng.choice(
        (
            f"{project} {version}，{runtime}",
            f"环境：{project} {version}，{runtime}，Linux",
            f"版本：{project} {version}（{runtime}）",
            f"在 {runtime} 下使用 {project} {version}",
        )
    )


def known(facts: str, rng: Random) -> str:
    """The records are English; what they say is in the reproduction as well."""
    return ""
