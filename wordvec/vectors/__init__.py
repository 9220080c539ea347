"""Vectors: the .wv file, look-up, search and words that were never seen."""
