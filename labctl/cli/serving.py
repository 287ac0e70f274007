"""``labctl simulate``: serve a simulated lab to other programs."""

import json as json_module
import logging
import sys
import threading

from labctl.clock import RealClock
from labctl.errors import LinkError, RunStoppedError
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.served import ServedLab
from labctl.stations.model import read_station


def serve(name: str, host: str, speed: float, seed: int | None, *, json: bool) -> None:
    """Serve every instrument of a station until the program is ended; one line says when it is ready, and where.

    Raises:
        LinkError: It cannot listen on ``host``.
    """
    file, _ = read_station(name)
    lab = SimulatedLab(file, seed, "in-process", RealClock(speed))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="labctl: %(message)s")
    try:
        served = ServedLab(lab, host)
    except OSError as error:
        raise LinkError(f"{host} cannot be listened on: {error}") from error
    with served:
        _announce(served.resources, json=json)
        try:
            threading.Event().wait()
        except RunStoppedError:
            return  # how serving ends


def _announce(resources: dict[str, dict[str, str]], *, json: bool) -> None:
    if json:
        print(json_module.dumps({"resources": resources}), flush=True)
        return
    for role, names in resources.items():
        for kind, resource in names.items():
            print(f"{role:<16} {kind:<8} {resource}")
    print("ready; end with Ctrl-C", file=sys.stderr, flush=True)
