"""Counting: a corpus -> shards, on one machine or on a cluster."""
