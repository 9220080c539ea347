"""Kernels that read texts and count."""
