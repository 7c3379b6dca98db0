"""Journeys from door to door: walk, bus, shuttle, park and ride, on live times."""
