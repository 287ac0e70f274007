"""Presets: parameters kept by name, and compared."""
