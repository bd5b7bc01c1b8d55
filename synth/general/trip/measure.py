"""How hard a trip is, in numbers that the certificate derives again."""

from math import log10

from synth.general.trip.frame import SLOTS, Frame
from synth.general.trip.witness import least_calls, witness
from verifiers.general.constraints import PlanProblem, Scalar


def measures(
    frame: Frame, whole: PlanProblem, plan: dict[str, Scalar], plain: int, right: int
) -> dict[str, float]:
    """`plain` plans keep the standing rules, `right` ones all rules."""
    well_formed = 0.0
    for table in SLOTS.values():
        well_formed += frame.num_days * log10(len(frame.rows(table)))
    return {
        "days": frame.num_days,
        "rules": len(whole.rules),
        "log10_well_formed": round(well_formed, 3),
        "log10_plain": round(log10(plain), 3),
        "log10_right": round(log10(right), 3),
        "log10_density": round(log10(right) - well_formed, 3),
        "log10_density_of_plain": round(log10(right) - log10(plain), 3),
        "least_calls": least_calls(frame),
        "witness_calls": len(witness(frame, plan, whole.rules).calls),
    }
