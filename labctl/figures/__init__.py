"""Figures for paper and file, drawn with matplotlib and no screen."""
