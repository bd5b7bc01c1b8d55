"""Java projects in Maven's or Gradle's layout: javac, and the JUnit Platform's own launcher.

Neither Maven nor Gradle runs: their registries are not asked, and a build that only compiles and
tests needs nothing of them. So projects are taken whose build files name no library but JUnit and
Hamcrest, and no generated sources. Suites for JUnit 4 and 5 run.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from defusedxml.ElementTree import ParseError, fromstring

from data.errors import EnvironmentFault, SourceError
from envs.code.layout import Layout, checked, text_of
from envs.code.spec import Toolchain
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.driven import FOLDER, REPORTS, Command, needs, plan, program
from envs.code.tree import Tree

JARS = Path("/usr/share/java")
LIBRARIES = (
    *("junit-platform-console", "junit-platform-launcher", "junit-platform-engine"),
    *("junit-platform-commons", "junit-platform-reporting", "junit-jupiter-api"),
    *("junit-jupiter-engine", "junit-jupiter-params", "junit-vintage-engine", "junit4", "hamcrest"),
    *(
        "opentest4j",
        "opentest4j-reporting-events",
        "opentest4j-reporting-schema",
        "apiguardian-api",
    ),
    *("picocli", "univocity-parsers"),
)
PROGRAMS = {
    "java": "default-jdk-headless",
    "javac": "default-jdk-headless",
    f"{JARS}/junit-platform-console.jar": "junit5",
    f"{JARS}/junit4.jar": "junit4",
}
_KNOWN = ("junit", "org.junit", "org.hamcrest", "org.apiguardian", "org.opentest4j")
_GRADLE = re.compile(
    r"^\s*(?:api|compile\w*|implementation|runtime\w*|test\w+|annotationProcessor)"
    r"[\s(]+(?:platform\s*\(\s*)?['\"]([\w.-]+):",
    re.MULTILINE,
)
_TEST_WORD = re.compile(
    r"@(?:Test|ParameterizedTest|RepeatedTest|TestFactory)\b|extends\s+TestCase\b"
)
_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx512m", "-Xss1m")
CLASSES = "/tmp/classes"


def describe(tree: Tree) -> Layout | None:
    """None for what has no build file of Java; raises `SourceError` for what we cannot run."""
    build = next((b for b in ("pom.xml", "build.gradle", "build.gradle.kts") if b in tree), None)
    if build is None:
        return None
    needed = _maven(tree) if build == "pom.xml" else _GRADLE.findall(text_of(tree, build))
    foreign = [name for name in needed if not name.startswith(_KNOWN)]
    if foreign:
        raise SourceError(f"dependencies: it needs {foreign[0]}, and its registry is not asked")
    if any(path.endswith("module-info.java") for path in tree):
        raise SourceError("modules: it declares a Java module")
    tests = [
        path
        for path in sorted(tree)
        if path.startswith("src/test/java/")
        and path.endswith(".java")
        and _TEST_WORD.search(text_of(tree, path))
    ]
    command = "mvn test" if build == "pom.xml" else "gradle test"
    main = (p for p in sorted(tree) if p.startswith("src/main/java/") and p.endswith(".java"))
    return checked(
        Layout(
            toolchain=Toolchain(name="java", command=command),
            framework="junit",
            sources=tuple(main),
            tests=tuple(tests),
        )
    )


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    """The settings of the Java installation, which it keeps in /etc."""
    needs(PROGRAMS)
    return {str(folder): folder for folder in _settings()}


@cache
def _settings() -> tuple[Path, ...]:
    found = Path("/usr/bin/java").resolve().parent.parent / "conf" / "security"
    try:
        folder = (found / "java.security").resolve(strict=True).parent.parent
    except OSError as error:
        raise EnvironmentFault(
            f"Java has no {found}/java.security: reinstall its package"
        ) from error
    return () if folder.is_relative_to("/usr") else (folder,)


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    """The agent compiles against the same libraries, without naming them."""
    return {"CLASSPATH": ":".join([CLASSES, *_jars()])}


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """All sources are compiled, with all tests; only the classes of `request.modules` run."""
    order = request.seed if request.order is None else request.order
    path = [CLASSES, *_jars()]
    console = [
        *("java", *_FLAGS, "-cp", ":".join(path), "org.junit.platform.console.ConsoleLauncher"),
        *("--disable-banner", "--details=none", f"--reports-dir={REPORTS}"),
        *(f"--select-class={_class(module)}" for module in request.modules),
    ]
    if order:
        settings = {
            "junit.jupiter.testmethod.order.default": "org.junit.jupiter.api.MethodOrderer$Random",
            "junit.jupiter.testclass.order.default": "org.junit.jupiter.api.ClassOrderer$Random",
            "junit.jupiter.execution.order.random.seed": str(order),
        }
        console += [f"--config={key}={value}" for key, value in settings.items()]
    run = Command(tuple(console), form="junit", source=REPORTS)
    build = _compile(request.tree, ("src/main", "src/test"), _jars())
    return plan(request, build, [run], {}, clock=False)


def script(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """A single source file, run by Java's launcher with the tree's classes at hand."""
    compiled = _compile(request.tree, ("src/main",), [])
    steps = [" ".join(f"'{word}'" for word in command.argv) for command in compiled]
    run = " ".join(["java", *_FLAGS, "-cp", CLASSES, f"{FOLDER}/Script.java"])
    text = " && ".join([*(f"{step} > /dev/null 2>&1" for step in steps), run])
    return program(["sh", "-c", text], {}, {"Script.java": request.script})


def _compile(tree: Tree, roots: tuple[str, ...], path: list[str]) -> list[Command]:
    """One compiler for all: each costs a second before its first line."""
    javac = ["javac", "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-J-Xmx512m", "-nowarn"]
    javac += ["-proc:none", "-g", "-encoding", "UTF-8", "-d", CLASSES]
    javac += ["-cp", ":".join(path)] if path else []
    folders = tuple(f"{root}/java/" for root in roots)
    sources = [p for p in sorted(tree) if p.startswith(folders) and p.endswith(".java")]
    resources = [f"{root}/resources" for root in roots]
    found = [r for r in resources if any(p.startswith(f"{r}/") for p in tree)]
    copies = [Command(("cp", "-r", f"{folder}/.", CLASSES)) for folder in found]
    return [Command((*javac, *sources)), *copies]


def _jars() -> list[str]:
    return [f"{JARS}/{name}.jar" for name in LIBRARIES]


def _class(module: str) -> str:
    """`src/test/java/a/b/CTest.java` is the class `a.b.CTest`."""
    return ".".join(PurePosixPath(module.removeprefix("src/test/java/")).with_suffix("").parts)


def _maven(tree: Tree) -> list[str]:
    """Group ids of all dependencies; raises `SourceError` where there is more than one module."""
    try:
        root = fromstring(tree["pom.xml"].content)
    except (ParseError, ValueError) as error:
        raise SourceError(f"pom.xml is no XML: {error}") from error
    names = {node.tag.rpartition("}")[2]: node for node in root}
    if "modules" in names:
        raise SourceError("modules: it is built of several modules")
    wanted = names.get("dependencies", ())
    groups = (child for dependency in wanted for child in dependency)
    return [(g.text or "").strip() for g in groups if g.tag.rpartition("}")[2] == "groupId"]
