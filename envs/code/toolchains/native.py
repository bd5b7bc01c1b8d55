"""C and C++ trees: CMake with CTest, autotools, or a Makefile; what test programs say by themselves.

Results are as fine as the programs tell: GoogleTest writes its own report, others speak TAP, and a
program that says nothing is one test. Only libraries that are installed here can be linked.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from data.errors import SourceError
from envs.code.layout import Layout, checked, is_test, sources_of, text_of
from envs.code.spec import REPOSITORY, Toolchain
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.driven import REPORTS, Command, needs, plan
from envs.code.tree import Tree

BUILD = "/tmp/build"
HEADERS = (".h", ".hh", ".hpp", ".hxx", ".ipp")
SUFFIXES = {"c": (".c",), "cpp": (".cc", ".cpp", ".cxx")}
PROGRAMS = {"c": {"gcc": "gcc"}, "cpp": {"g++": "g++"}}
_TARGET = re.compile(r"^(check|test|tests)\s*:(?!=)", re.MULTILINE)
_CTEST = re.compile(r"\b(enable_testing|include\s*\(\s*CTest|add_test|gtest_discover_tests)\b")
_COMMANDS = {
    "cmake": "cmake -B build && cmake --build build && ctest --test-dir build",
    "autotools": "./configure && make check",
    "make": "make {}",
}


def describe(tree: Tree, language: str) -> Layout | None:
    """None for a tree without a build file that has tests, or of the other language."""
    num = {name: sum(p.endswith(SUFFIXES[name]) for p in tree) for name in SUFFIXES}
    other = "cpp" if language == "c" else "c"
    # A C library may carry a C++ test, and a C++ one C sources; most files decide.
    if not any(num.values()) or num[language] < num[other] or num == {"c": 0, "cpp": 0}:
        return None
    framework = build_system(tree)
    if framework is None:
        return None
    target = make_target(tree) if framework == "make" else ""
    ends = (*SUFFIXES["c"], *SUFFIXES["cpp"])
    tests = tuple(p for p in sorted(tree) if p.endswith(ends) and is_test(p))
    return checked(
        Layout(
            toolchain=Toolchain(name=language, command=_COMMANDS[framework].format(target)),
            framework=framework,
            sources=sources_of(tree, (*ends, *HEADERS)),
            tests=tests,
        )
    )


def build_system(tree: Tree) -> str | None:
    """`cmake`, `autotools` or `make`, whichever knows of tests; None if none does."""
    cmake = " ".join(text_of(tree, p) for p in tree if p.endswith("CMakeLists.txt"))
    if "CMakeLists.txt" in tree and _CTEST.search(cmake):
        return "cmake"
    if "configure" in tree and "Makefile.in" in tree:
        return "autotools"
    return "make" if make_target(tree) else None


def make_target(tree: Tree) -> str:
    """The target that runs the tests; '' if there is none."""
    text = next(
        (text_of(tree, p) for p in ("GNUmakefile", "makefile", "Makefile") if p in tree), ""
    )
    found = _TARGET.search(text)
    return found[1] if found else ""


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    programs = {**PROGRAMS[toolchain.name], "make": "make"}
    if toolchain.command.startswith("cmake"):
        programs["cmake"] = "cmake"
    needs(programs)
    return {}


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return {}


def links(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return {}


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """The whole suite: what is built and run by one file cannot be told from outside."""
    framework = build_system(request.tree)
    if framework is None:
        raise SourceError("no_build: it has no build file that knows of tests")
    order = request.seed if request.order is None else request.order
    # GoogleTest and libcheck write their own reports where they are told to.
    env = {"GTEST_OUTPUT": f"xml:{REPORTS}/", "CTEST_OUTPUT_ON_FAILURE": "1"}
    if order:
        env |= {"GTEST_SHUFFLE": "1", "GTEST_RANDOM_SEED": str(order % 99_999 + 1)}
    setup, runs = {"cmake": _cmake, "autotools": _autotools, "make": _make}[framework](request)
    return plan(request, setup, runs, env)


def _cmake(request: RunRequest) -> tuple[list[Command], list[Command]]:
    order = request.seed if request.order is None else request.order
    configure = ("cmake", "-S", ".", "-B", BUILD, "-DCMAKE_BUILD_TYPE=Debug", "-DBUILD_TESTING=ON")
    report = f"{BUILD}/ctest.xml"
    shuffle = ("--schedule-random",) if order else ()
    test = ("ctest", "--test-dir", BUILD, "--output-junit", report, "--timeout", "60", *shuffle)
    run = Command(test, form="native", source=report)
    return [Command(configure), Command(("cmake", "--build", BUILD, "-j2"))], [run]


def _autotools(request: RunRequest) -> tuple[list[Command], list[Command]]:
    # A tree from an archive has no times that make could trust.
    touched = "find . -name '*.am' -exec touch {} + ; touch aclocal.m4 2>/dev/null; "
    touched += "touch configure; find . -name '*.in' -exec touch {} +; sh ./configure --quiet"
    run = Command(("make", "-k", "check"), form="trs", source=REPOSITORY)
    return [Command(("sh", "-c", touched)), Command(("make", "-j2"))], [run]


def _make(request: RunRequest) -> tuple[list[Command], list[Command]]:
    target = make_target(request.tree)
    build = Command(("make", "-j2"))
    return [build], [Command(("make", "-k", target), form="native", module=target)]
