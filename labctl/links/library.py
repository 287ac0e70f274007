"""A link that is a function library: for instruments that their maker's C library alone can reach."""

import ctypes
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from typing_extensions import override

from labctl.errors import LinkError, RunStoppedError, StateError
from labctl.links.arguments import Values, answer_text, call_text, values
from labctl.links.channels import Channel
from labctl.links.link import Link, LinkOptions, TranscriptEntry

Signatures = Mapping[str, Sequence[Any]]
"""The ctypes argument types of each function, by name; every function returns an ``int``."""


class LibraryLink(Link):
    """The maker's library of one instrument, called under the link's lock and kept in its transcript.

    Either a shared library (``path``, with ``signatures`` declared on opening) or a Python object that has the same
    functions and takes the same ctypes arguments.

    Args:
        name: The address that the library is given, a VISA resource name.
        make: Returns the Python object; ``None`` loads the shared library.
        options: As any link has them.

    Attributes:
        path: Of the shared library; set by the driver.
        signatures: Of its functions; set by the driver.
    """

    def __init__(self, name: str, make: Callable[[], Any] | None = None, options: LinkOptions | None = None) -> None:
        super().__init__(name, make or self._load, options)
        self.path = ""
        self.signatures: Signatures = {}
        self._library: Any = None

    @property
    @override
    def is_open(self) -> bool:
        return self._library is not None

    @property
    def in_process(self) -> bool:
        """Whether it is a Python object, in which waiting takes no real time."""
        return not isinstance(self._library, ctypes.CDLL)

    @override
    def open(self) -> None:
        """Load the library and check that it has every function.

        Raises:
            LinkError: It is not there, of another word size, or lacks a function.
        """
        if self.is_open:
            raise StateError(f"{self.name} is open already")
        library = self._manager()
        missing = [name for name in self.signatures if not hasattr(library, name)]
        if missing:
            raise LinkError(f"{self.name}: the library lacks {', '.join(missing)}")
        self._library = library
        self._cancelled.clear()

    @override
    def close(self) -> None:
        """Let go of the library; a second call does nothing."""
        self._library = None

    @override
    def discard_input(self) -> None:
        """Do nothing: a library answers with what it returns."""

    def call(self, function: str, *arguments: Any, shown: str = "") -> int:
        """Call ``function`` and return its code.

        Args:
            function: Its full name.
            arguments: As ctypes takes them.
            shown: The arguments as text, for the transcript.

        Raises:
            StateError: The link is closed.
            LinkError: The library cannot be called so.
        """
        with self.lock:
            if self._library is None:
                raise StateError(f"{self.name} is closed")
            self._note(">", f"{function}({shown})")
            given = self._tell_call(function, arguments)
            try:
                code = int(getattr(self._library, function)(*arguments))
            except (OSError, ctypes.ArgumentError) as error:
                raise LinkError(f"{self.name}: {function} cannot be called: {error}") from error
            self._note("<", f"{code}")
            if given is not None:
                self._tell_wire("<", answer_text(code, given, values(arguments)).encode())
            return code

    def pause(self, seconds: float) -> None:
        """Wait between two looks at the instrument.

        Raises:
            RunStoppedError: `cancel` was called.
        """
        if self._cancelled.wait(seconds):
            self._cancelled.clear()
            raise RunStoppedError(f"{self.name}: the wait was ended")

    def _load(self) -> Any:
        load = getattr(ctypes, "WinDLL", ctypes.CDLL)
        try:
            library = load(self.path)
        except OSError as error:
            raise LinkError(f"{self.name}: the library {self.path!r} cannot be loaded: {error}") from error
        for name, types in self.signatures.items():
            function = getattr(library, name, None)
            if function is not None:
                function.argtypes, function.restype = list(types), ctypes.c_int
        return library

    @override
    def _open_channel(self) -> Channel:
        raise StateError(f"{self.name} is a library: it is called, and takes no bytes")

    def _tell_call(self, function: str, arguments: Sequence[Any]) -> Values | None:
        """Tell whoever records what goes in, and return it; ``None`` where nobody does."""
        if self.on_wire is None:
            return None
        given = values(arguments)
        self._tell_wire(">", call_text(function, given).encode())
        return given

    def _note(self, direction: Literal[">", "<"], text: str) -> None:
        entry = TranscriptEntry(time.time(), direction, text.encode())
        self.transcript.append(entry)
        if self.on_message is not None:
            self.on_message(entry)
