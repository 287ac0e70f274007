"""One way to compile a kernel: numba, without the GIL, kept on disk between runs."""

from collections.abc import Callable
from typing import Literal, TypeVar, cast

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
    return _compiled(function)


def vectorised(function: F) -> F:
    """Compile as `compiled` does, but let a division by zero give an infinity, so that loops can use wide registers."""
    return _compiled(function, error_model="numpy")


def _compiled(function: F, error_model: Literal["python", "numpy"] = "python") -> F:
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model=error_model)(function))
    except RuntimeError:
        return cast(F, numba.njit(nogil=True, error_model=error_model)(function))
