"""Which letter of SUMO's state text belongs to which signal group of the road network.

SUMO numbers the lights of a signal by link index; the road network groups connections that always show the same. The
network file names both: `<connection from to fromLane toLane tl linkIndex>`.
"""

from pathlib import Path

from maps.importers.sumo_xml import read_net
from maps.network import RoadNetwork


def links_of_groups(network: RoadNetwork, net_file: Path) -> list[list[int]]:
    """Place of each group's light in the state text, one list a signal in the order of its groups; -1 where none.

    Raises:
        MapSourceError: the SUMO network cannot be read.
    """
    group_of = _group_of_connection(network)
    rows = zip(network.crossings.id.tolist(), network.crossings.group.tolist(), strict=True)
    crossings: dict[str, int] = {str(name): int(group) for name, group in rows}
    place = [-1] * len(network.groups.signal)
    for connection in read_net(net_file).connections:
        if "linkIndex" not in connection:
            continue
        source = f"{connection['from']}_{connection['fromLane']}"
        target = f"{connection['to']}_{connection['toLane']}"
        group = group_of.get((source, target), -1)
        if group < 0:
            group = crossings.get(connection["to"], crossings.get(connection["from"], -1))
        if group >= 0 and place[group] < 0:
            place[group] = int(connection["linkIndex"])
    starts, counts = network.signals.group_start.tolist(), network.signals.group_count.tolist()
    return [place[start : start + count] for start, count in zip(starts, counts, strict=True)]


def _group_of_connection(network: RoadNetwork) -> dict[tuple[str, str], int]:
    table, lanes = network.connections, network.lanes.id
    return {
        (str(lanes[a]), str(lanes[b])): int(group)
        for a, b, group in zip(table.from_lane.tolist(), table.to_lane.tolist(), table.group.tolist(), strict=True)
        if group >= 0
    }
