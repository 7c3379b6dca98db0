"""Observations become one traffic picture."""
