"""Pass rates of scripted solvers on plan problems of each level: the ladder as it is measured.

    python -m benchmarks.plan_ladder [--n 20]

`n` worlds of every domain with plans, a problem in each. Solvers know the rules that a request
states; `random` has twenty tries a problem, the others one.
"""

import argparse
from collections import Counter

from data.hashing import derive_rng
from data.task import Language
from envs.general.compiler import compile_shipped, domain_files, load_spec
from envs.general.variant import draw_variant
from synth.general.plan.ladder import LEVELS, Grown, grow
from synth.general.plan.solvers import SOLVERS
from verifiers.general.constraints import Rule
from verifiers.general.evaluate import Evaluator

RANDOM_TRIES = 20


def problems(level: int, num_worlds: int, rejected: Counter[str]) -> list[Grown]:
    found = []
    for domain in domain_files():
        spec = load_spec(domain)
        for number in range(num_worlds):
            world = compile_shipped(domain, draw_variant(spec, number, Language.EN), number % 5)
            for name, plan in world.domain.plans.items():
                grown = grow(world, plan, level, derive_rng("ladder", domain, name, level, number))
                if isinstance(grown, str):
                    rejected[grown] += 1
                else:
                    found.append(grown)
    return found


def pass_rates(found: list[Grown], level: int) -> dict[str, float]:
    passed: Counter[str] = Counter()
    for number, grown in enumerate(found):
        rules = [Rule(id=str(n), formula=step.formula) for n, step in enumerate(grown.steps)]
        problem, tables = grown.shape.problem.also(*rules), grown.shape.tables
        evaluator = Evaluator(problem, tables)
        for name, solver in SOLVERS.items():
            tries = RANDOM_TRIES if name == "random" else 1
            for at in range(tries):
                plan = solver(problem, tables, derive_rng(level, number, name, at))
                passed[name] += evaluator.solves(plan) * (RANDOM_TRIES // tries)
    return {name: passed[name] / len(found) / RANDOM_TRIES for name in SOLVERS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20)
    num_worlds = parser.parse_args().n
    print("level  problems  rules  plans (median)  share (median)  " + "  ".join(SOLVERS))
    for level in LEVELS:
        rejected: Counter[str] = Counter()
        found = problems(level, num_worlds, rejected)
        counts = sorted(grown.count.high for grown in found)
        shares = sorted(grown.count.high / grown.well_formed for grown in found)
        rules = sum(len(grown.steps) for grown in found) / len(found)
        rates = "  ".join(f"{rate:.3f}" for rate in pass_rates(found, level).values())
        middle = len(found) // 2
        print(
            f"{level:<7}{len(found):<10}{rules:<7.1f}{counts[middle]:<16}{shares[middle]:<16.1e}{rates}"
        )
        print(f"       rejected {dict(rejected)}")


if __name__ == "__main__":
    main()
