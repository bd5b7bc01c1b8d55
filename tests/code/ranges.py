"""A small project in JavaScript with a bug, and the task that comes of it: for the tests of grading.

`ranges` compares versions. The bug: of the parts of a tag only the first is compared.
"""

from pathlib import Path

from data.task import Task
from envs.code.layout import detect
from envs.code.spec import CodeLimits, Files, Origin, Parameters
from envs.code.tree import read_folder, tree_hash
from synth.code.bug import Bug, Labels, Story
from synth.code.languages import may_change
from tests.code import spans
from verifiers.code.spec import CodeSpec, Probe

TREE = read_folder(Path(__file__).parent / "projects" / "javascript")
LAYOUT = detect(TREE)
BROKEN = "lib/version.js"
FIXED = TREE[BROKEN].content.decode()
BUGGY = FIXED.replace("i < Math.min(left.length, right.length)", "i < 1")
ORIGIN = Origin(source="npm", project="ranges", version="1.0.0", archive="r.tgz", sha256="0" * 64)
BUG = Bug(
    origin=ORIGIN,
    tree_sha256=tree_hash(TREE),
    toolchain=LAYOUT.toolchain,
    sources=may_change(LAYOUT),
    removed=(),
    buggy={BROKEN: BUGGY},
    gold={BROKEN: FIXED},
    tests={},
    modules=LAYOUT.tests,
    story=Story(sort="injected", operators=("change_constant",)),
    licence=spans.LICENCE,
)
RANGES = ("^1.2.3", "^0.2.3", "^0.0.3", "~1.2", "~1", "1.x", "1.2", ">=1.2 <1.5", "<1 || >2", "*")
LABELS = Labels(
    fail_to_pass=(
        "test/range.test.js::range >=1.0.0-rc.1",
        "test/version.test.js::order",
    ),
    pass_to_pass=(
        *(f"test/range.test.js::range {name}" for name in RANGES),
        "test/range.test.js::the best is the highest that fits",
        "test/version.test.js > parse::fills what is missing",
        "test/version.test.js > parse::refuses what is none",
        "test/version.test.js > parse::splits tags",
        "test/version.test.js::equal",
    ),
)
SCRIPT = (
    "const { compare } = require('ranges/lib/version');\n"
    "console.log(compare('1.0.0-rc.10', '1.0.0-rc.2'));\n"
)
PROBES = (
    Probe(script=SCRIPT, expected="1\n"),
    Probe(script=SCRIPT.replace("rc.10", "beta.31").replace("rc.2", "beta.4"), expected="1\n"),
)
SPEC = CodeSpec(
    modules=BUG.modules,
    fail_to_pass=LABELS.fail_to_pass,
    pass_to_pass=LABELS.pass_to_pass,
    probes=PROBES,
    seed=20260314,
)
PARAMETERS = Parameters(
    origin=ORIGIN,
    tree_sha256=BUG.tree_sha256,
    toolchain=BUG.toolchain,
    sources=BUG.sources,
    overlay=BUG.buggy,
    limits=CodeLimits(tests_s=60.0),
)


def task(spec: CodeSpec = SPEC, parameters: Parameters = PARAMETERS) -> Task:
    return spans.task(spec, parameters)


__all__ = ["BUG", "LABELS", "PARAMETERS", "PROBES", "SCRIPT", "SPEC", "TREE", "Files", "task"]
