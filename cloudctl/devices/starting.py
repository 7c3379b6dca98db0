"""The register of a gateway, made from its settings."""

from cloudctl.database import Database, Terms
from cloudctl.devices.delivery_store import Deliveries
from cloudctl.devices.desk import DeviceDesk
from cloudctl.devices.errors import RegisterDownError, UnstorableError
from cloudctl.devices.keeper import DeviceKeeper, Send
from cloudctl.devices.register import Register
from cloudctl.settings import Settings

REGISTER = Terms("v2x-devices", RegisterDownError, UnstorableError, "v2x_device_writer", statement_timeout_s=10.0)


def make_desk(settings: Settings, send: Send) -> DeviceDesk:
    """Make the register; `send` gives commands to the engine. It works while `DeviceDesk.run` runs."""
    database = Database(settings.database.url, REGISTER)
    register, deliveries = Register(database), Deliveries(database)
    keeper = DeviceKeeper(settings.broker.url, register, deliveries, send, admission=settings.devices.admission)
    return DeviceDesk(database, keeper, register, deliveries)
