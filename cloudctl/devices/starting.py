"""The register of a gateway, made from its settings."""

from cloudctl.devices.database import Database
from cloudctl.devices.delivery_store import Deliveries
from cloudctl.devices.desk import DeviceDesk
from cloudctl.devices.keeper import DeviceKeeper, Send
from cloudctl.devices.register import Register
from cloudctl.settings import Settings


def make_desk(settings: Settings, send: Send) -> DeviceDesk:
    """Make the register; `send` gives commands to the engine. It works while `DeviceDesk.run` runs."""
    database = Database(settings.database.url)
    register, deliveries = Register(database), Deliveries(database)
    keeper = DeviceKeeper(settings.broker.url, register, deliveries, send, admission=settings.devices.admission)
    return DeviceDesk(database, keeper, register, deliveries)
