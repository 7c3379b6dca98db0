"""All routes about the past, in one list."""

from cloudctl.api import (
    history_exports,
    history_records,
    history_replay,
    history_signals,
    history_switches,
    history_tracks,
    history_traffic,
)

ROUTERS = (
    history_tracks.router,
    history_traffic.router,
    history_signals.router,
    history_records.router,
    history_switches.router,
    history_replay.router,
    history_exports.router,
)
