"""What Nat. Commun. 16, 913 (2025), "DDK", published of the memristors' kinetics, and how to measure it."""

from labctl.reproduction.cases import Case, Headline
from protocols.reproductions.ddk_training import TRAINING

CELLS, CYCLES = 24, 2
"""Fewer than the paper's 100 and 100, for time: the means over 48 trains have standard errors of some 1 %."""

_NO_NUMBER = "the paper shows it in a figure and in words alone; "
_BAND = _NO_NUMBER + "the 95 % band over trains is 25 % wide from end to end, and means within one band are alike"
_RISES = _NO_NUMBER + "each step of the sweep must go up"
_SAME_MINIMUM = "both end in one minimum; 1e-6 is far below any error of a fit"


def _sweep(vary: str, *more: Headline, note: str = "") -> Case:
    return Case(
        "DDK-B",
        "kinetics",
        (
            Headline(
                f"steps of the {vary.replace('_', ' ')} in which beta rises (share)", "beta_rises", 1.0, 0.0, _RISES
            ),
            Headline(
                f"alpha over the {vary.replace('_', ' ')}: highest minus lowest mean, relative",
                "alpha_span",
                0.0,
                0.25,
                _BAND,
                note=note,
            ),
            *more,
            Headline(
                "distance of the batched fits from trust-region-reflective", "trf_difference", 0.0, 1e-6, _SAME_MINIMUM
            ),
        ),
        {"vary": vary, "cells": CELLS, "cycles": CYCLES},
    )


CASES: tuple[Case, ...] = (
    Case(
        "DDK-A",
        "dc-sweep",
        (
            Headline(
                "d.c. SET voltage (V)",
                "set_voltage",
                1.4,
                0.1,
                "the paper says 'near 1.4 V'; five steps of the sweep",
                put_in=True,
            ),
            Headline(
                "d.c. RESET voltage, half of the change done (V)",
                "reset_voltage",
                -1.25,
                0.1,
                "the paper says 'from about -1.25 V'; five steps of the sweep",
                put_in=True,
            ),
        ),
        {"gate_set": 1.5, "gate_reset": 1.5, "set_stop": 1.8, "reset_stop": -2.0, "expected": 100e-6, "cycles": 5},
        station="ddk-cell",
    ),
    _sweep("amplitude"),
    _sweep(
        "width",
        note="beta triples meanwhile. Diffusion lasts as long as the pulse and 1 us (+8 %), and the recursion, which "
        "takes drift and diffusion of a pulse in one step, gives alpha the rest where beta^2/alpha is no longer small",
    ),
    _sweep(
        "initial_resistance",
        Headline(
            "rise of beta up to 15 kOhm, relative",
            "beta_rise_below",
            0.15,
            0.0,
            _NO_NUMBER + "a rise of half a band's width is plain to see",
            bound="at least",
        ),
        Headline(
            "rise of beta beyond 15 kOhm, relative (saturation)",
            "beta_rise_beyond",
            0.0,
            0.1,
            _NO_NUMBER + "a rise of less than a third of the band's width cannot be seen in it",
            bound="at most",
        ),
    ),
    Case(
        "DDK-C",
        "feature-map",
        (
            Headline("species whose maps are measured", "sounds", 4.0, 0.0, "a count"),
            Headline(
                "maps of a cell that are told apart (share)",
                "identified",
                1.0,
                0.1,
                "the paper's maps are visibly different; one map in ten may be mistaken for another. The calls are "
                "synthetic, so this is about the method and not about whales",
            ),
            Headline(
                "residual of the recursion in a map, root mean square",
                "residual_rms",
                0.0,
                0.1,
                _NO_NUMBER + "the fits are good where the residual is small beside the range of 1",
            ),
        ),
    ),
    *TRAINING,
)
