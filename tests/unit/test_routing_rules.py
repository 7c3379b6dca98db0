"""Rules by class of vehicle, and usual times from stored profiles."""

import json
from pathlib import Path

import numpy as np
import pytest
from advice_city import build_network

from cloudctl.routing.errors import UnknownClassError, VehicleRulesError
from cloudctl.routing.outlook import SLOT
from cloudctl.routing.usual_times import UsualSpeed, quarter_of_week, usual_of
from cloudctl.routing.vehicle_classes import ClassRules, RulesFile, VehicleClasses, read_rules

NETWORK = build_network(
    {"A": (0.0, 0.0), "B": (400.0, 0.0), "C": (800.0, 0.0)}, [("AB", "A", "B", 1), ("BC", "B", "C", 1)]
)
MONDAY = 1_699_833_600.0
"""00:00 UTC."""


def zone_about_bc() -> list[tuple[float, float]]:
    x = np.array([500.0, 900.0, 900.0, 500.0])
    lon, lat = NETWORK.plane.inverse(x, np.array([-50.0, -50.0, 50.0, 50.0]))
    return [(float(east), float(north)) for east, north in zip(lon, lat, strict=True)]


def test_a_zone_is_closed_at_its_hours_only() -> None:
    rules = ClassRules(kind="TRUCK", closed_zones=("east",), closed_hours=((7, 9), (17, 20)))
    classes = VehicleClasses(NETWORK, RulesFile({"truck": rules}, {"east": zone_about_bc()}))
    assert classes.closed(rules, 8.0).tolist() == [NETWORK.link_rows["BC"]]
    assert classes.closed(rules, 9.0).tolist() == []
    assert classes.closed(rules, 17.0).tolist() == [NETWORK.link_rows["BC"]]


def test_named_links_are_always_closed_to_a_class() -> None:
    rules = ClassRules(closed_links=("AB", "no longer on the map"), closed_hours=((1, 2),))
    assert VehicleClasses(NETWORK).closed(rules, 12.0).tolist() == [NETWORK.link_rows["AB"]]


def test_an_unknown_class_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownClassError, match="'tank' is not one of car, emergency"):
        VehicleClasses(NETWORK).find("tank")


def test_a_file_adds_to_the_classes(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"classes": {"tanker": {"kind": "TRUCK", "weight_t": 40}}}))
    classes = VehicleClasses(NETWORK, read_rules(path))
    assert classes.find("tanker").weight_t == 40
    assert classes.find("bus").kind == "BUS"
    assert read_rules(None) == RulesFile()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "rules.json"),
        ('{"classes": {"x": {"colour": "red"}}}', "colour"),
        ('{"classes": {"x": {"closed_zones": ["west"]}}}', "west"),
        ('{"classes": {"x": {"kind": "ZEPPELIN"}}}', "ZEPPELIN"),
    ],
)
def test_an_unusable_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(text)
    with pytest.raises(VehicleRulesError, match=named):
        read_rules(path)


def test_quarters_count_from_monday_midnight() -> None:
    assert quarter_of_week(MONDAY) == 0
    assert quarter_of_week(MONDAY + 86_400 + 3_600 + 16 * 60) == 96 + 5
    assert quarter_of_week(MONDAY - 1) == 671


def test_usual_times_follow_the_quarters_and_are_free_flow_without_a_profile() -> None:
    length, free = np.array([400.0, 400.0]), np.array([26.0, 26.0])
    speeds = [UsualSpeed(0, 0, 4.0, 2.0), UsualSpeed(0, 1, 8.0, 7.0), UsualSpeed(9, 0, 1.0, 1.0)]
    usual = usual_of(speeds, length, free, MONDAY)
    per_quarter = round(900 / SLOT)
    assert usual.times[0, 0] == 100.0
    assert usual.times[per_quarter, 0] == 50.0
    assert usual.times[-1, 0] == 26.0
    assert usual.spread[0, 0] > usual.spread[per_quarter, 0]
    assert (usual.times[:, 1] == 26.0).all()
