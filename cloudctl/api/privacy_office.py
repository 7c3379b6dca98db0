"""What the routes of personal data share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from cloudctl.privacy.announcer import Announcer
from cloudctl.privacy.audit import Auditor
from cloudctl.privacy.desk import PrivacyDesk
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.names import Names
from cloudctl.settings import Settings


@dataclass(frozen=True)
class PrivacyOffice:
    """Desk, masked names and announcer of one gateway."""

    desk: PrivacyDesk
    names: Names
    announcer: Announcer
    keys: KeyRing
    data_dir: Path


def make_office(settings: Settings, names: Names, keys: KeyRing, audit: Auditor) -> PrivacyOffice:
    """Make the office of a gateway; `desk.run` and `announcer.run` belong among its background tasks."""
    desk = PrivacyDesk(settings.database.url)
    announcer = Announcer(settings.broker.url, desk, names, keys, audit)
    return PrivacyOffice(desk, names, announcer, keys, settings.data_dir)


def check_name(name: str) -> str:
    """Give a vehicle's name; raise ValueError where it cannot be one."""
    if not any(char.isdigit() for char in name):
        raise ValueError("the name of a vehicle holds a digit")
    if not name.isprintable() or set(name) & set(" /+#\"'\\"):
        raise ValueError("the name of a vehicle is one level of a topic, without spaces and quotes")
    return name


SubjectName = Annotated[
    str,
    Field(min_length=4, max_length=64, description="Id of the vehicle's terminal.", examples=["CAR00345"]),
    AfterValidator(check_name),
]
