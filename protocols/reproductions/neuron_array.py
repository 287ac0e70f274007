"""NEURON's arrays: synapses that drive neurons, learn and infer. Source: Wang et al., Nat. Electron. 1, 137 (2018)."""

from labctl.reproduction.cases import Case, Headline
from protocols.reproductions import neuron

_YES = "yes or no, in all inputs of all seeds"
_GROWS = "the paper says that it grows and gives no number; 10 % is well above the reading's noise"
_STAYS = "a synapse that is not named is to stay; the reading's noise is well below 10 %"


def _two_by_two(letters: str, station: str, parameters: dict[str, object]) -> Case:
    return Case(
        letters=letters,
        protocol="unsupervised-2x2",
        station=station,
        parameters=parameters,
        headlines=(
            Headline("input 10: N2 fires", "fired_10_N2", 1.0, 0.0, _YES),
            Headline("input 10: N1 fires", "fired_10_N1", 0.0, 0.0, _YES),
            Headline("input 10: growth of S12", "growth_10_S12", 1.1, 0.0, _GROWS, bound="at least"),
            Headline("input 10: growth of S21", "growth_10_S21", 1.0, 0.1, _STAYS),
            Headline("input 11: N1 fires", "fired_11_N1", 1.0, 0.0, _YES),
            Headline("input 11: N2 fires", "fired_11_N2", 1.0, 0.0, _YES),
            Headline("input 11: growth of S12", "growth_11_S12", 1.1, 0.0, _GROWS, bound="at least"),
            Headline("input 11: growth of S21", "growth_11_S21", 1.1, 0.0, _GROWS, bound="at least"),
            Headline(
                "input 11: growth of S11",
                "growth_11_S11",
                1.0,
                0.1,
                _STAYS,
                note="firing sets each synapse of the column whose row is on; one with a wider gap only grows less",
            ),
        ),
    )


CASES_ARRAY: tuple[Case, ...] = (
    Case(
        letters="NEURON-G",
        protocol="synapse-neuron",
        headlines=(
            Headline("small weight: share of inputs that fire", "small_fired", 0.0, 0.0, _YES),
            Headline("large weight: share of inputs that fire", "large_fired", 1.0, 0.0, _YES),
        ),
    ),
    _two_by_two("NEURON-H", "neuron-2x2", {}),
    _two_by_two(
        "NEURON-H, little C",
        "neuron-2x2-low",
        {"shape": "spikes", "amplitude": 0.85, "width": 400e-6, "sampling": 2e-6},
    ),
    Case(
        letters="NEURON-I",
        protocol="pattern-inference",
        headlines=(
            Headline(
                "letters with a firing pattern of their own",
                "distinct_letters",
                4,
                0.0,
                "all of U, M, A, S, in all seeds",
            ),
            Headline("sub-images that fire their filter's neuron", "clean_right", 1.0, 0.0, _YES),
            Headline("other neurons that fire", "clean_wrong", 0.0, 0.0, _YES),
            Headline(
                "longer integration with noise (us)",
                "noise_delay_us",
                0.0,
                0.0,
                "the paper says longer and gives no number",
                bound="at least",
            ),
        ),
    ),
    Case(
        letters="NEURON-J",
        protocol="unsupervised-8x3",
        parameters={"patterns": 20},
        headlines=(
            Headline("prototypes learned, of 3", "prototypes_found", 3, 0.0, "all of them, in all seeds"),
            Headline(
                "wins of a neuron until its synapses stay",
                "wins_until_kept",
                5,
                0.0,
                "the paper says within a few cycles; five is the most that one would call a few",
                bound="at most",
            ),
            Headline(
                "letters won by their neuron afterwards", "winners_right_after", 1.0, 0.05, "one in twenty may err"
            ),
            Headline(
                "amplitude at the end over that at a letter's first time",
                "amplitude_ratio",
                1.0,
                0.0,
                "the paper says that the input falls and settles, and gives no number",
                bound="at most",
            ),
            Headline(
                "synapses before the first pattern (uS)",
                "start_uS",
                100.0,
                5.0,
                "the paper says around 100 uS; the cells' spread of 5 % is assumed",
                put_in=True,
            ),
        ),
    ),
)
"""Every protocol of the arrays."""
CASES: tuple[Case, ...] = (*neuron.CASES, *CASES_ARRAY)
"""The whole paper: the single neuron's protocols, then the arrays'."""
