"""Choosing cells of an array."""
