"""What tests say of an injected bug, with what is known of its project, is what whole runs say."""

import pytest

from synth.code.bug import Labels
from synth.code.inject import Placed
from synth.code.labels import label, label_injected
from tests.code.spans import BUG, LABELS

PASSING = (*LABELS.fail_to_pass, *LABELS.pass_to_pass)


def placed(passing: tuple[str, ...], flaky: tuple[str, ...] = ()) -> Placed:
    reached = (*LABELS.fail_to_pass, LABELS.pass_to_pass[0])
    return Placed(BUG, (LABELS.fail_to_pass,), reached, passing, flaky)


@pytest.mark.usefixtures("kept")
def test_few_runs_say_what_six_whole_ones_say() -> None:
    found = label_injected(BUG, placed(PASSING))
    assert found == label(BUG)
    assert set(found.fail_to_pass) == set(LABELS.fail_to_pass)


@pytest.mark.usefixtures("kept")
def test_tests_that_did_not_always_pass_without_the_bug_are_not_judged() -> None:
    *rest, flaky, unknown = PASSING
    found = label_injected(BUG, placed(tuple(rest), (flaky,)))
    assert found == Labels(
        fail_to_pass=tuple(sorted(LABELS.fail_to_pass)),
        pass_to_pass=tuple(sorted(set(rest) - set(LABELS.fail_to_pass))),
        flaky=tuple(sorted((flaky, unknown))),
    )
