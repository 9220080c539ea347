"""The report of `wordvec change`."""
