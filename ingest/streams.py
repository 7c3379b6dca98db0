"""The one table of topics: pattern, direction, class, nominal rate, QoS and retention of every stream.

Liveness, "too slow", broker rules and documentation follow from this table.
"""

from dataclasses import dataclass
from enum import StrEnum


class StreamClass(StrEnum):
    """What loss means for a stream."""

    TELEMETRY = "telemetry"
    """The newest counts; the oldest is shed first."""
    EVENT = "event"
    """At least once; acknowledged when on disk."""
    INTERNAL = "internal"
    """Between processes of the platform."""


class Direction(StrEnum):
    """Who publishes."""

    UP = "up"
    DOWN = "down"
    CLOUD = "cloud"


@dataclass(frozen=True)
class Stream:
    """One kind of topic. `{device}` stands for one topic level."""

    name: str
    topic: str
    direction: Direction
    stream_class: StreamClass
    qos: int
    rate_hz: float | None = None
    """Nominal rate per device; None where messages come as needed."""
    retain: bool = False

    @property
    def subscription(self) -> str:
        """MQTT topic filter that takes this stream of every device."""
        return self.topic.replace("{device}", "+")

    def topic_of(self, device: str) -> str:
        """Topic of one device."""
        return self.topic.replace("{device}", device)


def _up(name: str, topic: str, stream_class: StreamClass, rate_hz: float | None = None) -> Stream:
    qos = 0 if stream_class is StreamClass.TELEMETRY else 1
    return Stream(name, topic, Direction.UP, stream_class, qos, rate_hz)


def _down(name: str, topic: str) -> Stream:
    return Stream(name, topic, Direction.DOWN, StreamClass.EVENT, 1)


def _cloud(name: str, topic: str, qos: int, rate_hz: float | None = None, *, retain: bool = False) -> Stream:
    return Stream(name, topic, Direction.CLOUD, StreamClass.INTERNAL, qos, rate_hz, retain)


_T, _E = StreamClass.TELEMETRY, StreamClass.EVENT
ANSWERED_ORDERS = ("MAP", "SPAT", "CONFIG", "MNG")
"""Messages to roadside units, besides RSI and RSC, that a unit answers."""
UNANSWERED = ("RSM", "SSM", "CWM", "CGW", "RDW", "OSW", "SSW")
"""Messages to roadside units that are worth nothing when they are late: nobody waits for an answer."""

STREAMS: tuple[Stream, ...] = (
    _up("rsu_rsm", "V2X/RSU/{device}/RSM/UP", _T, 10.0),
    _up("rsu_spat", "V2X/RSU/{device}/SPAT/UP", _T, 10.0),
    _up("rsu_map", "V2X/RSU/{device}/MAP/UP", _T, 1.0),
    _up("rsu_bsm", "V2X/RSU/{device}/BSM/UP", _T),
    _up("rsu_ssm", "V2X/RSU/{device}/SSM/UP", _T, 10.0),
    _up("rsu_psm", "V2X/RSU/{device}/PSM/UP", _T),
    _up("rsu_clpmm", "V2X/RSU/{device}/CLPMM/UP", _T),
    _up("rsu_pam", "V2X/RSU/{device}/PAM/UP", _T, 1.0),
    _up("rsu_rtcm", "V2X/RSU/{device}/RTCM/UP", _T, 1.0),
    _up("radar_track", "V2X/RADAR/{device}/TRACK/UP", _T, 10.0),
    _up("radar_status", "V2X/RADAR/{device}/STATUS/UP", _T),
    _up("radar_flow", "V2X/RADAR/{device}/FLOW/UP", _T),
    _up("rsu_heartbeat", "V2X/RSU/HB/UP", _T, 0.2),
    _up("rsu_running_info", "V2X/RSU/RunningInfo/UP", _T, 1 / 60),
    _up("rsu_info", "V2X/RSU/INFO/UP", _E),
    _up("rsu_base_info", "V2X/RSU/BaseINFO/UP", _E),
    _up("rsu_rsi", "V2X/RSU/{device}/RSI/UP", _E),
    _up("rsu_vir", "V2X/RSU/{device}/VIR/UP", _E),
    _up("rsu_rsc", "V2X/RSU/{device}/RSC/UP", _E),
    _up("rsu_vpm", "V2X/RSU/{device}/VPM/UP", _E),
    _up("rsu_test", "V2X/RSU/{device}/TEST/UP", _E),
    _up("radar_cross", "V2X/RADAR/{device}/CROSS/UP", _E),
    _up("radar_event", "V2X/RADAR/{device}/EVENT/UP", _E),
    _up("rsu_rsi_ack", "V2X/RSU/{device}/RSI/DOWN/ACK", _E),
    _up("rsu_rsc_ack", "V2X/RSU/{device}/RSC/DOWN/ACK", _E),
    *(_up(f"rsu_{name.lower()}_down_ack", f"V2X/RSU/{{device}}/{name}/DOWN/ACK", _E) for name in ANSWERED_ORDERS),
    _up("obu_bsm", "V2X/OBU/{device}/BSM/UP", _T, 10.0),
    _up("obu_psm", "V2X/OBU/{device}/PSM/UP", _T, 5.0),
    _up("obu_vir", "V2X/OBU/{device}/VIR/UP", _E),
    _up("obu_bus", "V2X/OBU/{device}/BUS/UP", _E),
    _up("obu_advice_ack", "V2X/OBU/{device}/ADVICE/DOWN/ACK", _E),
    _up("parking_status", "V2X/PARKING/{device}/STATUS/UP", _E),
    _down("rsu_rsi_down", "V2X/RSU/{device}/RSI/DOWN"),
    _down("rsu_rsc_down", "V2X/RSU/{device}/RSC/DOWN"),
    *(_down(f"rsu_{name.lower()}_down", f"V2X/RSU/{{device}}/{name}/DOWN") for name in (*ANSWERED_ORDERS, *UNANSWERED)),
    _down("rsu_rsm_ack", "V2X/RSU/{device}/RSM/UP/ACK"),
    _down("rsu_spat_ack", "V2X/RSU/{device}/SPAT/UP/ACK"),
    _down("rsu_map_ack", "V2X/RSU/{device}/MAP/UP/ACK"),
    _down("rsu_rsi_up_ack", "V2X/RSU/{device}/RSI/UP/ACK"),
    _down("rsu_info_ack", "V2X/RSU/{device}/INFO/UP/ACK"),
    _down("rsu_vir_ack", "V2X/RSU/{device}/VIR/UP/ACK"),
    _down("obu_bsm_ack", "V2X/OBU/{device}/BSM/UP/ACK"),
    _down("obu_vir_ack", "V2X/OBU/{device}/VIR/UP/ACK"),
    _down("obu_bus_ack", "V2X/OBU/{device}/BUS/UP/ACK"),
    _down("parking_status_ack", "V2X/PARKING/{device}/STATUS/UP/ACK"),
    _down("obu_advice", "V2X/OBU/{device}/ADVICE/DOWN"),
    _cloud("live_movers", "V2X/CLOUD/LIVE/MOVERS", 0, 5.0),
    _cloud("live_links", "V2X/CLOUD/LIVE/LINKS", 0, 1.0),
    _cloud("live_signals", "V2X/CLOUD/LIVE/SIGNALS", 0, 5.0),
    _cloud("live_movements", "V2X/CLOUD/LIVE/MOVEMENTS", 0, 1.0),
    _cloud("live_intersections", "V2X/CLOUD/LIVE/INTERSECTIONS", 0, 1.0),
    _cloud("trajectory", "V2X/CLOUD/TRAJECTORY", 1, 5.0),
    _cloud("link_state", "V2X/CLOUD/LINKSTATE", 1, 0.1),
    _cloud("movement_state", "V2X/CLOUD/MOVEMENTSTATE", 1, 1 / 60),
    _cloud("intersection_state", "V2X/CLOUD/INTERSECTIONSTATE", 1, 0.1),
    _cloud("signal_state", "V2X/CLOUD/SIGNALSTATE", 1),
    _cloud("incident", "V2X/CLOUD/INCIDENT", 1),
    _cloud("advisory", "V2X/CLOUD/ADVISORY", 1),
    _cloud("dead_letter", "V2X/CLOUD/DEADLETTER", 1),
    _cloud("connection", "V2X/CLOUD/CONNECTION", 1),
    _cloud("signal_event", "V2X/CLOUD/SIGNAL/EVENT", 1),
    _cloud("signal_assessment", "V2X/CLOUD/SIGNAL/ASSESSMENT", 1),
    _cloud("notification", "V2X/CLOUD/NOTIFICATION", 1),
    _cloud("signal_recommendation", "V2X/CLOUD/SIGNALS/{device}/RECOMMENDATION", 1),
    _cloud("signal_priority", "V2X/CLOUD/SIGNALS/{device}/PRIORITY", 1),
    _cloud("incidents_now", "V2X/CLOUD/STATE/INCIDENTS", 1, retain=True),
    _cloud("parking_now", "V2X/CLOUD/STATE/PARKING", 1, retain=True),
    _cloud("transit_now", "V2X/CLOUD/STATE/TRANSIT", 1, 1.0, retain=True),
    _cloud("transit_lines", "V2X/CLOUD/STATE/LINES", 1, retain=True),
    _cloud("dispatch_now", "V2X/CLOUD/STATE/DISPATCH", 1, 1.0, retain=True),
    _cloud("stop_visit", "V2X/CLOUD/TRANSIT/VISIT", 1),
    _cloud("dispatch_advice", "V2X/CLOUD/TRANSIT/ADVICE", 1),
    _cloud("priority_status", "V2X/CLOUD/TRANSIT/PRIORITY", 1),
    _cloud("signals_now", "V2X/CLOUD/STATE/SIGNALS", 1, 1.0, retain=True),
    _cloud("devices_now", "V2X/CLOUD/STATE/DEVICES", 0, 0.5, retain=True),
    _cloud("work_now", "V2X/CLOUD/STATE/WORK", 1, 1.0, retain=True),
    _cloud("health", "V2X/CLOUD/HEALTH/{device}", 0, 1.0, retain=True),
    _cloud("command", "V2X/CLOUD/COMMAND/{device}", 1),
    _cloud("command_reply", "V2X/CLOUD/COMMAND/REPLY", 1),
    _cloud("privacy_register", "V2X/CLOUD/PRIVACY/REGISTER", 1, retain=True),
    _cloud("device_register", "V2X/CLOUD/REGISTER/{device}", 1, retain=True),
    _cloud("trunk_arrivals", "V2X/CLOUD/TRANSIT/CONNECTIONS", 1, retain=True),
    _cloud("stored_dwells", "V2X/CLOUD/TRANSIT/DWELLS", 1, retain=True),
    _cloud("parking_register", "V2X/CLOUD/PARKING/REGISTER", 1, retain=True),
    _cloud("delivery", "V2X/CLOUD/DELIVERY", 1),
)

BY_NAME = {stream.name: stream for stream in STREAMS}
