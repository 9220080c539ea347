"""Kernels that store, search and compare vectors."""
