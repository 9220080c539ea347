"""Texts that are made of records: rows of tables, articles of a wiki, sequences."""
