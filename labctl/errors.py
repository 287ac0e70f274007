"""Every error that labctl raises on purpose: one tree, each class saying when it is raised and when its sibling is."""


class LabctlError(Exception):
    """Anything that labctl refuses or that went wrong in the lab; catch this to catch them all."""


class ConfigError(LabctlError):
    """A station file, a protocol parameter or a command-line argument is wrong; nothing was touched.

    Raised before any instrument is opened. A value that is well-formed but beyond what an instrument or a sample stands
    is a `LimitError`.
    """


class LimitError(LabctlError):
    """A value is beyond a limit of the instrument, of the station's sample or of a setting; nothing was sent."""


class LinkError(LabctlError):
    """The line to an instrument failed: not there, busy, gone, or no sensible answer after all retries."""


class LinkTimeoutError(LinkError):
    """No answer, or half an answer, within the time-out. The line itself still stands."""


class FrameError(LinkError):
    """Bytes arrived, but they are no valid frame or block. The line itself still stands."""


class InstrumentError(LabctlError):
    """The instrument answered with an error of its own.

    Attributes:
        instrument: Which instrument, by role.
        command: What was asked.
        code: The instrument's number.
        text: The instrument's words.
    """

    def __init__(self, instrument: str, command: str, code: int, text: str) -> None:
        super().__init__(f"{instrument}: {command!r} gave error {code}: {text}")
        self.instrument = instrument
        self.command = command
        self.code = code
        self.text = text


class StateError(LabctlError):
    """The call does not fit the state: a closed instrument, a run that has ended, a pause when nothing runs."""


class RunStoppedError(LabctlError):
    """A run was stopped or aborted by its user; its rows up to then are in its file."""


class DataFileError(LabctlError):
    """A run file cannot be read, written, recovered or resumed."""
