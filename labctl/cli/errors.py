"""Exit statuses and error messages of the command line."""

import signal
import sys
from types import FrameType

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130


def guarded() -> None:
    """Run the application; turn its errors into one message and an exit status, never a traceback."""
    from labctl.cli.app import app
    from labctl.errors import ConfigError, LabctlError, LimitError, RunStoppedError

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    try:
        app(prog_name="labctl")
    except RunStoppedError as error:
        _end(STOPPED, str(error))
    except (ConfigError, LimitError) as error:
        _end(BAD_INPUT, str(error))
    except (LabctlError, OSError) as error:
        _end(FAILED, str(error))


def _stop(number: int, frame: FrameType | None) -> None:
    from labctl.errors import RunStoppedError

    raise RunStoppedError(f"ended by {signal.Signals(number).name}")


def _end(status: int, message: str) -> None:
    if "--json" in sys.argv:
        import json

        state = {STOPPED: "stopped", BAD_INPUT: "refused"}.get(status, "failed")
        print(json.dumps({"status": state, "error": message}))
    print(f"labctl: {message}", file=sys.stderr)
    sys.exit(status)
