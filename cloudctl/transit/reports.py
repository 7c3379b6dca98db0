"""What the engine hands the bus network once a second: where the buses are and what they say of themselves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BusFix:
    """A bus on the road now."""

    vehicle: str
    """Id of the terminal on board."""
    x: float
    y: float
    """m in the local plane."""
    heading: float
    """rad clockwise from north."""
    speed: float
    """m/s"""
    link: int
    """Row of the link it is on, -1 inside a junction or off the roads."""
    track: int
    updated: float
    """Event time of the newest report, UTC epoch s."""
