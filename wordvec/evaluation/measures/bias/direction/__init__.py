"""Bias along a direction, and what is left beside it."""
