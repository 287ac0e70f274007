"""Session, errors and warnings, self-test, log.

Source: the WGFMU sheet, functions: session and errors. *Unconfirmed*: sizes of texts do not count the NUL; the initial
warning level; which level ``treatWarningsAsErrors`` starts with.
"""

# ruff: noqa: N802 - the names are the vendor's

from pathlib import Path
from typing import Any

from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.arguments import (
    capacity,
    number,
    store,
    store_all,
    store_text,
    text,
)
from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.library import LibraryCore, choose, library_function

SELF_TEST_TIME = 30.0  # s, assumed


class SessionFunctions(LibraryCore):
    """The functions that open and close the session and tell what went wrong."""

    @library_function
    def WGFMU_openSession(self, address: Any) -> None:
        """Open the session with the VISA resource ``address``; -3 while one is open, -6 while an error waits."""
        text(address)
        if self.session_open:
            raise WgfmuError(Code.CONTEXT, "a session is open already")
        if self.mainframe is not None and self.mainframe.error_waiting():
            raise WgfmuError(Code.FIRMWARE, "an error waits in the mainframe's queue")
        self.session_open = True

    @library_function
    def WGFMU_closeSession(self) -> None:
        """Close the session; the hardware stays as it is."""
        self.need_session()
        self.session_open = False

    @library_function
    def WGFMU_initialize(self) -> None:
        """Put all channels of the hardware back; patterns, sequences and settings stay."""
        self.need_session()
        for channel in self.channels.values():
            channel.initialize()

    @library_function
    def WGFMU_setTimeout(self, timeout: Any) -> None:
        """Check the limit; nothing here takes longer than its time."""
        self.need_session()
        if number(timeout) < codes.MIN_TIMEOUT:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"time-out {timeout} s is less than {codes.MIN_TIMEOUT} s")

    @library_function
    def WGFMU_doSelfCalibration(self, result: Any, detail: Any, size: Any) -> None:
        """Pass, after the time it takes."""
        self._self_test(result, detail, size)

    @library_function
    def WGFMU_doSelfTest(self, result: Any, detail: Any, size: Any) -> None:
        """Pass, after the time it takes."""
        self._self_test(result, detail, size)

    def _self_test(self, result: Any, detail: Any, size: Any) -> None:
        self.need_session()
        room = capacity(size)
        self.clock.wait(SELF_TEST_TIME)
        store(result, codes.PASS)
        store(size, store_text(detail, "", room))

    @library_function
    def WGFMU_getChannelIdSize(self, size: Any) -> None:
        """Give the number of channels."""
        self.need_session()
        store(size, len(self.channels))

    @library_function
    def WGFMU_getChannelIds(self, channel_ids: Any, size: Any) -> None:
        """Give the ids of the channels, rising."""
        self.need_session()
        count = self.window(0, size, len(self.channels))
        store_all(channel_ids, list(self.channels)[:count])

    @library_function
    def WGFMU_getErrorSize(self, size: Any) -> None:
        """Give the length of the last error's text."""
        store(size, len(self.last_error))

    @library_function
    def WGFMU_getError(self, error: Any, size: Any) -> None:
        """Give the last error's text."""
        store(size, store_text(error, self.last_error, capacity(size)))

    @library_function
    def WGFMU_getErrorSummarySize(self, size: Any) -> None:
        """Give the length of all errors' text; 0 when there is none."""
        store(size, len("\n".join(self.errors)))

    @library_function
    def WGFMU_getErrorSummary(self, summary: Any, size: Any) -> None:
        """Give all errors since ``clear``, a line each."""
        store(size, store_text(summary, "\n".join(self.errors), capacity(size)))

    @library_function
    def WGFMU_treatWarningsAsErrors(self, level: Any) -> None:
        """Let warnings of this severity and above fail."""
        self.warnings_as_errors = choose(level, codes.WARNING_OFF, codes.WARNING_INFORMATION, "warning level")

    @library_function
    def WGFMU_setWarningLevel(self, level: Any) -> None:
        """Choose which warnings the summary keeps."""
        self.warning_level = choose(level, codes.WARNING_OFF, codes.WARNING_INFORMATION, "warning level")

    @library_function
    def WGFMU_getWarningLevel(self, level: Any) -> None:
        """Give the level that ``setWarningLevel`` set."""
        store(level, self.warning_level)

    @library_function
    def WGFMU_getWarningSummarySize(self, size: Any) -> None:
        """Give the length of all warnings' text; 0 when there is none."""
        store(size, len("\n".join(self.warnings)))

    @library_function
    def WGFMU_getWarningSummary(self, summary: Any, size: Any) -> None:
        """Give all warnings since ``clear``, a line each."""
        store(size, store_text(summary, "\n".join(self.warnings), capacity(size)))

    @library_function
    def WGFMU_openLogFile(self, file_name: Any) -> None:
        """Write a line for each call to this file from now on."""
        path = Path(text(file_name))
        try:
            path.touch()
        except OSError as error:
            raise WgfmuError(Code.LIBRARY, f"the log file cannot be written: {error}") from error
        self.open_log(path)

    @library_function
    def WGFMU_closeLogFile(self) -> None:
        """Stop writing the log."""
        self.open_log(None)
