"""Taking an association with a concept out of vectors."""
