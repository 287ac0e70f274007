"""One way to compile a kernel: numba, without the GIL, kept on disk between runs."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile on first use, keep the machine code on disk, release the GIL while it runs.

    Kernels are never compiled with numba's ``parallel``: a caller that wants more than one core hands slices of its
    arrays to threads. That compiles faster, has no threading layer that two Python threads may not enter at once, and
    cannot change a result. The code is kept in the package's ``__pycache__``, in ``NUMBA_CACHE_DIR`` if that is set, or
    else in the user's cache folder where the package is not writable. Where none of these can be written, numba raises
    ``RuntimeError`` and the kernel is compiled in each process anew.
    """
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast(F, numba.njit(nogil=True)(function))
