"""Vendor JSON turned into the standard messages."""
