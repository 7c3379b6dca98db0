"""Bytes become checked messages, then observations."""
