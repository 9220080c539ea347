"""Formats of one word and its numbers: word2vec, GloVe, tables."""
