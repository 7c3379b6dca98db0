"""The edges to the MQTT broker: telemetry in, events in, messages out.

| class | carries | loss |
|---|---|---|
| `TelemetryReceiver` | BSM, RSM, SPAT, MAP, heartbeat | newest counts, oldest shed and counted |
| `EventReceiver` | VIR, RSI, registration, parking, acknowledgements | none: PUBACK after the durable write |
| `Publisher` | advisories, frames, state | QoS 0 frames may be shed; QoS 1 is sent again after a reconnect |

All reconnect with full jitter between 0 and 0.5 to 15 s and show `connected`, `shed` and `reconnects`.
"""

from ingest.event_receiver import EVENT_FILTERS, EventReceiver
from ingest.publisher import Publisher
from ingest.raw_message import RawMessage
from ingest.telemetry_receiver import TELEMETRY_FILTERS, TelemetryReceiver

__all__ = ["EVENT_FILTERS", "TELEMETRY_FILTERS", "EventReceiver", "Publisher", "RawMessage", "TelemetryReceiver"]
