"""Scale: what a corpus costs in time, memory, disk and network."""
