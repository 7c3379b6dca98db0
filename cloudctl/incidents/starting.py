"""The desk of a gateway."""

import time
from collections.abc import Sequence

from cloudctl.incidents.database import WorkDatabase
from cloudctl.incidents.desk import Desk
from cloudctl.incidents.work_desk import Audit, Send, WorkDesk
from cloudctl.incidents.work_store import WorkStore


def make_desk(url: str, send: Send, audit: Audit, road_class: Sequence[int]) -> Desk:
    """Make a desk over a database; `send` gives commands to the engine. It works while `Desk.run` runs."""
    database = WorkDatabase(url)
    return Desk(database, WorkDesk(WorkStore(database), send, audit), road_class, time.time)
