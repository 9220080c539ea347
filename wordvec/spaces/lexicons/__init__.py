"""Vectors and lexicons: retrofitting, attract-repel, counter-fitting."""
