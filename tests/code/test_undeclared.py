"""What tests need and nothing declares is found in what they import, and nothing else is."""

from envs.code.project import describe
from envs.code.spec import Files
from envs.code.trees import laid_over
from synth.code.undeclared import undeclared

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\nRequires-Dist: attrs\n"


def found(tests: str, name: str = "scales", **more: str) -> tuple[str, ...]:
    files: Files = {
        "PKG-INFO": METADATA.format(name),
        "scales/__init__.py": "import yaml\n",
        "tests/test_scales.py": tests,
        **{path.replace("__", "/") + ".py": text for path, text in more.items()},
    }
    tree = laid_over({}, files)
    return undeclared(describe(tree), tree)


def test_known_libraries_that_tests_import_are_added_by_the_name_of_their_distribution() -> None:
    tests = "import mock\nfrom hypothesis import given\ntry:\n    import yaml.nodes\nfinally:\n    pass\n"
    assert found(tests) == ("hypothesis", "mock", "pyyaml")


def test_what_is_declared_built_in_unknown_or_of_the_tree_is_left_out() -> None:
    tests = "import attr, os, json, unheard_of\nfrom toml import x\nimport scales\n"
    assert found(tests, tests__toml="x = 1") == ()
    assert found("import mock\n", name="Mock") == ()


def test_what_sources_alone_import_is_none_of_the_tests() -> None:
    assert found("def test_it():\n    assert True\n") == ()


def test_plugins_show_in_what_tests_ask_for() -> None:
    tests = "@pytest.mark.asyncio\nasync def test_it(mocker, tmp_path):\n    pass\n"
    assert found(tests) == ("pytest-asyncio", "pytest-mock")
