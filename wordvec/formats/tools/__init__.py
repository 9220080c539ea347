"""Formats of other programs: fastText, floret, gensim, spaCy, finalfusion."""
