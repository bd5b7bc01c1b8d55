"""The best order of jobs on one machine: all sets of first jobs against CP-SAT."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _print_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("weighted", "late", "worst")),
        "num": 4 + level,
        "pause": rng.choice((0, 5, 10, 15)),
    }


def _print(rng: Random, rules: Rules) -> Data:
    lengths = [rng.randint(10, 90) for _ in range(rules["num"])]
    total = sum(lengths) + rules["pause"] * rules["num"]
    return [
        {
            "job": f"J{n:02d}",
            "minutes": length,
            "due": rng.randint(length, max(length + 1, round(total * 0.7))),
            "weight": rng.randint(1, 9),
        }
        for n, length in enumerate(lengths, start=1)
    ]


def print_by_subsets(data, rules):
    """The least cost of doing each set of jobs first."""
    num, pause = len(data), rules["pause"]
    minutes, due = [j["minutes"] for j in data], [j["due"] for j in data]
    weight = [j["weight"] for j in data]
    spent = [0] * (1 << num)
    best = [0] + [10**12] * ((1 << num) - 1)
    for done in range(1, 1 << num):
        low = (done & -done).bit_length() - 1
        spent[done] = spent[done & (done - 1)] + minutes[low] + pause
        for last in range(num):
            if done >> last & 1:
                late = max(0, spent[done] - pause - due[last])
                before = best[done ^ (1 << last)]
                if rules["ask"] == "weighted":
                    cost = before + late * weight[last]
                elif rules["ask"] == "late":
                    cost = before + (late > 0)
                else:
                    cost = max(before, late)
                best[done] = min(best[done], cost)
    return best[-1]


def print_by_solver(data, rules):
    """The same by CP-SAT; one machine, so jobs with their pauses must not overlap."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    pause = rules["pause"]
    end = sum(job["minutes"] + pause for job in data)
    slots, lates = [], []
    for job in data:
        start = model.new_int_var(0, end, "")
        length = job["minutes"] + pause
        slots.append(model.new_fixed_size_interval_var(start, length, ""))
        late = model.new_int_var(0, 2 * end, "")
        model.add(late >= start + job["minutes"] - job["due"])
        lates.append(late)
    model.add_no_overlap(slots)
    if rules["ask"] == "weighted":
        model.minimize(sum(late * job["weight"] for late, job in zip(lates, data, strict=False)))
    elif rules["ask"] == "late":
        missed = [model.new_bool_var("") for _ in lates]
        for late, miss in zip(lates, missed, strict=False):
            model.add(late == 0).only_enforce_if(miss.negated())
        model.minimize(sum(missed))
    else:
        worst = model.new_int_var(0, 2 * end, "")
        model.add_max_equality(worst, lates)
        model.minimize(worst)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 2.0
    if solver.solve(model) != cp_model.OPTIMAL:
        return None
    return round(solver.objective_value)


def _tell_print(rules: Rules, language: Language) -> str:
    pause = rules["pause"]
    wait_en = (
        f" After every job the press needs {pause} minutes of cleaning, which do not delay the job itself."
        if pause
        else ""
    )
    wait_zh = (
        f"每项工作结束后印刷机需要{pause}分钟清洗，清洗时间不算在该工作之内。" if pause else ""
    )
    setting = say(
        language,
        "A print shop has one press and the jobs in `problem.json`, all there at minute 0: how many "
        "`minutes` each takes, the minute by which it is `due`, and its `weight`. Jobs are printed "
        f"one after the other, in any order, each in one go.{wait_en} A job is late by as many "
        "minutes as it ends after its due minute, otherwise not at all.",
        "印刷店有一台印刷机，`problem.json` 列出第0分钟就绪的全部工作：各需 `minutes` 分钟，应在第 `due` "
        f"分钟前完成，重要程度为 `weight`。工作一项接一项进行，次序任意，中途不停。{wait_zh}"
        "工作结束时间超过 `due` 多少分钟，就迟多少分钟，否则不算迟。",
    )
    question = {
        "weighted": say(
            language,
            "Choose the order that makes the sum of lateness times weight, over all jobs, as small "
            "as possible. How small is it?",
            "选择次序，使所有工作的“迟的分钟数×重要程度”之和最小。最小是多少？",
        ),
        "late": say(
            language,
            "What is the smallest possible number of late jobs?",
            "迟的工作最少能有几项？",
        ),
        "worst": say(
            language,
            "By how many minutes is the latest job late if the order is chosen so that this is as "
            "little as possible?",
            "若使最迟的那项工作迟得尽可能少，它会迟多少分钟？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_print(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("other pause", rules | {"pause": rules["pause"] + 5}),
        *(
            (ask, rules | {"ask": ask})
            for ask in ("weighted", "late", "worst")
            if ask != rules["ask"]
        ),
    ]


PUZZLE = Puzzle(
    "press",
    _print_rules,
    _print,
    _tell_print,
    print_by_subsets,
    print_by_solver,
    _near_print,
    portable=False,
)
