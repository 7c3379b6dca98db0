"""Desk work of operators: incidents taken care of, events published, signals held, corridors opened."""
