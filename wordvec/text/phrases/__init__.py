"""Phrases: found, stored, joined."""
