"""Hierarchies: relations, the spaces they are embedded in, look-up and judging."""
