"""Vectors for words outside the vocabulary."""
