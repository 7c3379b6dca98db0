"""Decisions: one file per kind of advisory."""
