"""What the routes of the traffic state answer."""

from datetime import datetime

from pydantic import BaseModel, Field


class TrafficFigures(BaseModel):
    """Figures that links, movements and intersections share; None where nothing is known."""

    level: str = Field(default="unknown", description="Level of service, free to severe, or unknown.")
    flow: float | None = Field(default=None, description="Vehicles an hour.")
    delay: float | None = Field(default=None, description="Control delay, s a vehicle.")
    stops: float | None = Field(default=None, description="Stops a vehicle.")
    queue: float | None = Field(default=None, description="From the stop line to the back of the queue, m.")
    spill_back: bool = Field(default=False, description="Standing traffic reaches back to the start of the road.")
    estimated: bool = Field(default=True, description="Nobody sees it: the figures come from its neighbours.")
    confidence: float = Field(default=0.0, ge=0, le=1)


class LinkState(TrafficFigures):
    """Traffic state of a link."""

    row: int
    id: str
    speed: float | None = Field(default=None, description="Space-mean speed, m/s.")
    travel_time: float | None = Field(default=None, description="s")
    density: float | None = Field(default=None, description="Vehicles a km and lane.")
    occupancy: float | None = Field(default=None, ge=0, le=1)
    queue_back: float | None = Field(default=None, description="Back of the queue from the start of the link, m.")


class MovementState(TrafficFigures):
    """Traffic state of a movement."""

    from_link: str
    to_link: str
    share: float = Field(ge=0, le=1, description="Turning ratio: part of the vehicles of the link that take it.")
    travel_time: float | None = Field(default=None, description="Over the link that it leaves, s.")
    queued: int = Field(default=0, description="Vehicles in the longest queue of its lanes.")


class IntersectionState(TrafficFigures):
    """Traffic state of a signalised intersection and of its movements."""

    id: str
    name_zh: str
    name_en: str
    time: datetime | None = Field(default=None, description="Of the state; null before the first.")
    queued: int = Field(default=0, description="Vehicles in all its queues.")
    movements: list[MovementState] = Field(default_factory=list[MovementState])


class PredictedPlace(BaseModel):
    """Where a road user is expected."""

    after_s: float
    lon: float
    lat: float
    heading_deg: float
    lane: str | None
    covariance_m2: list[list[float]] = Field(description="Of east and north.")


class ParticipantPrediction(BaseModel):
    """Where a road user is expected over the next seconds."""

    track: int
    time: float = Field(description="UTC epoch of the picture that it starts from, s.")
    horizon_s: float
    steps: list[PredictedPlace]
