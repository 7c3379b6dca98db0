"""Routing advice: travel times ahead, the split of traffic over ways, routes by class of vehicle, and their proof."""
