"""`python -m cloudctl.broker_rules`: Mosquitto's access file for a broker where every device signs in.

A device signs in under its own id, writes under that id and reads what is sent to it. Topics that name no device are
open to all of them; there the platform goes by the id in the payload. The rules follow from the table of topics.
"""

import sys

from ingest.dialects.catalogue import list_down_forms
from ingest.streams import STREAMS, Direction
from ingest.topics import DEVICE, uplinks

PLATFORM_USER, MONITOR_USER = "platform", "monitor"
USER = "%u"
"""What Mosquitto replaces by the user's name."""
_HEAD = """\
# Written by `python -m cloudctl.broker_rules`: who may write and read what. %u is the name of who signed in.

user {platform}
topic readwrite #

user {monitor}
topic read $SYS/#
topic read V2X/CLOUD/HEALTH/#

# Every device, under its own id.
"""


def access_rules() -> str:
    """Give the whole file."""
    writes = sorted({uplink.subscription.replace("+", USER) for uplink in uplinks()})
    down = {stream.topic for stream in STREAMS if stream.direction is Direction.DOWN}
    down |= {form.topic for form in list_down_forms()}
    reads = {topic.replace(DEVICE, USER) for topic in down if DEVICE in topic} | {f"{topic}/ACK" for topic in writes}
    lines = [f"pattern write {topic}" for topic in writes] + [f"pattern read {topic}" for topic in sorted(reads)]
    return _HEAD.format(platform=PLATFORM_USER, monitor=MONITOR_USER) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(access_rules())
