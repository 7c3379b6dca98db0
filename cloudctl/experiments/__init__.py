"""Experiments: what a change did to the traffic of an area, by stored link states before and after it."""
