"""The stand-in broker for machines without Mosquitto: amqtt with the same users and rules.

Started by `cloudctl.embedded_broker`; the platform's password comes in the environment.
"""

import asyncio
import hmac
import os
import signal
import sys

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

from cloudctl.embedded_broker import DEVICE_READS, DEVICE_WRITES, PASSWORD_VARIABLE, PLATFORM_USER


class PlatformPassword(BaseAuthPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Let devices in without a name, and the platform with its password."""

    async def authenticate(self, *, session: Session) -> bool:
        """Tell whether a client may connect."""
        if not session.username:
            return True
        return hmac.compare_digest(session.password or "", os.environ[PASSWORD_VARIABLE])


async def run_broker(port: int) -> None:
    """Serve on the loopback address until told to end."""
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 5000}},
            "plugins": {
                "cloudctl.amqtt_broker.PlatformPassword": {},
                "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {
                    "publish_acl": {PLATFORM_USER: ["#"], "anonymous": list(DEVICE_WRITES)},
                    "acl": {PLATFORM_USER: ["#"], "anonymous": list(DEVICE_READS)},
                },
            },
        }
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await broker.start()
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(run_broker(int(sys.argv[1])))
