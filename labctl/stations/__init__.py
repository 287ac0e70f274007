"""Stations: which instruments there are, how they are reached and wired, and what the sample stands."""
