"""Judges what a code attempt left behind; docs/code-grading.md has the reasons for each step.

The tree that is graded is the origin's, with the bug, with the agent's changes to declared sources,
and with pristine tests and test configuration. Everything runs in fresh sandboxes. No detail of a
check names a hidden test, a canary or an expected value.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from random import Random
from threading import Lock
from typing import NamedTuple

from pydantic import ValidationError

from data.errors import EnvironmentFault, TaskError
from data.hashing import canonical_json, content_hash
from data.task import Task
from data.trajectory import Trajectory, Verdict, VerdictCheck
from envs.code import layout, project
from envs.code.junit import Result, Status, in_module, passed
from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import Files, Parameters
from envs.code.survey import Changes
from envs.code.tree import File, Tree, tree_hash
from envs.code.trees import agent_tree, laid_over, origin_tree
from verifiers.code import audit, canaries, changes
from verifiers.code.spec import CodeSpec

MAX_ALONE, MAX_CANARIES_ALONE = 2, 2
MAX_PROBES = 8
"""Of each task's probes, in the order given."""
SMALL_SHARE = 0.5
"""Of the tests; so many are not run twice to have the first word."""
MAX_KEPT = 4
"""Runs of whole suites: the one that calibrates is the one that judges the fix."""
SLOW_SHARE = 0.25
"""A machine on which the unchanged tree takes this share of the limit is too slow to judge."""
_CHECKS = ("change", "audit", "tests", "alone", "probes")
_SKIPPED = "not looked at: an earlier check failed"
_ENDINGS = {
    Ended.LATE: "the tests were not done in time",
    Ended.OUT_OF_MEMORY: "the tests used more memory than there is",
    Ended.CRASHED: "the interpreter crashed in the tests",
    Ended.EARLY: "the process of the tests ended before they did",
    Ended.FORGED: "the results were tampered with",
    Ended.REFUSED: "the test framework could not run",
    Ended.FLOODED: "the tests printed too much",
}


class Grading(NamedTuple):
    """All that a verdict depends on."""

    spec: CodeSpec
    parameters: Parameters
    tree: Tree
    """With the agent's changes and pristine tests."""
    plan: canaries.Plan


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """Score 1 if the change has the right form, resolves the issue and breaks nothing, else 0.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` if a run cannot be had.
    """
    asked = _asked(task)
    try:
        left = Changes.model_validate(trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no state: {_first(error)}"
        ) from error
    return _judged(*asked, canonical_json(left.model_dump()))


class _Last(NamedTuple):
    """The task that was asked for last: a certificate asks dozens of times for the same."""

    task: Task | None
    asked: tuple[str, str]


_last = _Last(None, ("", ""))


def _asked(task: Task) -> tuple[str, str]:
    """Specification and parameters as JSON; raises `TaskError` where they are none."""
    global _last
    last = _last
    if last.task is task:
        return last.asked
    try:
        CodeSpec.model_validate(task.hidden.verifier)
        Parameters.model_validate(task.env.parameters)
    except ValidationError as error:
        raise TaskError(f"task {task.id} has no valid verifier: {_first(error)}") from error
    found = canonical_json(task.hidden.verifier), canonical_json(task.env.parameters)
    _last = _Last(task, found)
    return found


@lru_cache(maxsize=16)
def _judged(spec_json: str, parameters_json: str, changes_json: str) -> Verdict:
    """Attempts that differ in what they say, and not in what they did, share one grading."""
    spec = CodeSpec.model_validate_json(spec_json)
    parameters = Parameters.model_validate_json(parameters_json)
    given = agent_tree(parameters)
    form = changes.formed(Changes.model_validate(json.loads(changes_json)), parameters, given)
    if form.problem:
        return _verdict([form.problem])
    before = {path: _text(given, path) for path in form.files}
    others = {p: _text(given, p) for p in parameters.sources if p in given and p not in before}
    if found := audit.problem(dict(before), form.files, others, spec.allowed):
        return _verdict(["", found])
    grading = prepared(spec, parameters, form.files)
    problems = ["", ""]
    for check in (_tests, _alone, _probes):
        problems.append(check(grading))
        if problems[-1]:
            break
    return _verdict(problems)


def prepared(spec: CodeSpec, parameters: Parameters, files: Files) -> Grading:
    """The tree to grade for changes that have the right form."""
    origin = origin_tree(parameters.origin, parameters.tree_sha256)
    names = project if parameters.toolchain.name == "python" else layout
    overlay = {
        path: text
        for path, text in parameters.overlay.items()
        if not names.is_test(path) and not names.is_configuration(path)
    }
    tree = laid_over(laid_over(laid_over(origin, overlay), files), spec.tests)
    texts = {m: _text(tree, m) for m in spec.modules if m in tree}
    own = tuple(texts.items()), spec.fail_to_pass, spec.pass_to_pass, spec.unsuited
    plan = _planned(*own, spec.seed, parameters.toolchain.name)
    return Grading(spec, parameters, laid_over(tree, dict(plan.modules)), plan)


@lru_cache(maxsize=8)
def _planned(
    texts: tuple[tuple[str, str], ...],
    fixed: tuple[str, ...],
    others: tuple[str, ...],
    unsuited: tuple[str, ...],
    seed: int,
    toolchain: str,
) -> canaries.Plan:
    """The same for all states of a task; it takes longer than many of their runs."""
    return canaries.plan(dict(texts), fixed, others, unsuited, seed, toolchain)


def request(grading: Grading, modules: Iterable[str], ids: Iterable[str], order: int) -> RunRequest:
    return RunRequest(
        tree=grading.tree,
        toolchain=grading.parameters.toolchain,
        modules=tuple(modules),
        ids=tuple(sorted(ids)),
        order=order,
        limits=grading.parameters.limits,
    )


def whole(grading: Grading) -> RunRequest:
    """All hidden tests and all canaries in one process."""
    ids = grading.plan.must_pass | grading.plan.must_fail
    return request(grading, grading.spec.modules, ids, 1 + grading.spec.seed % (1 << 31))


def run_whole(grading: Grading) -> Run:
    """The run of `whole`; one that came to its end is kept for a while, and not made twice."""
    asked = whole(grading)
    key = _key(asked)
    run = _runs.get(key)
    if run is None:
        (run,) = run_many([asked])
        if run.ended is Ended.WELL:
            _runs.put(key, run)
    return run


def _key(asked: RunRequest) -> str:
    settings = [asked.toolchain.model_dump(), asked.limits.model_dump()]
    return content_hash([tree_hash(asked.tree), settings, asked.modules, asked.ids, asked.order])


class _Runs:
    """The last few runs by what was asked for; for many threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Run] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Run | None:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: str, run: Run) -> None:
        with self._lock:
            self._kept[key] = run
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_runs = _Runs(MAX_KEPT)


def _tests(grading: Grading) -> str:
    """First the tests that showed the bug, for most of what is wrong fails there; then all."""
    plan, spec = grading.plan, grading.spec
    shown = {plan.origins.get(name, name) for name in spec.fail_to_pass}
    places = {plan.places[name] for name in shown if name in plan.places}
    ids = shown | {name for name, place in plan.places.items() if place in places}
    if not _runs.get(_key(whole(grading))) and len(ids) < SMALL_SHARE * len(plan.must_pass):
        modules = {module for name in shown for module in _modules(grading, name)}
        ordered = [module for module in spec.modules if module in modules]
        order = 1 + spec.seed % (1 << 31)
        (run,) = run_many([request(grading, ordered, ids, order)])
        if wrong := _wrong(grading, run, spec.fail_to_pass, frozenset(ids)):
            return wrong
    own = (*spec.fail_to_pass, *spec.pass_to_pass)
    return _wrong(grading, run_whole(grading), own, plan.must_pass | plan.must_fail)


def _wrong(grading: Grading, run: Run, own: Sequence[str], ids: AbstractSet[str]) -> str:
    """Why a run of `ids`, the task's `own` tests among them, is no proof; empty if it is one."""
    _refuse_slow_machine(grading, run)
    if run.ended in _ENDINGS:
        return _ENDINGS[run.ended]
    if not run.results.keys() <= ids:
        return "tests were reported that nobody asked for"
    if failing := _failing(grading, run.results, frozenset(own)):
        return failing
    plan = grading.plan
    believed = _all_end(run.results, plan.must_pass & ids, Status.PASSED)
    believed = believed and _all_end(run.results, plan.must_fail & ids, Status.FAILED)
    return "" if believed else "the results are not believed: some cannot be true"


def _failing(grading: Grading, results: Mapping[str, Result], asked: frozenset[str]) -> str:
    """How many of the task's own tests do not pass, in words; empty if all that were `asked` do."""
    groups = {
        "that show the issue": grading.spec.fail_to_pass,
        "that passed before": grading.spec.pass_to_pass,
    }
    said = []
    for which, names in groups.items():
        own = [grading.plan.origins.get(name, name) for name in names if name in asked]
        if count := len(own) - len(passed(dict(results), own)):
            said.append(f"{count} of {len(own)} hidden tests {which} fail")
    return "; ".join(said)


def _all_end(results: Mapping[str, Result], ids: Iterable[str], status: Status) -> bool:
    return all(name in results and results[name].status is status for name in ids)


def _alone(grading: Grading) -> str:
    """Some tests once more, each in a process of its own that does not look like a test's.

    Canaries are among them, for a process with one test cannot compare it with others.
    """
    rng = Random(grading.spec.seed + 1)
    own = [grading.plan.origins.get(name, name) for name in grading.spec.fail_to_pass]
    failing = sorted(grading.plan.must_fail)
    chosen = rng.sample(own, min(MAX_ALONE, len(own)))
    chosen += rng.sample(failing, min(MAX_CANARIES_ALONE, len(failing)))
    rng.shuffle(chosen)
    requests = [
        request(grading, _modules(grading, name), [name], 0)._replace(disguised=True)
        for name in chosen
    ]
    for name, run in zip(chosen, run_many(requests), strict=True):
        _refuse_slow_machine(grading, run)
        if run.ended in _ENDINGS:
            return f"alone: {_ENDINGS[run.ended]}"
        status = Status.FAILED if name in grading.plan.must_fail else Status.PASSED
        if run.results.keys() != {name} or run.results[name].status is not status:
            return "a test ends differently in a process of its own"
    return ""


def _modules(grading: Grading, name: str) -> tuple[str, ...]:
    """The module of a test; all of them where its id does not tell."""
    found = [module for module in grading.spec.modules if in_module(name, module)]
    return (max(found, key=len),) if found else grading.spec.modules


def _probes(grading: Grading) -> str:
    probes = grading.spec.probes[:MAX_PROBES]
    requests = [
        request(grading, (), (), 0)._replace(ids=None, script=probe.script) for probe in probes
    ]
    wrong = sum(
        run.output != probe.expected or run.ended not in (Ended.WELL, Ended.CRASHED)
        for probe, run in zip(probes, run_many(requests), strict=True)
    )
    return f"{wrong} of {len(probes)} reproductions do not behave as they should" if wrong else ""


def _refuse_slow_machine(grading: Grading, run: Run) -> None:
    """Raises `EnvironmentFault` where not the change but the machine kept the tests from ending."""
    if run.ended is not Ended.LATE:
        return
    unchanged = prepared(grading.spec, grading.parameters, {})
    base = request(unchanged, grading.spec.modules, grading.spec.pass_to_pass, 0)
    (again,) = run_many([base])
    if again.ended is Ended.LATE or again.seconds > SLOW_SHARE * base.limits.tests_s:
        raise EnvironmentFault(
            f"this machine is too slow to judge: without the change the tests take {again.seconds:.0f}"
            f" s, and {base.limits.tests_s:.0f} s are the limit; run fewer things at once"
        )


def _verdict(problems: list[str]) -> Verdict:
    """`problems` of the checks that ran, in their order; only the last may be one."""
    details = [*problems, *[_SKIPPED] * (len(_CHECKS) - len(problems))]
    checks = tuple(
        VerdictCheck(name=name, passed=not detail, detail=detail)
        for name, detail in zip(_CHECKS, details, strict=True)
    )
    return Verdict(score=float(all(check.passed for check in checks)), checks=checks)


def _text(tree: Tree, path: str) -> str:
    file: File | None = tree.get(path)
    return file.content.decode(errors="replace") if file else ""


def _first(error: ValidationError) -> str:
    wrong = error.errors()[0]
    return f"{'.'.join(map(str, wrong['loc'])) or 'all of it'}: {wrong['msg']}"
