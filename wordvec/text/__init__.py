"""Texts: reading, vocabularies, phrases; what turns a text into ids."""
