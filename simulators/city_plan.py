"""The demo city on paper: crossings, streets, bus lines, car parks, river and parks of a town like Changsha.

Coordinates are metres east and north of `CENTRE`, on the UTM grid of zone 49N. Street and place names are
"Chinese|English". West of the river the names of nodes begin with W, east of it with E; rows run from A in the south
to D in the north.
"""

from dataclasses import dataclass

VERSION = 1
"""Goes into the fingerprint of a built city; raise it when the builders change."""

CENTRE = (112.93, 28.20)
"""Longitude and latitude of the middle, deg (WGS-84)."""

PROJECTION = "+proj=utm +zone=49 +ellps=WGS84 +datum=WGS84 +units=m +no_defs"

Point = tuple[float, float]


@dataclass(frozen=True)
class RoadType:
    """Cross-section of one direction of a street."""

    lanes: int
    speed: float
    """m/s"""
    bay: float
    """Length of the turn bay before a signal, m."""
    priority: int
    cycle_lane: bool


TYPES = {
    "ring": RoadType(3, 16.67, 100.0, 9, cycle_lane=True),
    "arterial4": RoadType(4, 16.67, 100.0, 8, cycle_lane=True),
    "arterial3": RoadType(3, 16.67, 90.0, 8, cycle_lane=True),
    "arterial2": RoadType(2, 13.89, 80.0, 7, cycle_lane=True),
    "collector2": RoadType(2, 13.89, 70.0, 5, cycle_lane=True),
    "collector1": RoadType(1, 11.11, 60.0, 4, cycle_lane=True),
    "local": RoadType(1, 8.33, 0.0, 2, cycle_lane=False),
}

NODES: dict[str, Point] = {
    "W0A": (-2330, -850), "W0B": (-2480, -280), "W0C": (-2470, 330), "W0D": (-2300, 880),
    "W1A": (-1690, -980), "W1B": (-1740, -350), "W1C": (-1700, 260), "W1D": (-1620, 900),
    "W2A": (-1010, -1010), "W2B": (-1060, -390), "W2C": (-1010, 230), "W2D": (-960, 880),
    "W3A": (-330, -960), "W3B": (-470, -400), "W3C": (-500, 260), "W3D": (-330, 930),
    "E0A": (400, -900), "E0B": (300, -330), "E0C": (330, 330), "E0D": (460, 980),
    "E1A": (1020, -930), "E1B": (980, -330), "E1C": (1010, 310), "E1D": (1080, 950),
    "E2A": (1660, -940), "E2B": (1650, -300),
    "E3A": (2280, -830), "E3B": (2420, -270), "E3C": (2430, 340), "E3D": (2290, 890),
    "W2N": (-880, 1640), "E1N": (1130, 1660), "W2S": (-930, -1680), "E1S": (1000, -1650),
}  # fmt: skip
"""Crossings of streets."""

WITHOUT_SIGNAL = frozenset({"W1B", "W1C"})

GATES: dict[str, Point] = {
    "GW1": (-2860, -300), "GW2": (-2850, 380), "GE1": (2800, -300), "GE2": (2680, 1020),
    "GN1": (-840, 2030), "GN2": (1170, 2050), "GS1": (-910, -2060), "GS2": (1020, -2040),
}  # fmt: skip
"""Where the city's roads go on into the country."""


@dataclass(frozen=True)
class Street:
    """A street through crossings (or plain bends, given as points), the same in both directions."""

    name: str
    kind: str
    way: tuple[str | Point, ...]


STREETS = (
    Street(
        "二环线|Second Ring Road",
        "ring",
        (
            "W3A",
            (-560, -1420),
            "W2S",
            (-1560, -1600),
            (-2080, -1320),
            "W0A",
            "W0B",
            "W0C",
            "W0D",
            (-2000, 1330),
            (-1520, 1610),
            "W2N",
            (-520, 1330),
            "W3D",
        ),
    ),
    Street(
        "二环线|Second Ring Road",
        "ring",
        (
            "E0D",
            (640, 1400),
            "E1N",
            (1680, 1600),
            (2080, 1290),
            "E3D",
            "E3C",
            "E3B",
            "E3A",
            (2060, -1290),
            (1600, -1560),
            "E1S",
            (560, -1370),
            "E0A",
        ),
    ),
    Street("银盆岭大桥|Yinpenling Bridge", "arterial4", ("W3D", (65, 985), "E0D")),
    Street("橘子洲大桥|Orange Isle Bridge", "arterial4", ("W3A", (35, -960), "E0A")),
    Street("岳麓大道|Yuelu Avenue", "arterial3", ("W0D", "W1D", "W2D", "W3D")),
    Street("三一大道|Sany Avenue", "arterial3", ("E0D", "E1D", (1730, 960), "E3D", "GE2")),
    Street("枫林路|Fenglin Road", "arterial3", ("W0A", "W1A", "W2A", "W3A")),
    Street("五一大道|Wuyi Avenue", "arterial4", ("E0A", "E1A", "E2A", "E3A")),
    Street("阜埠河路|Fubuhe Road", "arterial2", ("GW1", "W0B", "W1B", "W2B", "W3B")),
    Street("解放路|Jiefang Road", "arterial2", ("E0B", "E1B", "E2B", "E3B", "GE1")),
    Street("桐梓坡路|Tongzipo Road", "arterial2", ("GW2", "W0C", "W1C", "W2C", "W3C")),
    Street("八一路|Bayi Road", "arterial2", ("E0C", "E1C", (1700, 370), "E3C")),
    Street("望城坡路|Wangchengpo Road", "collector1", ("W1A", "W1B")),
    Street("麓谷路|Lugu Road", "collector1", ("W1C", "W1D")),
    Street("金星路|Jinxing Road", "arterial3", ("GS1", "W2S", "W2A", "W2B", "W2C", "W2D", "W2N", "GN1")),
    Street("潇湘大道|Xiaoxiang Avenue", "arterial2", ("W3A", "W3B", "W3C", "W3D")),
    Street("湘江大道|Xiangjiang Avenue", "arterial2", ("E0A", "E0B", "E0C", "E0D")),
    Street("芙蓉路|Furong Road", "arterial3", ("GS2", "E1S", "E1A", "E1B", "E1C", "E1D", "E1N", "GN2")),
    Street("韶山路|Shaoshan Road", "collector2", ("E2A", "E2B")),
    Street("远大路|Yuanda Road", "arterial2", ("E2B", (2010, -60), "E3C")),
)


@dataclass(frozen=True)
class SideStreet:
    """A local street with a car park, between the middles of two blocks; one turns right into and out of it."""

    name: str
    start: tuple[str, str]
    end: tuple[str, str]
    car_park: str
    car_park_name: str
    capacity: int
    share: float
    """Part of the drivers looking for a place who head here first."""
    filled: float
    """Part of the places taken at the start."""


SIDE_STREETS = (
    SideStreet("新民路|Xinmin Road", ("W2A", "W2B"), ("W3A", "W3B"), "P1",
               "溁湾镇停车场|Yingwanzhen Car Park", 90, 0.2, 0.6),
    SideStreet("银盆南路|Yinpen South Road", ("W2C", "W2D"), ("W3C", "W3D"), "P2",
               "银盆岭停车场|Yinpenling Car Park", 120, 0.2, 0.45),
    SideStreet("坡子街|Pozi Street", ("E0A", "E0B"), ("E1A", "E1B"), "P3",
               "黄兴广场停车场|Huangxing Square Car Park", 200, 0.3, 0.6),
    SideStreet("潘家坪路|Panjiaping Road", ("E0C", "E0D"), ("E1C", "E1D"), "P4",
               "湘雅停车场|Xiangya Car Park", 60, 0.3, 1.0),
)  # fmt: skip


@dataclass(frozen=True)
class BusLine:
    """A bus line that runs both ways along these crossings."""

    name: str
    headway: float
    """s"""
    way: tuple[str, ...]


LINES = (
    BusLine("1", 300, ("GW1", "W0B", "W1B", "W2B", "W3B", "W3A", "E0A", "E1A", "E2A", "E3A")),
    BusLine("5", 360, ("GN1", "W2N", "W2D", "W2C", "W2B", "W2A", "W2S", "GS1")),
    BusLine("12", 240, ("GN2", "E1N", "E1D", "E1C", "E1B", "E1A", "E1S", "GS2")),
    BusLine("18", 360, ("W0D", "W1D", "W2D", "W3D", "E0D", "E1D", "E3D", "GE2")),
    BusLine("63", 300, ("GW2", "W0C", "W1C", "W2C", "W3C", "W3D", "E0D", "E0C", "E1C", "E3C")),
    BusLine("112", 420, ("W0A", "W1A", "W2A", "W3A", "E0A", "E0B", "E1B", "E2B", "E3B", "GE1")),
    BusLine("149", 480, ("GS1", "W2S", "W3A", "E0A", "E1A", "E1B", "E1C", "E1D", "E1N")),
    BusLine("202", 300, ("W2S", "W2A", "W3A", "W3B", "W3C", "W3D", "E0D", "E1N", "GN2")),
    BusLine("301", 420, ("GS2", "E1S", "E0A", "E0B", "E0C", "E0D", "E1D", "E3D", "E3C")),
    BusLine("603", 480, ("E1S", "E1A", "E2A", "E2B", "E3C", "E3D", "GE2")),
    BusLine("903", 360, ("GW1", "W0B", "W0C", "W0D", "W2N", "W3D", "E0D", "E1N", "E3D")),
    BusLine("立珊", 360, ("W0A", "W2S", "W3A", "E0A", "E1S", "E3A", "E3B", "GE1")),
)

RIVER_AXIS: tuple[Point, ...] = (
    (190, 2400), (120, 1600), (65, 980), (-40, 560), (-90, 200), (-90, -300), (-20, -700), (35, -960), (110, -1600),
    (210, -2400),
)  # fmt: skip
RIVER_WIDTH = 300.0
RIVER_NAME = "湘江|Xiangjiang River"
ISLAND_AXIS: tuple[Point, ...] = ((-65, 420), (-92, 200), (-100, -50), (-88, -300), (-45, -560))
ISLAND_WIDTH = 80.0

PARKS: dict[str, tuple[Point, ...]] = {
    "岳麓山|Yuelu Mountain": (
        (-2330, -230), (-2000, -260), (-1700, -290), (-1400, -300), (-1130, -320), (-1090, -60), (-1080, 160),
        (-1400, 190), (-1750, 190), (-2100, 240), (-2380, 250), (-2400, 0)),
    "烈士公园|Martyrs' Park": (
        (1200, 420), (1700, 470), (2200, 450), (2290, 620), (2150, 820), (1700, 850), (1190, 840), (1160, 600)),
    "西湖公园|Xihu Park": ((-1480, 1000), (-1100, 1000), (-1040, 1250), (-1080, 1480), (-1400, 1450), (-1560, 1250)),
    "南郊公园|Nanjiao Park": ((-1480, -1080), (-1120, -1100), (-1090, -1500), (-1450, -1480)),
}  # fmt: skip


@dataclass(frozen=True)
class Breakdown:
    """The incident of the demo: a vehicle that breaks down on a lane."""

    start: str
    end: str
    before_stop_line: float
    """m"""
    after: float
    """Seconds from the start of the demo."""
    duration: float
    """s"""


INCIDENT = Breakdown("W2D", "W3D", 50.0, 0.5, 420.0)
