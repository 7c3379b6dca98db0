"""Runs SUMO scenarios with the strategies of the product and measures what they reach."""
