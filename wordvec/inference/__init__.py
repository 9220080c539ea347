"""How sure vectors are: variances, draws, resampled documents, stability."""
