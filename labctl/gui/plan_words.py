"""What a run would do, or why there can be none, in words beside Run."""

from labctl.gui.conductor import Conductor
from labctl.gui.form import ProtocolForm
from labctl.units import format_duration


def plan_words(conductor: Conductor, form: ProtocolForm | None, *, seed_is_wrong: bool) -> tuple[str, bool]:
    """Return the words, and whether they say that something is wrong."""
    plan, active = conductor.plan, conductor.session.is_active
    if seed_is_wrong:
        return "The seed is a whole number from 0, or empty to have one drawn.", True
    if form is not None and form.protocol is None:
        return "The form has entries that cannot be run: they are marked in it.", True
    if plan is None:
        return "checking \N{HORIZONTAL ELLIPSIS}" if form is not None else "", False
    if plan.plan is None:
        return f"Cannot be run: {plan.refusal}", True
    station = conductor.laboratory.station
    simulated = station is not None and station.options.simulate
    duration = f"about {format_duration(plan.plan.duration)}" + (" of simulated time" if simulated else "")
    figures = {**plan.plan.describe(), "estimated duration": duration}
    words = "Dry run: " + "; ".join(f"{name} {value}" for name, value in figures.items()) + "."
    if conductor.missing and not active:
        return f"Connect {', '.join(conductor.missing)} to run. {words}", False
    if conductor.doubtful and not active:
        names = ", ".join(conductor.doubtful)
        return f"{names}: it is not known whether the outputs are safe. Read the station again before a run.", True
    return words, False
