"""Where the program starts: refuses a shadowed package of ours, then offers the commands.

The commands themselves are in `synth/console/commands`.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
PACKAGES = ("synth", "envs", "verifiers", "agents", "model", "kernels", "data")


def strangers() -> str:
    """Which package of another project is in the way of ours; empty if none is."""
    for name in PACKAGES:
        spec = find_spec(name)
        if spec and spec.origin and Path(spec.origin).resolve().parent != HERE / name:
            return f"{spec.origin} shadows our package {name!r}"
        installed = [Path(entry) / name for entry in sys.path if entry.endswith("-packages")]
        if any(path.exists() and path.resolve() != HERE / name for path in installed):
            from importlib.metadata import packages_distributions

            owners = set(packages_distributions().get(name, ())) - {"palaestra"}
            if owners:
                return f"{', '.join(sorted(owners))} brings a second package {name!r} beside ours"
    return ""


if problem := strangers():
    sys.exit(f"Error: {problem}; use a fresh virtual environment")

from synth.console.commands import ALL  # noqa: E402 - only now is it known to be ours
from synth.console.frame import Commands, version  # noqa: E402


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version)
def cli() -> None:
    """Make tasks that are hard to solve and easy to verify; prove, play and export them."""


for command in ALL:
    cli.add_command(command)


def main() -> None:
    """Where the console script enters."""
    cli()


if __name__ == "__main__":
    main()
