"""JavaScript and TypeScript packages: node:test, mocha, jest, vitest, tape and tap, plain programs.

What tests need comes from a lock, installed outside and seen as `node_modules`. TypeScript is
stripped of its types, nothing more: whether they fit is not asked.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.errors import SourceError
from envs.code.cache import cache_root
from envs.code.layout import Layout, checked, is_configuration, is_test, sources_of, text_of
from envs.code.npm import installed
from envs.code.spec import Toolchain
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.driven import FOLDER, REPORTS, Command, needs, plan, program
from envs.code.tree import Tree
from envs.sandbox.view import environment

PROGRAMS = {"node": "nodejs"}
SITE = "/opt/site"
MODULES = "node_modules"
SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_TYPED = (".ts", ".mts", ".cts", ".tsx")
_COMPILER = "/usr/share/nodejs/typescript"
"""Debian's, for trees whose lock brings none."""
_FRAMEWORKS = (
    ("jest", r"\bjest\b"),
    ("vitest", r"\bvitest\b"),
    ("mocha", r"\b_?mocha\b"),
    ("node:test", r"\bnode\b[^&|;]*\s--test\b"),
    ("tape", r"\btape\b"),
    ("tap", r"\btap\b"),
    ("plain", r"\bnode\s+(?!--)\S*test\S*"),
)
_SCRIPT = re.compile(r"\b(?:npm|yarn|pnpm)\s+(?:run\s+(?:-\S+\s+)*)?([\w:.-]+)")
_LOADER = re.compile(r"(?:^|\s)(?:-r|--require|--import|--loader)[= ](\S+)")
_IMPORT = re.compile(r"""(?:\brequire\s*\(\s*|\bfrom\s+|\bimport\s*\(?\s*)['"]([^'"\n]+)['"]""")
_CALL = re.compile(r"\b(test|it|describe|suite|tape|specify|t\.test)(\.\w+)*\s*\(")
_TEST_FILE = re.compile(
    r"(^|/)(test|tests|__tests__|spec)(/|\.[mc]?[jt]sx?$)|[._-](test|spec)\.[mc]?[jt]sx?$"
)
_NO_TEST = re.compile(r"(^|/)(fixtures?|helpers?|support|node_modules|dist|build)/|\.d\.ts$")
_BUILDERS = re.compile(
    r"^(typescript|@types/node|tsx|ts-node|ts-jest|esbuild|babel-jest|@babel/.*|@swc/.*|esbuild-register"
    r"|jest-environment-.*|chai|should|expect\.js|jsdom)$"
)
_FOR_TYPES = frozenset({"typescript", "ts-node", "ts-jest", "tsx", "@types/node"})
_STRIP = """
const ts = require(process.argv[2]);
const fs = require('fs');
const found = ts.findConfigFile('.', ts.sys.fileExists, 'tsconfig.json');
const read = found ? ts.readConfigFile(found, ts.sys.readFile).config || {} : {};
const asked = (read.compilerOptions || {});
const isModule = fs.existsSync('package.json')
  && JSON.parse(fs.readFileSync('package.json', 'utf8')).type === 'module';
const options = { ...ts.convertCompilerOptionsFromJson(asked, '.').options,
  target: ts.ScriptTarget.ES2020, isolatedModules: true, declaration: false, sourceMap: false,
  module: isModule ? ts.ModuleKind.ES2020 : ts.ModuleKind.CommonJS, moduleResolution: undefined };
let broken = 0;
for (const path of process.argv.slice(3)) {
  const made = ts.transpileModule(fs.readFileSync(path, 'utf8'),
    { compilerOptions: options, fileName: path, reportDiagnostics: true });
  for (const problem of made.diagnostics || []) {
    if (problem.file) { broken = 1; console.error(path + ': ' + problem.messageText); }
  }
  fs.writeFileSync(path.replace(/\\.(ts|tsx)$/, '.js').replace(/\\.mts$/, '.mjs')
    .replace(/\\.cts$/, '.cjs'), made.outputText);
}
process.exit(broken);
"""
_STATIC = re.compile(r"^\s*(import\s*[\w{*'\"]|export\s)", re.MULTILINE)
"""What only an ES module has."""
_ENDS = """
const fs = require('fs');
process.on('uncaughtException', (error) => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `Uncaught ${error}`;
  fs.writeSync(2, `${text.split('\\n').join(' ')}\\n`);
  process.exit(1);
});
"""
"""Says which error ended a script, and nothing after it."""


def describe(tree: Tree) -> Layout | None:
    """None for what is no package; raises `SourceError` for one that we cannot run."""
    settings = _settings(tree)
    if settings is None:
        return None
    compiled = next((p for p in tree if p.endswith("binding.gyp")), None)
    if compiled:
        raise SourceError(f"compiled: it has a native part, {compiled}")
    framework = _framework(tree, settings)
    if not framework:
        raise SourceError("no_framework: its test command runs nothing that we know")
    return checked(
        Layout(
            toolchain=Toolchain(name="node", command="npm test"),
            framework=framework,
            sources=tuple(p for p in sources_of(tree, SUFFIXES) if not p.endswith(".d.ts")),
            tests=tuple(_test_files(tree, framework)),
            requirements=tuple(_requirements(tree, settings, framework)),
        )
    )


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    """Raises `EnvironmentFault` where Node.js is missing or the lock cannot be installed."""
    needs(PROGRAMS)
    if not toolchain.lock.strip():
        return {}
    return {SITE: installed(toolchain.lock, cache_root() / "sites")}


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    """Programs of packages are found by their names."""
    return {"PATH": f"{SITE}/{MODULES}/.bin:{environment()['PATH']}"} if SITE in mounts else {}


def links(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return {MODULES: f"{SITE}/{MODULES}"} if SITE in mounts else {}


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """One process a test file, but for jest and vitest, which have processes of their own.

    Where one test is asked for, the others of its file do not run, if the framework can do that.
    """
    settings = _settings(request.tree) or {}
    framework = _framework(request.tree, settings)
    loaders = _loaders(settings)
    ids = request.ids or ()
    single = _only(framework, ids[0]) if len(ids) == 1 else ()
    if framework in ("jest", "vitest"):
        runs = [_together(framework, request.modules, single)]
    else:
        runs = [
            _alone(framework, module, f"{REPORTS}/{number}.xml", loaders, single)
            for number, module in enumerate(request.modules)
        ]
    strip = _strip(request.tree, framework, loaders, SITE in mounts)
    put = {"strip.cjs": _STRIP}
    env = _environment()
    if request.disguised:
        del env["NODE_ENV"]
    if request.plugin:
        put["plugin.cjs"] = request.plugin.source
        env |= request.plugin.env
        env["NODE_OPTIONS"] += f" --require={FOLDER}/plugin.cjs"
    return plan(request, strip, runs, env, links=links(request.toolchain, mounts), put=put)


def script(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """A program in the working copy, which can import the tree by its name or by relative paths.

    It is an ES module unless it uses `require`. An error that ends it is the last line of stderr.
    """
    name = str((_settings(request.tree) or {}).get("name", ""))
    put = {"ends.cjs": _ENDS, "strip.cjs": _STRIP}
    form = script_form(request.script)
    steps = [f"mkdir -p {MODULES}"]
    if SITE in mounts:
        steps += [f"ln -s {SITE}/{MODULES}/* {MODULES}/"]
    if re.fullmatch(r"[\w.-]+", name):
        steps += [f"ln -sfn .. {MODULES}/{name}"]
    elif re.fullmatch(r"@[\w.-]+/[\w.-]+", name):
        scope = name.partition("/")[0]
        steps += [
            f"if [ -L {MODULES}/{scope} ]; then rm {MODULES}/{scope}; mkdir {MODULES}/{scope};"
            f" ln -s {SITE}/{MODULES}/{scope}/* {MODULES}/{scope}/; fi",
            f"mkdir -p {MODULES}/{scope}; ln -sfn ../.. {MODULES}/{name}",
        ]
    steps += [shlex.join(command.argv) for command in _strip(request.tree, "", (), SITE in mounts)]
    place = f"palaestra_script.{form}"
    steps += [
        f"cp {FOLDER}/script.{form} {place}",
        f"exec node --require={FOLDER}/ends.cjs {place}",
    ]
    put[f"script.{form}"] = request.script
    return program(("sh", "-ec", "\n".join(steps)), _environment(), put)


def script_form(text: str) -> str:
    """The suffix of a script: `cjs` where it loads modules by `require`."""
    return "cjs" if re.search(r"\brequire\s*\(", text) and not _STATIC.search(text) else "mjs"


def _alone(
    framework: str, module: str, report: str, loaders: tuple[str, ...], single: tuple[str, ...]
) -> Command:
    path = _stripped(module) if not loaders else module
    if framework == "mocha":
        xunit = ("--reporter", "xunit", "--reporter-options", f"output={report}")
        argv = ("node", f"{MODULES}/mocha/bin/mocha", *loaders, *xunit, *single, path)
        return Command(argv, form="junit", source=report, module=module)
    if framework == "node:test":
        junit = ("--test-reporter=junit", f"--test-reporter-destination={report}")
        return Command(("node", *loaders, *junit, *single, path), "suites", report, module)
    form = "status" if framework == "plain" else "tap"
    return Command(("node", *loaders, path), form=form, module=module)


def _only(framework: str, name: str) -> tuple[str, ...]:
    """Options that leave out all tests but the one of this id, and its like."""
    groups, _, title = name.partition("::")
    titles = [*groups.split(" > ")[1:], *re.sub(r" \(\d+\)$", "", title).split(" > ")]
    if framework == "node:test":
        return tuple(f"--test-name-pattern=^{_loosely(title)}$" for title in titles)
    if framework == "mocha":
        return ("--grep", f"^{_loosely(' '.join(titles))}$")
    if framework in ("jest", "vitest"):
        return ("-t", f"^{_loosely(' '.join(titles))}$")
    return ()


def _loosely(title: str) -> str:
    """An expression for a title whose white space was made one."""
    return r"\s+".join(re.sub(r"[^\w\s]", r"\\\g<0>", word) for word in title.split())


def _together(framework: str, modules: tuple[str, ...], single: tuple[str, ...]) -> Command:
    if framework == "jest":
        report = f"{REPORTS}/jest.json"
        argv = [
            *("node", f"{MODULES}/jest/bin/jest.js", "--ci", "--json", f"--outputFile={report}"),
            *("--runInBand", "--coverage=false", "--watchman=false", "--cacheDirectory=/tmp/jest"),
        ]
        given = (*single, "--runTestsByPath", *modules)
        return Command((*argv, *given), form="jest", source=report)
    report = f"{REPORTS}/vitest.xml"
    argv = ["node", f"{MODULES}/vitest/vitest.mjs", "run", "--reporter=junit", "--no-cache"]
    return Command(
        (*argv, f"--outputFile={report}", *single, *modules), form="junit", source=report
    )


def _environment() -> dict[str, str]:
    return {"NODE_ENV": "test", "NODE_OPTIONS": "--max-old-space-size=1024", "FORCE_COLOR": "0"}


def _strip(tree: Tree, framework: str, loaders: tuple[str, ...], has_site: bool) -> list[Command]:
    """TypeScript becomes JavaScript beside it, where nothing else does that."""
    typed = [p for p in sorted(tree) if p.endswith(_TYPED) and not p.endswith(".d.ts")]
    if not typed or loaders or framework in ("jest", "vitest"):
        return []
    own = has_site and "typescript" in _declared(_settings(tree) or {})
    if not own:
        needs({_COMPILER: "node-typescript"})
    compiler = f"{SITE}/{MODULES}/typescript" if own else _COMPILER
    return [Command(("node", f"{FOLDER}/strip.cjs", compiler, *typed))]


def _stripped(path: str) -> str:
    for typed, plain in ((".mts", ".mjs"), (".cts", ".cjs"), (".tsx", ".js"), (".ts", ".js")):
        if path.endswith(typed):
            return path.removesuffix(typed) + plain
    return path


def _settings(tree: Tree) -> dict[str, Any] | None:
    if "package.json" not in tree:
        return None
    try:
        found = json.loads(text_of(tree, "package.json"))
    except json.JSONDecodeError as error:
        raise SourceError(f"package.json is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _command(settings: dict[str, Any]) -> str:
    """The test command, with the other scripts that it runs."""
    scripts = settings.get("scripts") or {}
    text = str(scripts.get("test", ""))
    seen = {"test"}
    for _ in range(len(scripts)):
        names = [n for n in _SCRIPT.findall(text) if n in scripts and n not in seen]
        if not names:
            break
        seen |= set(names)
        text += "".join(f" ; {scripts[name]}" for name in names)
    return text


def _framework(tree: Tree, settings: dict[str, Any]) -> str:
    command = _command(settings)
    for name, pattern in _FRAMEWORKS:
        if re.search(pattern, command):
            return name
    files = [text_of(tree, path) for path in tree if _TEST_FILE.search(path)]
    if any(re.search(r"""['"]node:test['"]""", text) for text in files):
        return "node:test"
    return ""


def _loaders(settings: dict[str, Any]) -> tuple[str, ...]:
    """Hooks that the test command loads first, e.g. one that knows TypeScript."""
    found = _LOADER.findall(_command(settings))
    return tuple(word for name in found for word in ("--require", name))


def _test_files(tree: Tree, framework: str) -> Iterator[str]:
    for path in sorted(tree):
        named = path.endswith(SUFFIXES) and _TEST_FILE.search(path) and not _NO_TEST.search(path)
        if named and (framework == "plain" or _CALL.search(text_of(tree, path))):
            yield path


def _declared(settings: dict[str, Any]) -> dict[str, str]:
    """All that may be installed; what the package itself needs wins."""
    return {
        **(settings.get("devDependencies") or {}),
        **(settings.get("peerDependencies") or {}),
        **(settings.get("dependencies") or {}),
    }


def _requirements(tree: Tree, settings: dict[str, Any], framework: str) -> Iterator[str]:
    """What the package needs, and of all that its authors use, what its tests do."""
    imported = {
        _package(name)
        for path in tree
        if path.endswith(SUFFIXES) and (is_test(path) or is_configuration(path))
        for name in _IMPORT.findall(text_of(tree, path))
    }
    plain = settings.get("dependencies") or {}
    typed = any(path.endswith(_TYPED) and not path.endswith(".d.ts") for path in tree)
    for name, wanted in sorted(_declared(settings).items()):
        builds = _BUILDERS.match(name) and (typed or name not in _FOR_TYPES)
        used = name in plain or name in imported or name == framework or builds
        if used and re.match(r"[\w^~<>=*|. -]+$", str(wanted)):
            yield f"{name}@{wanted}"


def _package(name: str) -> str:
    parts = name.split("/")
    return "/".join(parts[:2]) if name.startswith("@") else parts[0]
