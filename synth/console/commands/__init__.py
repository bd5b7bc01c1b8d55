"""The commands of the program, in groups; `ALL` is what `cli.py` offers.

A command parses, calls one library function and shows what came of it. Everything heavy is imported
inside it, so that `--help` is immediate.
"""

from synth.console.commands import browsing, machine, making, results, serving, solving

ALL = (
    making.kinds,
    making.synth,
    making.certify,
    browsing.tasks,
    browsing.show_task,
    browsing.play,
    solving.rollout,
    serving.serve,
    results.export,
    results.stats,
    machine.doctor,
)
