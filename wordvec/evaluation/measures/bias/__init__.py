"""Measures of bias and association, one a file; the registry is `wordvec.evaluation.measures`."""
