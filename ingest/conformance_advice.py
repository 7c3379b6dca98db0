"""What a vendor should do about each kind of finding."""

from ingest.errors import RefusalReason
from ingest.signal_checks import SignalFault

REFUSAL_ADVICE: dict[str, str] = {
    RefusalReason.UNKNOWN_TOPIC: "Publish on a topic of the stream table (docs/asyncapi.yaml).",
    RefusalReason.UNKNOWN_DEVICE: "Put the device's id, 1 to 64 printable characters without a slash, into the topic.",
    RefusalReason.NOT_JSON: "Send one JSON object in UTF-8, or send UPER on the topic that ends in /UPER.",
    RefusalReason.TOO_LARGE: "Send less in one message; RSM holds 16 participants, MAP one intersection a message.",
    RefusalReason.MISSING_FIELD: "Send this mandatory field in every message.",
    RefusalReason.WRONG_TYPE: "Send this field with the type of the standard: raw integers, no text, no fractions.",
    RefusalReason.OUT_OF_RANGE: "Keep to the range of the standard; where the value is unknown send its sentinel.",
    RefusalReason.UNKNOWN_VALUE: "Use the names of the standard's enumeration, spelt as there, or its numbers.",
    RefusalReason.INVALID_CHOICE: "Send exactly one alternative of the CHOICE.",
    RefusalReason.POSITION_UNAVAILABLE: "Wait for a fix before sending; a message without position is of no use.",
    RefusalReason.POSITION_OUTSIDE: "Check unit (1e-7 deg) and datum (WGS-84); GCJ-02 is 660 m off in Changsha.",
    RefusalReason.COORDINATES_SWAPPED: "Exchange lat and long.",
    RefusalReason.PARTICIPANT_FAR: "Offsets count from refPos, position-LatLon is absolute; or tell coverageRadius.",
    RefusalReason.SPEED_IMPLAUSIBLE: "Send speed in 0.02 m/s, not in km/h or 0.01 m/s.",
    RefusalReason.DUPLICATE: "Count msgCnt up by one with every message and do not send a message twice.",
    RefusalReason.TOO_MANY_DEVICES: "Keep the device's id; temporary ids fill the registry.",
    RefusalReason.NOT_UPER: "Encode a whole MessageFrame, unaligned PER, nothing before or behind it.",
    RefusalReason.PROFILE_MISMATCH: "Register the device with the profile that fits, or encode with the agreed one.",
    RefusalReason.WRONG_MESSAGE: "Publish each message type on its own topic.",
    RefusalReason.NOT_ENVELOPE: "rsuID 8 bytes, UTC ms 8 bytes little-endian, BSM count, then length (2) and block.",
    RefusalReason.CLOCK_WRONG: "Set the clock (GNSS, NTP) to UTC; until then nothing enters the live picture.",
}

SIGNAL_ADVICE: dict[str, str] = {
    SignalFault.RATE: "Send SPAT ten times and MAP once a second.",
    SignalFault.SILENCE: "Keep sending while the signal runs; report a fault by the status bits.",
    SignalFault.COUNT: "Count msgCnt up by one, modulo 128, in each stream of its own.",
    SignalFault.MISSING_DATA: "Send moy and timeStamp, and timing for the light that shows now.",
    SignalFault.TIMESTAMP: "Discipline the clock (GNSS, NTP) and send when the content is made.",
    SignalFault.TRANSITION: "Follow the order green, flashing green, yellow, red; send every light that shows.",
    SignalFault.END_ORDER: "Keep startTime <= minEndTime <= likelyEndTime <= maxEndTime.",
    SignalFault.ALIGNMENT: "Use the same region, id and phaseId in SPAT and MAP.",
    SignalFault.CONFLICTING_GREENS: "Check the mapping of controller outputs to phaseId at once.",
}

OTHER_ADVICE: dict[str, str] = {
    "slow": "Send at the nominal rate of the stream.",
    "fast": "Send no faster than the nominal rate of the stream.",
    "gaps": "Look at the uplink: messages are counted but do not arrive.",
    "late": "Send when the content is made; look at buffers and the uplink.",
    "clock_offset": "Discipline the clock; T/CSAE 159-2020 allows 150 ms.",
    "clock_wrong": "The clock is minutes off: times of this device are not believed.",
    "left_out": "Parts of messages were left out for the reason given.",
    "no_timestamp": "Add `timestamp` (UTC epoch ms of publication) so that latency can be measured.",
}
