"""Sequences: protocols in turn, on a grid of parameter values, each only if earlier ones gave what is asked."""
