"""What all trainers share: streams, tiles, checkpoints."""
