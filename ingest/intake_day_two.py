"""SSM of one roadside unit: its participants are those of an RSM, so they become observations; the rest is shelved."""

from ingest.collector import Collector, Report
from ingest.intake_rsm import RsmTaker
from ingest.messages.decoding import decoder
from ingest.messages.rsm import MAX_PARTICIPANTS, RoadsideSafetyMessage
from ingest.messages.ssm import SensorSharingMsg
from ingest.streams import Stream
from ingest.takers import take_all
from ingest.verdicts import Accepted


class SsmTaker:
    """SSM of one roadside unit."""

    def __init__(self, collector: Collector, stream: Stream, row: int, topic: str) -> None:
        self.row = row
        self._collector, self._topic = collector, topic
        self._participants = RsmTaker(collector, stream, row, topic)
        self._decode = decoder(SensorSharingMsg).decode

    def take(self, payload: bytes, received: float) -> Accepted:
        """Add a row for each participant."""
        return self.take_message(self._decode(payload), received)

    def take_message(self, message: SensorSharingMsg, received: float, *, counted: bool = True) -> Accepted:
        """Add a row for each participant of a decoded message."""
        people = [seen.ptc for seen in message.participants or ()]
        parts = [
            RoadsideSafetyMessage(
                msg_cnt=message.msg_cnt,
                id=message.id,
                ref_pos=message.sensor_pos,
                participants=people[first : first + MAX_PARTICIPANTS],
                timestamp=message.timestamp,
            )
            for first in range(0, max(len(people), 1), MAX_PARTICIPANTS)
        ]
        head = self._participants.take_message(parts[0], received, counted=counted)
        if message.obstacles or message.rtes:
            whole = self._collector.to_wgs84(self.row, message)
            self._collector.events.put(Report(self.row, whole, received, received))
        if len(parts) == 1:
            return head
        counters = self._collector.counters
        rest = take_all(parts[1:], self._participants, received, counters, topic=self._topic, counted=False)
        rows = head.observations + rest.observations
        return Accepted(head.stream, self.row, rows, head.partly or rest.partly, head.warning)
