"""Pieces of a gene: tables against trial and other algorithms on strings."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


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


def reads_by_tables(data, rules):
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
                            cost = (
                                best[(done, last)] + len(reads[n]) - overlap(reads[last], reads[n])
                            )
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


def reads_by_trial(data, rules):
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


PUZZLE = Puzzle(
    "reads", _read_rules, _reads, _tell_reads, reads_by_tables, reads_by_trial, _near_reads
)
