"""Changing a space: transforms of vectors, and what they are fitted to."""
