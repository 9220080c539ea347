"""Counts: co-occurrences of a corpus as shards of tiles."""
