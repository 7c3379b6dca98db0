"""Buses: timetables, which trip a bus runs, when it comes, and what dispatch should do."""
