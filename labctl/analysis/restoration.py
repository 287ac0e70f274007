"""What the in-situ training of an image-mending network gives: image quality, updates and pulses."""

import numpy as np

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

NAMES = ("input", "float", "in_situ")
LATE = 0.25
"""Share of the mini-batches at the end that ``late_updated_share`` is of."""


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run of ``train-autoencoder`` or ``train-srnet``.

    SSIM is that of an 11 x 11 uniform window with data range 1, the mean over the test images. The summary has, for the
    input as it is (``input``), float software (``float``) and the cells (``in_situ``) at the last validation,
    ``WHO_ssim``, ``WHO_psnr_dB`` and ``WHO_loss``; ``ssim_lost`` (float less in situ) and ``ssim_gained`` (in situ less
    input); of the training in situ ``weights``, ``mini_batches``, ``updated_share`` (weights updated in a mini-batch,
    R_up) with its standard error, ``late_updated_share`` (in the last quarter), ``pulses_per_updated_cell`` (N_cell),
    ``pulses_per_device`` (per weight and mini-batch, N_up) and ``pulses``; of the load ``load_pulses``, the mean, and
    ``load_error_std_uS``; ``references_missed`` (reference cells out of tolerance after it) and ``stuck_cells`` (that
    did not answer to their pulses in the training).

    Source: EAPU, Nat. Commun. 16, 11494 (2025), eq. (9) and (10).
    """
    validation, iteration, loaded = (run.arrays(name) for name in ("validation", "iteration", "loaded"))
    summary: dict[str, float | int] = {}
    for who, name in enumerate(NAMES):
        mine = np.flatnonzero(validation["who"] == who)
        if len(mine):
            summary[f"{name}_ssim"] = float(validation["ssim"][mine[-1]])
            summary[f"{name}_psnr_dB"] = float(validation["psnr"][mine[-1]])
            summary[f"{name}_loss"] = float(validation["loss"][mine[-1]])
    if "in_situ_ssim" in summary:
        summary["ssim_lost"] = float(summary["float_ssim"]) - float(summary["in_situ_ssim"])
        summary["ssim_gained"] = float(summary["in_situ_ssim"]) - float(summary["input_ssim"])
    weights = int((loaded["layer"] < 3).sum())
    on_cells = iteration["who"] == 2
    updated, pulses = iteration["updated"][on_cells], iteration["pulses"][on_cells]
    summary |= {"weights": weights, "mini_batches": len(updated), "pulses": int(pulses.sum())}
    if len(updated):
        share = updated / weights
        summary |= {
            "updated_share": float(share.mean()),
            "updated_share_error": float(share.std(ddof=min(1, len(share) - 1)) / np.sqrt(len(share))),
            "late_updated_share": float(share[-max(1, round(LATE * len(share))) :].mean()),
            "pulses_per_updated_cell": float(pulses.sum() / max(updated.sum(), 1)),
            "pulses_per_device": float(pulses.mean() / weights),
        }
    if weights:
        summary["load_pulses"] = float(loaded["pulses"].mean())
        missed = np.abs(loaded["conductance"] - loaded["target"]) > run.parameters["tolerance"]
        summary["references_missed"] = int((missed & (loaded["layer"] == 3)).sum())
        summary["stuck_cells"] = run.lengths.get("stuck", 0)
        summary["load_error_std_uS"] = float((loaded["conductance"] - loaded["target"]).std() * 1e6)
    return Results(summary, _tables(run), "quality", printed="quality")


def _tables(run: RunData) -> dict[str, Table]:
    validation, iteration = run.arrays("validation"), run.arrays("iteration")
    on_cells = iteration["who"] == 2
    quality = {name: validation[name] for name in ("who", "iteration", "ssim", "psnr", "loss")}
    steps = {name: iteration[name][on_cells] for name in ("iteration", "loss", "updated", "pulses_per_device")}
    return {
        "quality": Table(quality, {}, "ssim", "iteration", ("psnr", "loss")),
        "steps": Table(steps, {}, "loss", "iteration", ("updated", "pulses_per_device")),
    }
