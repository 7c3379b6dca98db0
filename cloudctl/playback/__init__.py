"""Replay: a stored or recorded period as the picture it was, at any pace."""
