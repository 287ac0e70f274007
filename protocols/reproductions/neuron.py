"""NEURON-A to F: Wang et al., Nat. Electron. 1, 137 (2018), on one simulated diffusive memristor.

What we have of the paper has no pulse amplitudes and few numbers: most of what is compared is which way a count goes.
Where a count of 2 stands as published, the closed form has it for our amplitude, and the paper that it does not change.
"""

from typing import Any

from labctl.reproduction.cases import Bound, Case, Headline

_QUICK: dict[str, Any] = {"lead": "5 ms", "repeats": 3}
"""Simulated instruments answer at once, so that the current need not be recorded long before the pulses."""
_FIXED = {
    **_QUICK, "levels": 1, "amplitude": "1 V", "width": "100 us", "width_end": 0, "interval": "100 us", "repeats": 6,
}  # fmt: skip
_COUNTS = "a count is whole, and the threshold differs from firing to firing: half a pulse"
_MORE = "more than the 2 that 50 kOhm and 5 nF take"
_RANKS = "ties of whole counts at neighbouring levels take from a perfect order"
_FORMULA = "20 trains whose counts have the rounding of whole pulses; the firing voltage rises some 2 % with the slope"


def _formula(what: str) -> Headline:
    return Headline(
        f"pulses to fire over V_n = V_in (1-a)(1-(ab)^n)/(1-ab), {what} swept",
        "pulses_over_formula",
        1.0,
        0.15,
        _FORMULA,
    )


def _order(what: str, rank: float) -> Headline:
    bound: Bound = "at most" if rank < 0.0 else "at least"
    return Headline(
        f"rank correlation of pulses to fire with {what}", "trend", rank, 0.2, _RANKS, bound=bound
    )  # fmt: skip


def _circuit(parts: str, published: float, **keywords: Any) -> Headline:
    return Headline(f"pulses to fire, 1 V, 100/100 us, {parts}", "pulses_first_level", published, **keywords)


CASES = (
    Case(
        "NEURON-A",
        "delay-relaxation",
        (
            Headline(
                "distinct delay before the current rises, 0.46 V (s)", "delay_first_level", 2e-7, 0.0,
                "longer than two edges of the pulse; the paper has no number in what we have of it",
                put_in=True, bound="at least",
            ),
            Headline(
                "share of firings after which it relaxes by itself", "relaxed_share", 1.0, 0.05,
                "a volatile switch always does; noise of the smallest reads may hide one", put_in=True,
            ),
        ),
        {"cycles": 6},
    ),
    Case(
        "NEURON-B",
        "firing",
        (
            Headline(
                "skewness of the pulses to fire (0: Gaussian)", "skewness", 0.0, 0.67,
                "three standard errors of 120 trains, one seed",
                note="the model's rate is exponential in voltage: a Gaussian threshold gives counts with a tail",
            ),
            Headline(
                "correlation of one train with the next after 200 us of rest", "memory", 0.0, 0.15,
                "the standard error of 3 x 120 trains is 0.05", put_in=True,
            ),
        ),
        {"repeats": 120},
    ),
    Case(
        "NEURON-C",
        "integrate-fire",
        (
            _order("the pulse width", -1.0),
            _formula("width"),
            Headline(
                "RC from the charging over R_a C_m", "rc_over_parts", 1.0, 0.02,
                "the scope's probe and the memristor load the circuit by 1 %", put_in=True,
            ),
            Headline(
                "share of trains with a current spike if and only if the voltage drops", "spikes_agree", 1.0, 0.05,
                "the two instruments see one event",
            ),
        ),
        {**_QUICK, "repeats": 4},
    ),
    Case(
        "NEURON-D",
        "integrate-fire",
        (_order("the amplitude", -1.0), _formula("amplitude")),
        {
            **_QUICK, "amplitude": "0.75 V", "amplitude_end": "1.5 V", "width": "100 us", "width_end": 0,
            "interval": "50 us", "resistance": "47 kohm", "capacitance": "10 nF",
        },
        station="neuron-47k-10nf",
    ),
    Case(
        "NEURON-E",
        "integrate-fire",
        (_order("the interval", 1.0), _formula("interval")),
        {
            **_QUICK, "amplitude": "0.85 V", "width": "100 us", "width_end": 0, "interval": "20 us",
            "interval_end": "120 us", "levels": 3, "repeats": 8,
        },
    ),
    Case(
        "NEURON-F", "integrate-fire",
        (_circuit("50 kOhm and 5 nF", 2.0, tolerance=0.5, reason=_COUNTS),),
        _FIXED,
    ),
    Case(
        "NEURON-F", "integrate-fire",
        (_circuit("larger C, 47 kOhm and 10 nF", 2.5, tolerance=0.0, reason=_MORE, bound="at least"),),
        {**_FIXED, "resistance": "47 kohm", "capacitance": "10 nF"},
        station="neuron-47k-10nf",
    ),
    Case(
        "NEURON-F", "integrate-fire",
        (_circuit("larger R, 100 kOhm and 5 nF", 2.5, tolerance=0.0, reason=_MORE, bound="at least"),),
        {**_FIXED, "resistance": "100 kohm"},
        station="neuron-100k-5nf",
    ),
    Case(
        "NEURON-F", "integrate-fire",
        (_circuit("constant RC, 25 kOhm and 10 nF", 2.0, tolerance=0.5, reason=_COUNTS),),
        {**_FIXED, "resistance": "25 kohm", "capacitance": "10 nF"},
        station="neuron-25k-10nf",
    ),
)  # fmt: skip
