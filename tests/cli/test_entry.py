"""How the program starts: quickly, with its own packages, and with help for every command."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.conftest import Run, error_line

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "tantivy", "matplotlib", "pyarrow", "sqlalchemy", "pydantic", "aiohttp", "rich")
COMMANDS = [
    "certify",
    "doctor",
    "export",
    "kinds",
    "play",
    "rollout",
    "show",
    "stats",
    "synth",
    "tasks",
]


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [[], ["synth"], ["stats"]], ids=["all", "synth", "stats"])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    done = python("-X", "importtime", "cli.py", *command, "--help")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)


def test_help_lists_the_commands_of_the_contract(run: Run) -> None:
    shown = run("--help").stdout.partition("Commands:")[2].splitlines()
    assert [
        line.split()[0] for line in shown if line.startswith("  ") and line[2] != " "
    ] == sorted([*COMMANDS, "serve"])


def test_a_server_without_what_it_needs_says_what_to_do(run: Run) -> None:
    if find_spec("vllm") or (ROOT / ".venv-vllm" / "bin" / "python").is_file():
        pytest.skip("vLLM is installed here")
    line = error_line(run("serve", "model"))
    assert "make vllm" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_the_shared_options(run: Run, command: str) -> None:
    shown = run(command, "--help").stdout
    said = shown.partition("\n\n")[2].partition("Options:")[0]
    assert said.strip()
    assert "--db" in shown
    assert "--json" in shown


def test_a_package_that_shadows_ours_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "verifiers").mkdir()
    (tmp_path / "verifiers" / "__init__.py").touch()
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.path.append('.'); import cli"
    done = python("-c", start)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path}/verifiers/__init__.py shadows our package 'verifiers'" in done.stderr
    assert "fresh virtual environment" in done.stderr


def test_a_distribution_with_a_package_of_our_name_ends_the_start(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    about = site / "openai_agents-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "agents").mkdir()
    (site / "agents" / "__init__.py").touch()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: openai-agents\nVersion: 1.0\n")
    (about / "RECORD").write_text("agents/__init__.py,,\nopenai_agents-1.0.dist-info/RECORD,,\n")
    done = python("cli.py", "--help", PYTHONPATH=str(site))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "openai-agents brings a second package 'agents' beside ours" in done.stderr


def test_wrong_usage_exits_with_2(run: Run) -> None:
    assert run("synth").exit_code == 2
    assert run("synth", "--kind", "search", "--n", "0").exit_code == 2
    assert run("synth", "--kind", "search", "--ray", "local", "--workers", "2").exit_code == 2
    assert run("export", "--format", "jsonl").exit_code == 2
    assert run("no-such-command").exit_code == 2


def test_an_unusable_database_is_one_line_and_stays_as_it_is(run: Run, database: Path) -> None:
    database.write_text("these are my notes, not a database")
    assert "damaged or no database" in error_line(run("tasks"))
    assert database.read_text() == "these are my notes, not a database"


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    command = f"{sys.executable} cli.py kinds --json | true"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
