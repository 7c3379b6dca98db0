"""Readers of foreign road networks."""
