"""The shapes that vendors document, with values of our own in them, and what becomes of each.

Sources: open-v2x/docs and open-v2x/dandelion (OpenV2X, DAWNLINE, radar), Huawei Cloud DRIS API reference (DRIS). A new
dialect starts with its shapes here.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from dialect_kit import DEG_LAT, DEG_LON, DEGREES, E7, MARK, MS, take
from ingest_samples import NOON, Json, new_pipeline, raw

from ingest.device_registry import DeviceKind
from ingest.dialects.catalogue import dialects, list_forms
from ingest.errors import RefusalReason
from ingest.observation import ObservationBatch
from ingest.streams import BY_NAME
from ingest.verdicts import Accepted, Refused

OPENV2X_PERSON: Json = {
    "ptcType": "motor",
    "ptcId": 3,
    "global_track_id": "ab8756de",
    "source": 1,
    "secMark": MARK,
    "pos": E7,
    "speed": 500,
    "heading": 7200,
    "lane": 14,
    "size": {"width": 200, "length": 500, "height": 40},
}
OPENV2X_RSM: Json = {"name": "n", "id": "12", "content": {"rsms": [{"refPos": E7, "participants": [OPENV2X_PERSON]}]}}
DAWNLINE_RSM: list[Json] = [
    {
        "dev_pos": {"lat": DEG_LAT, "lon": DEG_LON},
        "content": [
            {
                "ptcType": "motor",
                "ptcId": 3,
                "global_track_id": "ad6de",
                "timeStamp": MS,
                "secMark": MARK,
                "pos_lat": DEG_LAT,
                "pos_lon": DEG_LON,
                "heading": 90.0,
                "source": 3,
                "width": 2.0,
                "length": 5,
                "height": 2.0,
                "speed": 10.0,
                "lane": "eastin_4",
            }
        ],
    }
]
RADAR_TRACK: Json = {
    "timeStamp": str(MS),
    "number": 1,
    "deviceId": "d",
    "targets": [
        {
            "targetId": 3,
            "targetType": 3,
            "laneNo": 2,
            "latitude": DEG_LAT,
            "longitude": DEG_LON,
            "height": 0,
            "speed": -10.0,
            "acceleration": -0.16,
            "headingAngle": 90.0,
            "rcs": 1.0,
            "confidenceLevel": 100,
            "targetLength": 5.0,
            "targetWidth": 2.0,
            "targetHeight": 2.0,
        }
    ],
}
DRIS_RSM: Json = {
    "rsms": [
        {
            "refPos": E7,
            "participants": [
                {
                    "ptcType": "1",
                    "ptcId": 3,
                    "global_track_id": 123,
                    "source": 7,
                    "secMark": MARK,
                    "pos": E7,
                    "speed": 500,
                    "heading": 7200,
                    "size": {"width": 200, "length": 500, "height": 40},
                }
            ],
        }
    ]
}
DRIS_RSU_BSM: Json = {
    "bsmDatas": [
        {
            "vehicleId": "CSBUS001",
            "plateNo": "TEST01",
            "timeStamp": MS,
            "timeConfidence": 5,
            "pos": E7,
            "posAccuracy": {"semiMajor": 20, "semiMinor": 15, "orientation": 16384},
            "posConfidence": {"positionConfidence": 10, "eleConfidence": 9},
            "transmission": 2,
            "speed": 36,
            "heading": 7200,
            "angle": 0,
            "motionConfidence": {"speedConfidence": 5, "headingConfidence": 5, "steerConfidence": 1},
            "accelSet": {"longAccel": 0, "latAccel": 0, "vertAccel": 0, "yawRate": 0},
            "brakes": {
                "brakePadelStatus": 1,
                "wheelBrakesStatus": {},
                "tractionStatus": 1,
                "absStatus": 1,
                "scsStatus": 1,
                "brakeBoostStatus": 1,
                "auxBrakesStatus": 1,
            },
            "vehicleClass": {"basicVehicleClass": 54, "fuelType": 4},
            "size": {"width": 200, "length": 500, "height": 40},
        }
    ]
}
DRIS_OBU_BSM: Json = {
    "vehicle_id": "CSBUS001",
    "time_stamp": datetime.fromtimestamp(NOON, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "speed": 500,
    "heading": 7200,
    "transmission": 2,
    "pos": DEGREES,
    "brakes": {"abs": 1, "scs": 1, "brake_boost": 1, "brake_pedal": 1, "traction": 1, "wheel_brakes": [0] * 5},
    "vehicle_class": {"classification": 54, "fuel_type": 4},
    "accel_set": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
    "size": {"width": 200, "length": 500, "height": 40},
    "motion_cfd": {"speed_cfd": 5, "heading_cfd": 5},
    "pos_confidence": 10,
}


@pytest.mark.parametrize(
    ("topic", "message", "kind", "device", "object_id"),
    [
        ("V2X/RSU/R1/RSM/UP", OPENV2X_RSM, DeviceKind.RSU, "R1", 3),
        ("V2X/RSU/R1/RSM/UP/DAWNLINE", DAWNLINE_RSM, DeviceKind.RSU, "R1", 3),
        ("V2X/RADAR/R1/TRACK/UP", RADAR_TRACK, DeviceKind.RADAR, "R1", 3),
        ("v2x/v1/rsu/R1/rsm/up", DRIS_RSM, DeviceKind.RSU, "R1", 3),
        ("v2x/v1/rsu/R1/bsm/up", DRIS_RSU_BSM, DeviceKind.OBU, "CSBUS001", 0),
        ("oc/devices/CSBUS001/user/obu/bsm/up", DRIS_OBU_BSM, DeviceKind.OBU, "CSBUS001", 0),
    ],
)
def test_one_body_two_metres_wide_drives_east_at_ten(
    topic: str, message: Any, kind: DeviceKind, device: str, object_id: int
) -> None:
    pipeline, _ = take(topic, message)
    batch: ObservationBatch = pipeline.take_observations(NOON + 0.1)
    assert len(batch) == 1
    found = pipeline.registry.get(int(batch.device[0]))
    assert (found.kind, found.id) == (kind, device)
    lon, lat = pipeline._plane.inverse(batch.x, batch.y)
    assert (lon[0], lat[0]) == pytest.approx((DEG_LON, DEG_LAT), abs=1e-7)
    assert batch.event_time[0] == pytest.approx(NOON, abs=1e-3)
    assert (batch.vx[0], batch.vy[0]) == pytest.approx((10.0, 0.0), abs=1e-4)
    assert batch.heading[0] == pytest.approx(np.pi / 2)
    assert (batch.length[0], batch.width[0], batch.height[0]) == pytest.approx((5.0, 2.0, 2.0))
    assert batch.object_id[0] == object_id


@pytest.mark.parametrize(
    ("topic", "message", "reason", "field"),
    [
        (
            "V2X/RSU/R1/RSM/UP/DAWNLINE",
            [{"dev_pos": {"lat": 28.2}, "content": []}],
            RefusalReason.WRONG_TYPE,
            "[0].dev_pos",
        ),
        (
            "V2X/RSU/R1/RSM/UP/DAWNLINE",
            [{**DAWNLINE_RSM[0], "content": [{**DAWNLINE_RSM[0]["content"][0], "speed": "fast"}]}],
            RefusalReason.WRONG_TYPE,
            "[0].content[0].speed",
        ),
        (
            "V2X/RSU/R1/RSM/UP/DAWNLINE",
            [{**DAWNLINE_RSM[0], "content": [{**DAWNLINE_RSM[0]["content"][0], "width": 90}]}],
            RefusalReason.OUT_OF_RANGE,
            "[0].content[0].width",
        ),
        ("v2x/v1/rsu/R1/rsm/up", {"rsms": [{"participants": []}]}, RefusalReason.MISSING_FIELD, "rsms[0].refPos"),
        ("v2x/v1/rsu/R1/rsm/up", {"rsm": []}, RefusalReason.MISSING_FIELD, "rsms"),
        ("v2x/v1/rsu/R1/rsi/up", {"content": "{"}, RefusalReason.WRONG_TYPE, ""),
        ("v2x/v1/rsu/R1/rsi/up", b"{", RefusalReason.NOT_JSON, ""),
        (
            "v2x/v1/rsu/R1/bsm/up",
            {"bsmDatas": [{**DRIS_RSU_BSM["bsmDatas"][0], "heading": 30_000}]},
            RefusalReason.OUT_OF_RANGE,
            "bsmDatas[0].heading",
        ),
    ],
)
def test_a_fault_is_told_in_the_names_of_the_vendor(
    topic: str, message: Any, reason: RefusalReason, field: str
) -> None:
    payload = message if isinstance(message, bytes) else raw(message)
    verdict = new_pipeline().accept(topic, payload, NOON)
    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.field) == (reason, field)


def test_equal_bytes_within_a_minute_are_a_repeat_in_dialects_without_a_count() -> None:
    pipeline = new_pipeline()
    topic, payload = "V2X/RSU/R1/RSM/UP/DAWNLINE", raw(DAWNLINE_RSM)  # type: ignore[arg-type]  # a list is JSON too
    assert isinstance(pipeline.accept(topic, payload, NOON), Accepted)
    verdict = pipeline.accept(topic, payload, NOON + 1)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.DUPLICATE


def test_more_objects_than_one_message_holds_are_all_taken() -> None:
    people = [{**DAWNLINE_RSM[0]["content"][0], "ptcId": number} for number in range(1, 41)]
    pipeline, verdict = take("V2X/RSU/R1/RSM/UP/DAWNLINE", [{**DAWNLINE_RSM[0], "content": people}])
    assert verdict.observations == 40
    assert pipeline.take_observations(NOON).object_id.tolist() == list(range(1, 41))


def test_a_message_that_only_looks_like_no_dialect_is_told_in_the_words_of_the_standard() -> None:
    verdict = new_pipeline().accept("V2X/RSU/R1/RSM/UP", raw({"msgCnt": 1, "id": "R1"}), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.field == "refPos"


def test_every_form_belongs_to_a_stream_and_every_dialect_says_where_it_is_from() -> None:
    assert {"openv2x", "dawnline", "radar", "dris"} <= {one.name for one in dialects()}
    assert all(one.source for one in dialects())
    for form in list_forms():
        assert form.stream in BY_NAME
        assert form.marks or form.topic != BY_NAME[form.stream].topic
