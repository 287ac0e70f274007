"""Amorphise, crystallise and partly crystallise a phase-change cell, watch each pulse, and follow its drift.

The generator gives the pulses of Nat. Commun. 12, 319 (2021), the oscilloscope watches them at the cell, and the source
meter reads the resistance. The current is what the generator's 50 Ohm leave: (programmed - measured voltage) / 50 Ohm.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import labctl
from labctl.capabilities import Floats, Pulse, Waveform

RESET = Pulse(height=5.0, rise=5e-9, width=60e-9, fall=5e-9)
SET = Pulse(height=3.0, rise=5e-9, width=400e-9, fall=300e-9)
PARTIAL = [Pulse(height=volts, rise=5e-9, width=60e-9, fall=5e-9) for volts in (2.0, 2.1, 2.2, 2.3, 2.4)]
READ_VOLTAGE, COMPLIANCE = 0.2, 1e-3
SOURCE_RESISTANCE = 50.0
AVERAGED = 41
"""Samples averaged for the current: one step of the oscilloscope's converter is 0.8 mA here."""
AGES = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], dtype=np.float64)  # s after the pulse


class Written(NamedTuple):
    """A pulse, what the scope saw of it, and the resistance (Ohm) right after it."""

    name: str
    pulse: Pulse
    seen: Waveform
    resistance: float


def read(lab: Any) -> float:
    """Return the resistance at a low voltage, in Ohm."""
    reading = lab["smu"].measure_current(READ_VOLTAGE, compliance=COMPLIANCE)
    return float(reading.voltages[0] / reading.currents[0])


def write(lab: Any, name: str, pulse: Pulse) -> Written:
    lab["scope"].arm(duration=2e-6, level=pulse.height / 3.0)
    lab["pulser"].send_pulses(pulse)
    return Written(name, pulse, lab["scope"].fetch_waveform(), read(lab))


def follow(lab: Any) -> tuple[Floats, Floats]:
    """Read again and again; return the ages (s, from now on) and the resistances (Ohm)."""
    start, ages, ohms = lab.clock.now(), [], []
    for age in AGES:
        lab.clock.wait(age - (lab.clock.now() - start))
        ages.append(lab.clock.now() - start)
        ohms.append(read(lab))
    return np.array(ages), np.array(ohms)


def exponent(ages: Floats, ohms: Floats) -> tuple[float, float]:
    """Return d and R(1 s) of R = R(1 s) (t / 1 s)^d, a straight line in log-log."""
    slope, offset = np.polyfit(np.log10(ages), np.log10(ohms), 1)
    return float(slope), float(10.0**offset)


def draw(written: list[Written], drifts: dict[str, tuple[Floats, Floats]], file: Path) -> None:
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    (volts, amps), (states, drift) = figure.subplots(2, 2)
    for one in (written[0], written[1], written[4]):
        times = one.seen.times * 1e9
        shown = (times > -100) & (times < 800)
        smooth = np.convolve(one.seen.volts, np.ones(AVERAGED) / AVERAGED, mode="same")
        flat = (times > 15.0) & (
            times < one.pulse.width * 1e9 - 15.0 - (one.pulse.fall * 0.5e9 if one.name == "SET" else 0.0)
        )
        current = (one.pulse.height - smooth) / SOURCE_RESISTANCE * 1e3
        volts.plot(times[shown], one.seen.volts[shown], lw=1, label=one.name)
        amps.plot(times[flat], current[flat], lw=1, label=one.name)
    amps.set_ylim(bottom=0.0)
    volts.set(title="Pulses at the cell (oscilloscope)", xlabel="time (ns)", ylabel="voltage (V)")
    amps.set(title="Current on the pulses' flat tops", xlabel="time (ns)", ylabel="current (mA)")
    states.semilogy([one.resistance for one in written], "o-")
    states.set(title=f"Resistance after each pulse, at {READ_VOLTAGE:g} V", ylabel="resistance (Ohm)")
    states.set_xticks(range(len(written)), [one.name for one in written], rotation=60)
    for name, (ages, ohms) in drifts.items():
        d, first = exponent(ages, ohms)
        (line,) = drift.loglog(ages, ohms, "o", label=f"after {name}: d = {d:.3f}")
        drift.loglog(ages, first * ages**d, "--", color=line.get_color())
    drift.set(title="Drift", xlabel="time after the pulse (s)", ylabel="resistance (Ohm)")
    for axes in (volts, amps, drift):
        axes.legend()
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--station", default="full-lab")
    parser.add_argument("--simulate", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--seed", type=int, default=1, help="of the simulated cell")
    parser.add_argument("--output", type=Path, default=Path("runs"))
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    with labctl.open_station(given.station, simulate=given.simulate, seed=given.seed) as lab:
        lab["scope"].settings()["ch1_scale"].set(1.0)
        lab["scope"].settings()["ch1_offset"].set(2.0)
        written = [write(lab, "SET", SET), write(lab, "RESET", RESET)]
        written += [write(lab, f"{pulse.height:g} V", pulse) for pulse in PARTIAL]
        written.append(write(lab, "SET", SET))
        drifts = {"SET": follow(lab)}
        written.append(write(lab, "RESET", RESET))
        drifts["RESET"] = follow(lab)
    for one in written:
        print(f"{one.name:>6}  {one.resistance:.3g} Ohm")
    for name, (ages, ohms) in drifts.items():
        print(f"after {name}: {ohms[0]:.3g} Ohm at 1 s, exponent {exponent(ages, ohms)[0]:.3f}")
    file = given.output / "pcm-cell.png"
    draw(written, drifts, file)
    print(file)


if __name__ == "__main__":
    main()
