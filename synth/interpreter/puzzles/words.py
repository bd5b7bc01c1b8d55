"""Letters and logic: ciphers of digits, reads of a sequence, people who lie."""

from random import Random

from data.task import Language
from synth.interpreter.draft import Rejected
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _cipher_rules(rng: Random, level: int) -> Rules:
    return {
        "digits": 2 + (level > 2) + (level > 4),
        "lines": 3 if level < 4 else 2,
        "ask": rng.choice(("total", "word")),
    }


def _cipher(rng: Random, rules: Rules) -> Data:
    letters = rng.sample("ABCDEFGHKLMNPRSTUWXYZ", 10)
    low, high = 10 ** (rules["digits"] - 1), 10 ** rules["digits"] - 1

    def coded(number: int) -> str:
        return "".join(letters[int(digit)] for digit in str(number))

    lines = []
    for _ in range(rules["lines"]):
        a, b = rng.randint(low, high), rng.randint(low, high)
        lines.append([coded(a), coded(b), coded(a + b)])
    used = sorted({c for line in lines for word in line for c in word})
    word = "".join(rng.sample(used, min(4, len(used))))
    if len(used) < 6:
        raise Rejected("few_letters")
    return {"sums": lines, "word": word}


def cipher_by_columns(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Letters get digits from the last column on; a column that does not add up cuts the branch."""
    sums = data["sums"]
    leading = {word[0] for line in sums for word in line}
    columns = []
    for place in range(1, max(len(w) for line in sums for w in line) + 1):
        for n, line in enumerate(sums):
            columns.append((n, [w[-place] if len(w) >= place else "" for w in line]))
    found = []

    def digit(code, letter):
        return code[letter] if letter else 0

    def fill(at, code, carries):
        if len(found) > 1:
            return
        if at == len(columns):
            if not any(carries.values()):
                found.append(dict(code))
            return
        n, column = columns[at]
        free = [letter for letter in dict.fromkeys(column) if letter and letter not in code]

        def assign(k, code):
            if k == len(free):
                a, b, c = (digit(code, letter) for letter in column)
                total = a + b + carries.get(n, 0)
                if total % 10 == c:
                    fill(at + 1, code, {**carries, n: total // 10})
                return
            for d in range(10):
                if d not in code.values() and (d or free[k] not in leading):
                    assign(k + 1, {**code, free[k]: d})

        assign(0, code)

    fill(0, {}, {})
    if len(found) != 1:
        return None
    code = found[0]

    def number(word):
        return int("".join(str(code[letter]) for letter in word))

    if rules["ask"] == "total":
        return sum(number(line[2]) for line in sums)
    return number(data["word"])


def cipher_by_solver(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """The same by CP-SAT, twice: the second time the first solution is forbidden."""
    from ortools.sat.python import cp_model

    sums = data["sums"]
    letters = sorted({c for line in sums for word in line for c in word})
    model = cp_model.CpModel()
    code = {letter: model.new_int_var(0, 9, letter) for letter in letters}
    model.add_all_different(list(code.values()))

    def number(word, values):
        return sum(values[letter] * 10**n for n, letter in enumerate(reversed(word)))

    for a, b, c in sums:
        model.add(number(a, code) + number(b, code) == number(c, code))
        for word in (a, b, c):
            model.add(code[word[0]] >= 1)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    if solver.solve(model) != cp_model.OPTIMAL:
        return None
    values = {letter: solver.value(var) for letter, var in code.items()}
    model.add_forbidden_assignments(list(code.values()), [[values[letter] for letter in letters]])
    if solver.solve(model) != cp_model.INFEASIBLE:
        return None
    if rules["ask"] == "total":
        return sum(number(line[2], values) for line in sums)
    digits = "".join(str(values[letter]) for letter in data["word"])
    return int(digits)


def _tell_cipher(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "A shopkeeper writes numbers in a code of letters: every letter stands for one digit, "
        "different letters for different digits, and no number starts with 0. On each line of "
        "`sums` in `problem.json` the first two numbers add up to the third. There is only one way "
        "to read the code.",
        "一位店主用字母记数：每个字母代表一个数字，不同字母代表不同数字，任何数都不以0开头。"
        "`problem.json` 的 `sums` 中每一行，前两个数之和等于第三个数。这套暗码只有一种读法。",
    )
    question = {
        "total": say(
            language,
            "What do the third numbers of all lines add up to?",
            "各行第三个数的总和是多少？",
        ),
        "word": say(
            language,
            "Which number does `word` stand for? (It may start with 0; give its value.)",
            "`word` 代表的数是多少？（它可以以0开头，请给出数值。）",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_cipher(rules: Rules) -> list[tuple[str, Rules]]:
    other = {"total": "word", "word": "total"}[rules["ask"]]
    return [("the other question", rules | {"ask": other})]


def _read_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("superstring", "shared", "distinct", "mirror")),
        "num": 4 + (level > 1) + (level > 3),
        "length": 10 + 4 * level,
    }


def _reads(rng: Random, rules: Rules) -> Data:
    source = "".join(rng.choice("ACGT") for _ in range(3 * rules["length"]))
    reads: list[str] = []
    while len(reads) < rules["num"]:
        at = rng.randrange(len(source) - rules["length"] // 2)
        read = source[at : at + rng.randint(rules["length"] // 2, rules["length"])]
        if not any(read in other or other in read for other in reads):
            reads.append(read)
    return {"reads": reads}


def reads_by_tables(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    reads = data["reads"]
    if rules["ask"] == "superstring":
        num = len(reads)

        def overlap(a, b):
            return next(k for k in range(min(len(a), len(b)), -1, -1) if a.endswith(b[:k]))

        best = {(1 << n, n): len(read) for n, read in enumerate(reads)}
        for done in range(1, 1 << num):
            for last in range(num):
                if (done, last) in best:
                    for n in range(num):
                        if not done >> n & 1:
                            key = (done | 1 << n, n)
                            cost = best[(done, last)] + len(reads[n]) - overlap(reads[last], reads[n])
                            best[key] = min(best.get(key, 10**9), cost)
        return min(best[((1 << num) - 1, last)] for last in range(num))
    if rules["ask"] == "shared":
        # Longest common subsequence of the first two reads.
        a, b = reads[:2]
        row = [0] * (len(b) + 1)
        for x in a:
            new = [0]
            for j, y in enumerate(b):
                new.append(row[j] + 1 if x == y else max(row[j + 1], new[j]))
            row = new
        return row[-1]
    if rules["ask"] == "distinct":
        return len({r[i:j] for r in reads for i in range(len(r)) for j in range(i + 1, len(r) + 1)})
    joined = "".join(reads)
    n = len(joined)
    best = [[0] * (n + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(i, n):
            if i == j:
                best[i][j] = 1
            elif joined[i] == joined[j]:
                best[i][j] = best[i + 1][j - 1] + 2 if j > i + 1 else 2
            else:
                best[i][j] = max(best[i + 1][j], best[i][j - 1])
    return best[0][n - 1]


def reads_by_trial(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from bisect import bisect_left
    from itertools import permutations

    reads = data["reads"]
    if rules["ask"] == "superstring":
        def glued(order):
            text = ""
            for read in order:
                keep = min(len(text), len(read))
                while not text.endswith(read[:keep]):
                    keep -= 1
                text += read[keep:]
            return len(text)

        return min(map(glued, permutations(reads)))
    if rules["ask"] == "distinct":
        # Suffixes in order: each adds what it does not share with the one before.
        suffixes = sorted({read[i:] for read in reads for i in range(len(read))})
        total, before = 0, ""
        for suffix in suffixes:
            same = 0
            while same < min(len(before), len(suffix)) and before[same] == suffix[same]:
                same += 1
            total += len(suffix) - same
            before = suffix
        return total
    if rules["ask"] == "shared":
        a, b = reads[:2]
    else:
        # A longest mirrored subsequence is one shared with the text read backwards.
        a = "".join(reads)
        b = a[::-1]
    # Hunt and Szymanski: the longest rising run of matching places.
    ends = []
    for x in a:
        for j in reversed([j for j, y in enumerate(b) if x == y]):
            at = bisect_left(ends, j)
            ends[at : at + 1] = [j]
    return len(ends)


def _tell_reads(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "A sequencing machine has put short pieces of a gene into `problem.json` (`reads`).",
        "一台测序仪把某基因的若干短片段写进了 `problem.json`（`reads`）。",
    )
    question = {
        "superstring": say(
            language,
            "How long is the shortest sequence that contains every read as an unbroken piece?",
            "把每个片段都作为连续部分包含在内的最短序列有多长？",
        ),
        "shared": say(
            language,
            "How long is the longest sequence of letters that can be got from the first read and "
            "also from the second one by striking out letters, without changing their order?",
            "从第一个片段和第二个片段中各划去一些字母（不改变次序），能得到的相同字母序列最长有多长？",
        ),
        "distinct": say(
            language,
            "How many different unbroken pieces, of any length from one letter up, occur in at least "
            "one of the reads?",
            "至少在一个片段中出现的、长度不限（至少一个字母）的不同连续子串共有多少个？",
        ),
        "mirror": say(
            language,
            "Write all reads one after the other, in the order of the file, without gaps. How long "
            "is the longest sequence that reads the same forwards and backwards and can be got by "
            "striking out letters?",
            "把所有片段按文件中的次序首尾相接。从中划去一些字母后，能得到的正读反读相同的序列最长有多长？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_reads(rules: Rules) -> list[tuple[str, Rules]]:
    asks = ("superstring", "shared", "distinct", "mirror")
    return [(ask, rules | {"ask": ask}) for ask in asks if ask != rules["ask"]]


def _island_rules(rng: Random, level: int) -> Rules:
    return {"num": 4 + level, "ask": rng.choice(("liars", "liars", "count"))}


def _island(rng: Random, rules: Rules) -> Data:
    for _ in range(40):
        data = _gossip(rng, rules)
        if data["statements"] and island_by_masks(data, rules) is not None:
            return data
    raise Rejected("no_single_world")


def _gossip(rng: Random, rules: Rules) -> Data:
    names = rng.sample(
        "Ada Bo Cleo Dov Eve Finn Gus Hana Ivo Jin Kai Lena Mara Nils Olga".split(), rules["num"]
    )
    honest = {name: rng.random() < 0.5 for name in names}
    said = []
    for name in names:
        for _ in range(5):
            others = [other for other in names if other != name]
            sort = rng.choice(("is", "same", "exactly", "either"))
            a, b = rng.sample(others, 2)
            if sort == "is":
                claim = {"says": "liar" if rng.random() < 0.5 else "honest", "about": [a]}
            elif sort == "same":
                claim = {"says": "same" if rng.random() < 0.5 else "different", "about": [a, b]}
            elif sort == "either":
                claim = {"says": "a liar among", "about": [a, b]}
            else:
                claim = {"says": "liars in all", "count": rng.randint(1, rules["num"] - 1)}
            if island_claim(claim, honest) == honest[name]:
                said.append({"name": name, **claim})
    return {"people": names, "statements": said}


def island_claim(claim: Data, honest: dict[str, bool]) -> bool:
    about = [honest[name] for name in claim.get("about", [])]
    return {
        "liar": lambda: not about[0],
        "honest": lambda: about[0],
        "same": lambda: about[0] == about[1],
        "different": lambda: about[0] != about[1],
        "a liar among": lambda: not all(about),
        "liars in all": lambda: sum(not h for h in honest.values()) == claim["count"],
    }[claim["says"]]()


def island_by_trial(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from itertools import product

    def holds(claim, honest):
        about = [honest[name] for name in claim.get("about", [])]
        if claim["says"] == "liars in all":
            return sum(not h for h in honest.values()) == claim["count"]
        if claim["says"] == "a liar among":
            return not all(about)
        if claim["says"] in ("same", "different"):
            return (about[0] == about[1]) == (claim["says"] == "same")
        return about[0] == (claim["says"] == "honest")

    people, worlds = data["people"], []
    for truth in product((True, False), repeat=len(people)):
        honest = dict(zip(people, truth))
        if all(holds(s, honest) == honest[s["name"]] for s in data["statements"]):
            worlds.append(honest)
    if len(worlds) != 1:
        return None
    liars = sorted(name for name, h in worlds[0].items() if not h)
    return liars if rules["ask"] == "liars" else len(liars)


def island_by_masks(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """All worlds at once, as columns of truth values."""
    import numpy as np

    people = data["people"]
    worlds = np.arange(1 << len(people))
    honest = {name: (worlds >> n & 1).astype(bool) for n, name in enumerate(people)}
    liars = len(people) - sum(h.astype(int) for h in honest.values())
    possible = np.ones(len(worlds), dtype=bool)
    for s in data["statements"]:
        about = [honest[name] for name in s.get("about", [])]
        match s["says"]:
            case "liar":
                true = ~about[0]
            case "honest":
                true = about[0]
            case "same":
                true = about[0] == about[1]
            case "different":
                true = about[0] != about[1]
            case "a liar among":
                true = ~(about[0] & about[1])
            case _:
                true = liars == s["count"]
        possible &= true == honest[s["name"]]
    (left,) = np.nonzero(possible)
    if len(left) != 1:
        return None
    names = sorted(name for name in people if not honest[name][left[0]])
    return names if rules["ask"] == "liars" else len(names)


def _tell_island(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "On an island everybody either always tells the truth or always lies. `problem.json` records "
        "what the `people` said (`statements`): that somebody is a `liar` or `honest`; that two are "
        "of the `same` sort or `different`; that there is `a liar among` two, at least one; or how "
        "many `liars in all` there are among all people listed. Only one assignment fits.",
        "在一座岛上，人人要么永远说真话，要么永远说谎。`problem.json` 记录了 `people` 各自说的话"
        "（`statements`）：某人是 `liar`（说谎者）或 `honest`（诚实）；两人是 `same`（同类）或 `different`"
        "（不同类）；两人中有 `a liar among`（至少一个说谎者）；或名单中总共有多少个说谎者（`liars in all`）。"
        "只有一种情形与全部记录相符。",
    )
    question = {
        "liars": say(language, "Who are the liars?", "说谎者是哪些人？"),
        "count": say(language, "How many liars are there?", "说谎者共有几人？"),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_island(rules: Rules) -> list[tuple[str, Rules]]:
    return []


def _island_form(rules: Rules) -> Form:
    return Form.SET if rules["ask"] == "liars" else Form.INTEGER


PUZZLES = (
    Puzzle(
        "code", _cipher_rules, _cipher, _tell_cipher, cipher_by_columns, cipher_by_solver,
        _near_cipher, portable=False,
    ),
    Puzzle("reads", _read_rules, _reads, _tell_reads, reads_by_tables, reads_by_trial, _near_reads),
    Puzzle(
        "island", _island_rules, _island, _tell_island, island_by_trial, island_by_masks,
        _near_island, form=_island_form,
    ),
)
