"""Mapping one space into another: dictionaries, maps, and translation with them."""
