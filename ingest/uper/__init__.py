"""Unaligned packed encoding rules (ITU-T X.691) for the Chinese V2X message layer."""
