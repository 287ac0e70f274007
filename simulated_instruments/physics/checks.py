"""Refuse an argument by name, with its bound."""

from math import isfinite


def check_finite(name: str, value: float, unit: str) -> None:
    """Raise ``ValueError`` for an infinite value or a NaN."""
    if not isfinite(value):
        raise ValueError(f"{name} must be finite, got {value:g} {unit}")


def check_not_negative(name: str, value: float, unit: str) -> None:
    """Raise ``ValueError`` for a value that is negative or not finite."""
    check_finite(name, value, unit)
    if value < 0.0:
        raise ValueError(f"{name} must be at least 0 {unit}, got {value:g} {unit}")


def check_at_least_one(name: str, value: int) -> None:
    """Raise ``ValueError`` for a number below 1."""
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
