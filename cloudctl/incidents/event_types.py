"""Traffic event types that the page offers: codes of GB/T 29100-2012 (class x 100 + number), DE_EventType of T/CSAE 53.

The list holds codes that roadside units in the field are known to read. Any other number may be published too: vendors
agree on 99xx codes of their own.
"""

from typing import NamedTuple

DEFAULT_SEVERITY = "80"


class EventType(NamedTuple):
    """One code with what it is called."""

    code: int
    name_zh: str
    name_en: str
    severity: str = DEFAULT_SEVERITY
    """DE_RSIPriority as one octet in hexadecimal; its upper three bits count, E0 is the highest."""


EVENT_TYPES = (
    EventType(202, "火灾", "Fire", "E0"),
    EventType(205, "道路设施损坏", "Damaged road"),
    EventType(301, "降雨", "Rain", "60"),
    EventType(302, "冰雹", "Hail"),
    EventType(304, "大风", "Strong wind"),
    EventType(305, "大雾", "Fog", "A0"),
    EventType(308, "降雪", "Snow"),
    EventType(311, "霾", "Haze", "60"),
    EventType(399, "沙尘", "Sandstorm", "A0"),
    EventType(401, "抛洒物", "Debris on the road", "C0"),
    EventType(405, "行人闯入", "Pedestrian on the carriageway", "C0"),
    EventType(406, "动物闯入", "Animal on the carriageway", "C0"),
    EventType(407, "路面积水", "Water on the road", "A0"),
    EventType(408, "路面湿滑", "Slippery road"),
    EventType(409, "路面结冰", "Ice on the road", "C0"),
    EventType(707, "交通拥堵", "Traffic jam", "A0"),
    EventType(901, "超速车辆", "Speeding vehicle", "60"),
    EventType(902, "低速车辆", "Slow vehicle", "60"),
    EventType(903, "异常停车", "Stopped vehicle", "A0"),
    EventType(904, "逆行车辆", "Wrong-way vehicle", "E0"),
    EventType(905, "紧急车辆", "Emergency vehicle", "C0"),
)
BY_CODE = {each.code: each for each in EVENT_TYPES}
