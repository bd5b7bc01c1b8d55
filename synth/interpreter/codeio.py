"""Problems of the package reasoning-gym that a program decides: a description, inputs, one result.

The package brings descriptions, reference programs and generators of inputs. It is optional, is
never imported, and nothing of it runs in this process: programs run in the sandbox of a rerun, twice
for each input, in processes with different hash seeds. What differs between the two, takes long, or
is no plain value is no task.
"""

import ast
import gzip
import json
import re
import textwrap
from functools import lru_cache, partial
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import NamedTuple

from pydantic import JsonValue, TypeAdapter, ValidationError

from data.errors import SourceError
from data.hashing import content_hash
from data.record import Record
from data.task import Language, Source
from envs.interpreter.files import data_file
from envs.interpreter.files.recipe import TextRecipe
from envs.interpreter.rerun import Job, rerun_many
from synth.interpreter.draft import Draft, Edition, Rejected, answer_spec
from synth.interpreter.engines import same
from synth.interpreter.puzzles.puzzle import say
from synth.parts import Finding
from verifiers.answers import matches

PACKAGE = "reasoning-gym==0.1.25"
LICENCE = "Apache-2.0"
FILE = "inputs.json"
NUM_INPUTS = 5
"""Drawn for each problem: one is shown, one hidden, the others are near misses."""
MIN_CLARITY = 7
"""Of the package's own marks for descriptions, from 1 to 10."""
MAX_INPUT_CHARS = 20_000
MAX_RESULT_CHARS = 1_500
RUN_S = 5.0
"""For all inputs of a problem, in one process."""
JOB_S = 30.0
LEVELS = (600, 850, 1200, 1700)
"""Most characters of a reference program of levels 1 to 4."""
MAX_PROGRAM_CHARS = 3000
PLAIN_NUMBERS = (0, 1, 2, 3, 4, 10, 0.5)
"""What a program may use without its description saying so; others are parameters to be told."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")
_UNTOLD = re.compile(
    r"iteration|converge|simulat|random|approximat|toleran|all possible|identifier|formatted|pars",
    re.I,
)
"""Depends on how the reference goes about it."""
_ROUNDS = re.compile(r"\bround\(|\.\d+f|quantize|\bformat\(")
"""Rounds its result, which descriptions seldom say."""
_IMPURE = re.compile(
    r"\b(time|os|sys|subprocess|threading|multiprocessing|socket|input|open)\b[.(]"
)


class Problem(NamedTuple):
    number: int
    """Line of the package's file."""
    about: str
    form: str
    """Names and types of inputs and result."""
    program: str
    """Defines `main_solution`."""
    inputs: str
    """Defines `generate_inputs`."""

    @property
    def level(self) -> int:
        return 1 + sum(len(self.program) > limit for limit in LEVELS)


class Example(Record):
    """An input and what the reference program makes of it."""

    given: dict[str, JsonValue]
    result: JsonValue


_EXAMPLES = TypeAdapter(list[Example])

_PROGRAM = """\
{program}

from random import Random
{inputs}

if __name__ == "__main__":
    import json, sys

    found = []
    for number in range({num}):
        given = json.loads(json.dumps(generate_inputs(Random(f"{seed} {{number}}"))))
        found.append({{"given": given, "result": main_solution(**json.loads(json.dumps(given)))}})
    with open(sys.argv[1], "w") as file:
        json.dump(found, file, allow_nan=False)
"""
_RUN = """\
import json, os, subprocess, sys

answer = []
for seed in ("1", "2"):
    subprocess.run(
        [sys.executable, "program.py", f"found-{{seed}}.json"],
        env={{**os.environ, "PYTHONHASHSEED": seed}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        timeout={seconds},
        check=True,
    )
    with open(f"found-{{seed}}.json") as file:
        answer.append(file.read({limit}))
"""


def installed() -> Path:
    """The package's file of problems; raises `SourceError` without it."""
    spec = find_spec("reasoning_gym")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / "codeio.jsonl.gz"
        if path.is_file():
            return path
    raise SourceError(
        f"the source codeio needs the package reasoning-gym, which is not installed: "
        f"pip install --no-deps {PACKAGE}"
    )


@lru_cache(maxsize=1)
def problems() -> tuple[Problem, ...]:
    """Clearly described ones whose programs look pure, in the order of the file."""
    found: list[Problem] = []
    seen: set[str] = set()
    with gzip.open(installed(), "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            entry = json.loads(line)
            program = entry["code_sample"]
            if entry.get("clarity", 0) < MIN_CLARITY or not entry["task_description"].isascii():
                continue
            form, inputs = entry["input_output_spec"], entry["input_generator"]
            told = f"{entry['task_description']}\n{form}"
            if told not in seen and _may_be_asked(program, told):
                seen.add(told)
                found.append(Problem(number, entry["task_description"], form, program, inputs))
    return tuple(found)


def _may_be_asked(program: str, told: str) -> bool:
    """Whether the program is pure and short, and the text tells every number that it has inside."""
    if len(program) > MAX_PROGRAM_CHARS or _UNTOLD.search(told):
        return False
    if _ROUNDS.search(program) or _IMPURE.search(program):
        return False
    known = {*PLAIN_NUMBERS, *map(float, _NUMBER.findall(told))}
    return all(
        node.value in known
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    )


@lru_cache(maxsize=1)
def _source_hash() -> str:
    return sha256(installed().read_bytes()).hexdigest()


def draft(rng: Random, language: Language, level: int) -> Draft:
    """Raises `Rejected`."""
    able = [one for one in problems() if one.level == level]
    if not able:
        raise Rejected("no_problem")
    problem = rng.choice(able)
    examples = _examples(problem, f"{rng.getrandbits(64):016x}")
    keys = _keys(examples)
    values = [_value(example.result, keys) for example in examples]
    spec = answer_spec
    for value in values:
        spec(value)
    shown = values[0]
    other = next((n for n, v in enumerate(values) if not matches(spec(v), shown)), 0)
    if not other:
        raise Rejected("hidden_same")
    editions = [_edition(examples[n], values[n]) for n in (0, other)]
    return Draft(
        family="codeio:problem",
        text=_text(problem, language),
        form=_form(keys, shown, language),
        shown=editions[0],
        hidden=(editions[1],),
        spec=spec,
        witness=_cells(problem, keys),
        others=(("in a process of its own", _process(problem, keys)),),
        near=lambda: [(f"of input {n}", value) for n, value in enumerate(values[1:], start=1)],
        shortcut=partial(_shortcut, [examples[0], examples[other]], [shown, values[other]]),
        evidence={"runs": 2, "hash_seeds": 2, "editions": 2},
        level=level,
        measures={
            "program_characters": float(len(problem.program)),
            "characters": float(len(json.dumps(examples[0].given))),
        },
        fingerprint=content_hash(["codeio", problem.number, examples[0].given]),
        sources=(
            Source(
                name=f"codeio:{problem.number}",
                version=version("reasoning-gym"),
                licence=LICENCE,
                sha256=_source_hash(),
            ),
        ),
    )


@lru_cache(maxsize=256)
def _examples(problem: Problem, seed: str) -> list[Example]:
    """Inputs and results, the same in both processes; raises `Rejected`."""
    program = _PROGRAM.format(
        program=problem.program, inputs=problem.inputs, num=NUM_INPUTS, seed=seed
    )
    run = _RUN.format(seconds=RUN_S, limit=NUM_INPUTS * (MAX_INPUT_CHARS + MAX_RESULT_CHARS))
    job = Job((("program.py", program.encode()),), (run,), variable="answer", timeout_s=JOB_S)
    (found,) = rerun_many([job])
    if found.cells and found.cells[0].error:
        raise Rejected("program_fails")
    match found.value:
        case [str(one), str(two)] if one == two:
            return _read(one)
        case [str(), str()]:
            raise Rejected("not_deterministic")
    raise Rejected("program_fails")


def _read(text: str) -> list[Example]:
    try:
        examples = _EXAMPLES.validate_json(text)
    except ValidationError as error:
        raise Rejected("no_plain_values") from error
    if len(examples) != NUM_INPUTS:
        raise Rejected("no_plain_values")
    for example in examples:
        if len(json.dumps(example.given)) > MAX_INPUT_CHARS:
            raise Rejected("long_input")
        if len(json.dumps(example.result)) > MAX_RESULT_CHARS:
            raise Rejected("long_result")
    return examples


def _keys(examples: list[Example]) -> tuple[str, ...]:
    """Of results that are objects, with the same keys for every input; empty for others."""
    found = {tuple(e.result) if isinstance(e.result, dict) else () for e in examples}
    if len(found) > 1:
        raise Rejected("changing_keys")
    (keys,) = found
    return keys


def _value(result: JsonValue, keys: tuple[str, ...]) -> JsonValue:
    """The result, or the values of its keys; raises `Rejected` for what is hardly a result."""
    if isinstance(result, bool) or result in (None, "", [], {}):
        raise Rejected("degenerate")
    if not isinstance(result, dict):
        return result
    return result[keys[0]] if len(keys) == 1 else [result[key] for key in keys]


def _edition(example: Example, value: JsonValue) -> Edition:
    text = json.dumps(example.given, ensure_ascii=False, indent=1) + "\n"
    return Edition((data_file(FILE, TextRecipe.of(text)),), value)


def _text(problem: Problem, language: Language) -> str:
    start = say(
        language,
        f"`{FILE}` holds one JSON object with the inputs of the following problem, under their "
        "names. Work out the result for these inputs.",
        f"`{FILE}` 是一个 JSON 对象，按名称给出下面这道题的各个输入。请算出这些输入对应的结果。"
        "题目原文为英文。",
    )
    return f"{start}\n\n{problem.about.strip()}\n\n{problem.form.strip()}"


def _form(keys: tuple[str, ...], value: JsonValue, language: Language) -> str:
    listed = ", ".join(f"`{key}`" for key in keys)
    if len(keys) > 1:
        what = say(
            language,
            f"a list of the values that `return` has for {listed}, in this order",
            f"一个列表，依次为 `return` 中 {listed} 的值",
        )
    elif keys:
        what = say(
            language, f"the value that `return` has for {listed}", f"`return` 中 {listed} 的值"
        )
    else:
        what = say(language, "what is called `return` above", "上文中的 `return`")
    if _measured(value):
        what += say(language, "; do not round", "，不要取整")
    return say(language, f"`answer`: {what}.", f"`answer`：{what}。")


def _measured(value: JsonValue) -> bool:
    """Whether there are numbers in it that are not whole."""
    if isinstance(value, list):
        return any(map(_measured, value))
    return isinstance(value, float)


def _cells(problem: Problem, keys: tuple[str, ...]) -> tuple[str, str]:
    """The reference program, which agents never see, in a kernel."""
    read = "import json\n\nwith open('inputs.json') as file:\n    inputs = json.load(file)\n"
    return problem.program, f"{read}result = main_solution(**inputs)\n{_taken(keys)}\nanswer"


def _process(problem: Problem, keys: tuple[str, ...]) -> tuple[str, str]:
    tail = textwrap.dedent("""\
        import json
        with open('inputs.json') as file:
            result = main_solution(**json.load(file))
        with open('result.json', 'w') as file:
            json.dump(result, file)
        """)
    run = textwrap.dedent("""\
        import json, os, subprocess, sys
        env = {**os.environ, 'PYTHONHASHSEED': '3'}
        subprocess.run([sys.executable, 'solution.py'], env=env, check=True, capture_output=True)
        with open('result.json') as file:
            result = json.load(file)
        """)
    program = f"{problem.program}\n\n{tail}"
    write = f"with open('solution.py', 'w') as file:\n    file.write({program!r})"
    return write, f"{run}{_taken(keys)}\nanswer"


def _taken(keys: tuple[str, ...]) -> str:
    if not keys:
        return "answer = result"
    return (
        f"answer = result[{keys[0]!r}]"
        if len(keys) == 1
        else f"answer = [result[key] for key in {list(keys)!r}]"
    )


def _shortcut(examples: list[Example], values: list[JsonValue]) -> Finding:
    """No single input is the answer, on both editions."""
    for name in examples[0].given:
        pairs = zip(examples, values, strict=True)
        if all(same(example.given.get(name), value, 1e-6) for example, value in pairs):
            return Finding("answer_in_the_file", {"input": name})
    return Finding("", {"inputs": len(examples[0].given)})
