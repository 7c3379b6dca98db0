"""How many vehicles' delay the delay of a bus counts as: by its passengers, and more where it is late.

Passengers over occupants would make the delay of all persons least, whatever all other vehicles lose. What those lose
is to stay small, so a bus counts by a share of its passengers.
"""

PASSENGERS = 30.0
"""on a bus of which nothing is known"""
OCCUPANTS = 1.4
"""of another vehicle"""
SHARE = 0.2
"""of its passengers that counts for a bus that is on time"""
LATE = 30.0
"""s behind from which a bus counts in full"""
URGENCY = 1.4
"""how much more the passengers of a late bus count: those who wait for it at the stops ahead lose with them"""


def worth_of(late: float, passengers: float | None = None) -> float:
    """Give the worth of a bus that is `late` s behind its timetable; `passengers` None where not known."""
    persons = PASSENGERS if passengers is None else max(passengers, OCCUPANTS)
    need = 1.0 + (URGENCY - 1.0) * min(max(late / LATE, 0.0), 1.0)
    return max(SHARE * persons / OCCUPANTS * need, 1.0)
