"""Sums written in a code of letters: column by column against CP-SAT."""

from random import Random

from data.task import Language
from synth.interpreter.draft import Rejected
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


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


def cipher_by_columns(data, rules):
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


def cipher_by_solver(data, rules):
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


PUZZLE = Puzzle(
    "code",
    _cipher_rules,
    _cipher,
    _tell_cipher,
    cipher_by_columns,
    cipher_by_solver,
    _near_cipher,
    portable=False,
)
