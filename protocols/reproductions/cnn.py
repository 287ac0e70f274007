"""What Yao et al., Nature 577, 641 (2020), published of the memristor arrays, CNN-A to CNN-I, and how to measure it."""

from labctl.reproduction.cases import Case, Headline
from protocols.reproductions.cnn_training import TRAINING

HALF_STEP = 1.25
"""Half of the 2.5 uS between two levels of a weight, in uS."""
_ONE_NEIGHBOUR = "the paper gives the trend in a figure alone; one pair of the seven may be out of order by chance"

CASES: tuple[Case, ...] = (
    Case(
        "CNN-A",
        "pulse-response",
        (
            Headline(
                "share of pulse trains that move the cell the right way",
                "follow_share",
                1.0,
                0.01,
                "identical SET and RESET pulses move every cell that works; one in a hundred may be stuck or slow",
                bound="at least",
            ),
        ),
    ),
    Case(
        "CNN-B",
        "write-verify",
        (
            Headline(
                "neighbouring levels that overlap", "overlapping_levels", 0.0, 0.0, "the paper's 32 curves do not"
            ),
            Headline(
                "yield of the writes",
                "yield",
                0.9999,
                0.002,
                "two stuck cells among the 1,024 of a run are within chance",
                put_in=True,
                bound="at least",
            ),
            Headline(
                "programming error after relaxation, sd (nA)",
                "relaxed_error_std_nA",
                108.0,
                5.4,
                "5 %: the sd of 32,768 errors scatters by 1 %, cells that share bounds add the rest",
                put_in=True,
            ),
        ),
        seeds=(1, 2),
    ),
    Case(
        "CNN-C",
        "weight-transfer",
        (
            Headline(
                "programming error of a cell, sd (nA)",
                "cell_error_std_nA",
                108.0,
                10.0,
                "10 %: a pair keeps one cell at 2.5 uS, where the model relaxes less than in its window as a whole",
                put_in=True,
            ),
            Headline("levels of a weight", "levels", 15.0, 0.0, "eight levels of each cell", put_in=True),
        ),
    ),
    Case(
        "CNN-D",
        "pulse-count",
        (
            Headline(
                "share of neighbouring levels of which the farther one takes more pulses",
                "falls_with_level",
                1.0,
                1.0 / 7.0,
                _ONE_NEIGHBOUR,
                bound="at least",
            ),
            Headline(
                "rank correlation of pulses and distance",
                "rank_correlation",
                0.5,
                0.0,
                "the paper says that pulses grow with the distance; 0.5 is called a clear correlation",
                bound="at least",
            ),
        ),
    ),
    Case(
        "CNN-E",
        "dc-sweep",
        (
            Headline(
                "SET current at 1.5 V (uA)",
                "set_current_uA",
                60.0,
                9.0,
                "15 %, one sd of the upper bound from cell to cell; a run is one cell",
                put_in=True,
            ),
            Headline(
                "RESET current, largest (uA)",
                "reset_current_uA",
                45.0,
                6.75,
                "15 %, as the SET current",
            ),
            Headline(
                "RESET voltage, half of the change done (V)",
                "reset_voltage",
                -1.2,
                0.1,
                "a point of a curve; cells differ by 25 mV, and the unknown ramp rate moves it by 0.15 V a decade",
                put_in=True,
            ),
            Headline(
                "RESET voltage of the largest current (V)",
                "reset_peak_voltage",
                -1.2,
                0.1,
                "as above",
                note="the model begins to RESET at its threshold of 1.0 V, so its current turns 0.2 V early",
            ),
        ),
    ),
    Case(
        "CNN-F",
        "read-disturb",
        (
            Headline(
                "largest change of a level's mean after 1e6 reads (uS)",
                "largest_level_change_uS",
                0.0,
                HALF_STEP,
                "no marked change: less than half of a level's step",
                put_in=True,
                bound="at most",
            ),
            Headline(
                "p value of read against unread weights",
                "disturb_p_value",
                0.05,
                0.0,
                "no systematic change: the mean over the seeds is above the usual bound",
                put_in=True,
                bound="at least",
            ),
        ),
        seeds=(1, 2),
    ),
    Case(
        "CNN-G",
        "retention",
        (
            Headline(
                "levels that have come together after 30 days", "levels_out_of_order", 0.0, 0.0, "the levels stay apart"
            ),
            Headline(
                "share of weights with a tail cell after 30 days",
                "tail_share",
                0.005,
                0.005,
                "a few among 936: one to nine",
                put_in=True,
            ),
        ),
    ),
    Case(
        "CNN-H",
        "retention",
        (
            Headline(
                "largest change of a level's mean within 120 min (uS)",
                "largest_level_change_uS",
                0.0,
                HALF_STEP,
                "the paper's accuracy changes by tenths of a point: no level moves by half of a step",
                bound="at most",
                note="of the weights alone: the accuracy over time is train-cnn's, with its parameter ageing",
            ),
        ),
        parameters={"first": 600.0, "duration": 7200.0, "points": 6},
    ),
    Case(
        "CNN-I",
        "convolution-read",
        (
            Headline("kernels read in parallel", "kernels", 8.0, 0.0, "all kernels of C1", put_in=True),
            Headline(
                "correlation with the sums of single reads",
                "correlation",
                1.0,
                0.005,
                "the sums are to be those of the weights, up to read noise and the converter's steps",
                bound="at least",
            ),
        ),
    ),
    *TRAINING,
)
