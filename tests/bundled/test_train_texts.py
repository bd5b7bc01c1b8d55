"""Only permissive packages give text, and the command line refuses recipes that make no sense."""

from importlib.metadata import Distribution
from pathlib import Path

import pytest

from model.train.__main__ import main
from model.train.texts import files, permissive


def installed(folder: Path, *lines: str) -> Distribution:
    """A package of one long and one short text under the given metadata."""
    info = folder / "some-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", "Name: some", *lines, ""]))
    (info / "RECORD").write_text("some/long.md,,\nsome/short.md,,\nsome/table.csv,,\n")
    (folder / "some").mkdir()
    (folder / "some" / "long.md").write_text("words " * 1000)
    (folder / "some" / "short.md").write_text("words")
    (folder / "some" / "table.csv").write_text("1,2\n" * 1000)
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("lines", "allowed"),
    [
        (("License-Expression: MIT",), True),
        (("Classifier: License :: OSI Approved :: Apache Software License",), True),
        (("License: BSD 3-Clause",), True),
        (("License-Expression: GPL-3.0-only",), False),
        (("License-Expression: MIT AND LGPL-2.1-only",), False),
        (("License: MIT", "Classifier: License :: OSI Approved :: Mozilla Public License"), False),
        ((), False),
    ],
)
def test_text_comes_from_permissive_packages_alone(
    tmp_path: Path, lines: tuple[str, ...], allowed: bool
) -> None:
    assert permissive(installed(tmp_path, *lines)) == allowed


def test_of_a_package_the_texts_of_some_length_are_read(tmp_path: Path) -> None:
    found = list(files(installed(tmp_path, "License-Expression: MIT")))
    assert [path.name for path in found] == ["long.md"]


def test_a_recipe_that_makes_no_sense_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["sft", "--lr", "-1", "--device", "cpu", "--runs", str(tmp_path)]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "lr" in said
    assert said.count("\n") == 1
