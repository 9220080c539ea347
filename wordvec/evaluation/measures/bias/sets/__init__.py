"""Bias as the association of word sets."""
