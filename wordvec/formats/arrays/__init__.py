"""Formats of general containers: npy, safetensors, Parquet, HDF5, SQLite."""
