"""Trees say how they are built and tested, or why we cannot."""

import json

import pytest

from data.errors import EnvironmentFault, SourceError
from envs.code.layout import Layout, detect, is_configuration, is_test
from envs.code.spec import Toolchain
from envs.code.toolchains import toolchain_module
from envs.code.toolchains.driven import needs
from envs.code.toolchains.native import make_target
from envs.code.tree import File, Tree


def tree(**texts: str) -> Tree:
    return {path: File(content=text.encode()) for path, text in texts.items()}


def package(test: str, **more: object) -> str:
    return json.dumps(
        {"name": "x", "scripts": {"test": test, "unit": "mocha -r ./hook.js"}, **more}
    )


def node(test: str, **more: object) -> Layout:
    suite = "const { test } = require('./x'); test('a', () => {});"
    files = {
        "package.json": package(test, **more),
        "index.js": "",
        "types.d.ts": "",
        "dist/index.js": "",
        "test/a.js": suite,
        "test/data.js": "module.exports = 1;",
        "test/fixtures/b.test.js": suite,
    }
    return detect(tree(**files))


@pytest.mark.parametrize(
    ("command", "framework"),
    [
        ("jest --coverage", "jest"),
        ("npm run unit && npm run lint", "mocha"),
        ("nyc tape 'test/**/*.js'", "tape"),
        ("node --test test/", "node:test"),
        ("vitest run", "vitest"),
        ("tap test/*.js", "tap"),
        ("node test/all.js", "plain"),
    ],
)
def test_the_test_command_names_the_framework(command: str, framework: str) -> None:
    found = node(command)
    assert found.framework == framework
    assert found.sources == ("index.js",)
    data = ("test/data.js",) if framework == "plain" else ()
    assert found.tests == ("test/a.js", *data)


def test_of_what_authors_use_only_what_tests_need_is_installed() -> None:
    found = node(
        "mocha",
        dependencies={"a": "^1.0.0"},
        devDependencies={
            "mocha": "^10.0.0",
            "eslint": "^8.0.0",
            "typescript": "^5.0.0",
            "chai": "4.x",
            "local": "file:../local",
        },
    )
    assert found.requirements == ("a@^1.0.0", "chai@4.x", "mocha@^10.0.0")


GO = "module example.org/x\n\ngo 1.18\n"
POM = (
    "<project><dependencies><dependency><groupId>{}</groupId></dependency></dependencies></project>"
)
JAVA = {
    "src/main/java/a/B.java": "class B {}",
    "src/test/java/a/BTest.java": "class BTest { @Test void x() {} }",
}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README": ""}, "no_build"),
        ({"package.json": "{"}, "package.json is no JSON"),
        ({"package.json": package("make check")}, "no_framework"),
        ({"package.json": package("jest"), "index.js": ""}, "no_tests"),
        ({"package.json": package("jest"), "binding.gyp": ""}, "compiled"),
        ({"go.mod": GO + "require example.org/y v1.0.0\n"}, "dependencies: it needs example.org/y"),
        ({"go.mod": GO.replace("1.18", "1.999")}, "go_version: it needs Go 1.999"),
        ({"go.mod": GO, "x.go": "package x"}, "no_tests"),
        ({"pom.xml": POM.format("com.google.guava"), **JAVA}, "dependencies: it needs com.google"),
        ({"pom.xml": "<project><modules/></project>"}, "modules"),
        ({"pom.xml": "<project>"}, "pom.xml is no XML"),
        (
            {"build.gradle": "dependencies {\n  implementation 'org.x:y:1'\n}", **JAVA},
            "dependencies: it needs org.x",
        ),
        ({"composer.json": '{"require": {"a/b": "*"}}'}, "dependencies: it needs a/b"),
        ({"composer.json": '{"require": {"ext-gd": "*"}}'}, "dependencies: it needs ext-gd"),
        ({"Makefile": "all:\n\tcc x.c\n", "x.c": ""}, "no_build"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_run_is_refused_with_the_reason(files: dict[str, str], reason: str) -> None:
    try:
        toolchain_module("go").mounts(Toolchain(name="go", command=""))
    except EnvironmentFault as fault:
        if "go.mod" in files:
            pytest.skip(str(fault))
    with pytest.raises(SourceError, match=reason):
        detect(tree(**files))


def test_dependencies_that_a_tree_carries_are_no_obstacle() -> None:
    files = {
        "composer.json": '{"require": {"a/b": "*"}}',
        "vendor/autoload.php": "<?php",
        "vendor/a/b/tests/BTest.php": "<?php class BTest extends TestCase {}",
        "src/A.php": "<?php class A {}",
        "tests/ATest.php": "<?php class ATest extends \\PHPUnit\\Framework\\TestCase {}",
    }
    found = detect(tree(**files))
    assert (found.sources, found.tests) == (("src/A.php",), ("tests/ATest.php",))


@pytest.mark.parametrize("build", ["pom.xml", "build.gradle"])
def test_junit_is_at_hand_in_both_layouts_of_java(build: str) -> None:
    text = POM.format("org.junit.jupiter")
    if build == "build.gradle":
        text = "dependencies {\n  testImplementation('org.junit.jupiter:junit-jupiter:5.9.2')\n}"
    found = detect(tree(**{build: text, **JAVA}))
    assert found.toolchain.name == "java"
    assert found.tests == ("src/test/java/a/BTest.java",)


@pytest.mark.parametrize(
    ("files", "language", "framework"),
    [
        ({"CMakeLists.txt": "enable_testing()", "a.cpp": "", "b.h": ""}, "cpp", "cmake"),
        ({"configure": "", "Makefile.in": "", "a.c": ""}, "c", "autotools"),
        ({"Makefile": "check: all\n\t./x\n", "a.c": ""}, "c", "make"),
        ({"Makefile": "test := 1\ntests:\n\t./x\n", "a.cc": ""}, "cpp", "make"),
    ],
)
def test_build_files_that_know_of_tests_are_found(
    files: dict[str, str], language: str, framework: str
) -> None:
    found = detect(tree(**files, **{"tests/t.c": "", "tests/t.cc": ""}))
    assert (found.toolchain.name, found.framework) == (language, framework)
    if framework == "make":
        assert f"make {make_target(tree(**files))}" == found.toolchain.command


@pytest.mark.parametrize(
    "path",
    ["test/a.js", "src/x.spec.ts", "a_test.go", "src/test/java/B.java", "tests/t.c", "ATest.php"]
    + ["__tests__/a.tsx", "pkg/testdata/x.json", "test_ini.c"],
)
def test_tests_are_told_from_sources(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    ["package.json", "a/tsconfig.build.json", "go.sum", "CMakeLists.txt", "phpunit.xml.dist"],
)
def test_configuration_is_told_from_sources(path: str) -> None:
    assert is_configuration(path)


@pytest.mark.parametrize(
    "path", ["src/contest.js", "lib/latest.go", "attestation.c", "src/Spec.java"]
)
def test_sources_are_neither(path: str) -> None:
    assert not is_test(path)
    assert not is_configuration(path)


def test_a_missing_toolchain_is_one_line_with_its_package() -> None:
    with pytest.raises(
        EnvironmentFault, match="no-such-go is not installed .package golang-go.: run"
    ):
        needs({"no-such-go": "golang-go"})
