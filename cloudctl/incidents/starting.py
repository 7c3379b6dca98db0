"""The desk of a gateway."""

import time
from collections.abc import Sequence

from cloudctl.database import Database, Terms
from cloudctl.incidents.desk import Desk
from cloudctl.incidents.errors import UnusableWorkError, WorkDownError
from cloudctl.incidents.work_desk import Audit, Send, WorkDesk
from cloudctl.incidents.work_store import WorkStore

DESK = Terms("v2x-desk", WorkDownError, UnusableWorkError, "v2x_desk_writer", connections=3)


def make_desk(url: str, send: Send, audit: Audit, road_class: Sequence[int]) -> Desk:
    """Make a desk over a database; `send` gives commands to the engine. It works while `Desk.run` runs."""
    database = Database(url, DESK)
    return Desk(database, WorkDesk(WorkStore(database), send, audit), road_class, time.time)
