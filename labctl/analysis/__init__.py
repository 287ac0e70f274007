"""Analyses that protocols share: rows in, figures by name and tables out; no instrument, no plotting."""
