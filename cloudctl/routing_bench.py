"""Measures the router beside networkx, scipy, rustworkx and igraph on the same graph and pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter, thread_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from cloudctl.grid_city import grid_city
from maps.errors import NoRouteError
from maps.link_graph import LinkGraph, link_graph
from maps.routing import Router

Figures = dict[str, Any]
Seconds = NDArray[np.float64]
Pairs = NDArray[np.int64]
Solve = Callable[[int, int], float]
_FEW = {"networkx": 6, "scipy": 20, "rustworkx": 20, "igraph": 30}
"""Queries put to slower engines."""


@dataclass(frozen=True)
class _Engine:
    """Way to answer queries; `load` takes new travel times of all links and gives the answering function."""

    name: str
    load: Callable[[Seconds], Solve]


def measure_routing(side: int, queries: int) -> Figures:
    """Figures of every engine that is installed, at free flow and with travel times 1 to 10 times as long."""
    network = grid_city(side)
    router, graph = Router(network), link_graph(network)
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, len(network.links.id), (queries, 2))
    free = router.free_flow_times
    jammed = free * rng.uniform(1, 10, len(free))
    engines, missing = _engines(router, graph)
    rows: list[Figures] = []
    for label, times in (("free flow", free), ("1 to 10 times", jammed)):
        wanted: dict[int, float] = {}
        rows += [
            _measure(engine, times, pairs[: _FEW.get(engine.name, queries)], wanted) | {"times": label}
            for engine in engines
        ]
    return {
        "links": len(free),
        "turns": len(graph.heads),
        "engines": rows,
        "notes": [f"{name} is not installed and was left out" for name in missing],
    }


def _measure(engine: _Engine, times: Seconds, pairs: Pairs, wanted: dict[int, float]) -> Figures:
    """Time one engine; the first one measured sets the costs that the others must find too."""
    solve = engine.load(times)
    solve(*pairs[0].tolist())
    updates = [_timed(lambda: engine.load(times))[0][0] for _ in range(3 if len(pairs) < 100 else 20)]
    spent: list[tuple[float, float]] = []
    equal = True
    for row, (source, target) in enumerate(pairs.tolist()):
        seconds, cost = _timed(lambda a=source, b=target: solve(a, b))  # type: ignore[misc]
        spent.append(seconds)
        equal &= bool(np.isclose(cost, wanted.setdefault(row, cost), rtol=1e-9))
    (p50, wall_p50), (p99, wall_p99) = np.percentile(np.array(spent) * 1e3, (50, 99), axis=0).tolist()
    return {
        "engine": engine.name,
        "queries": len(pairs),
        "p50_ms": p50,
        "p99_ms": p99,
        "wall_p50_ms": wall_p50,
        "wall_p99_ms": wall_p99,
        "update_ms": float(np.median(updates)) * 1e3,
        "equal": equal,
    }


def _timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Processor time and time on the clock of some work, s, and what it gave."""
    begin, wall = thread_time(), perf_counter()
    result = work()
    return (thread_time() - begin, perf_counter() - wall), result


def _engines(router: Router, graph: LinkGraph) -> tuple[list[_Engine], list[str]]:
    found = [_Engine("maps", lambda times: _ours(router, times)), _Engine("scipy", lambda times: _scipy(graph, times))]
    makers = {"rustworkx": _rustworkx, "igraph": _igraph, "networkx": _networkx}
    missing = [name for name in makers if find_spec(name) is None]
    found += [_Engine(name, make(graph)) for name, make in makers.items() if name not in missing]
    return found, missing


def _ours(router: Router, times: Seconds) -> Solve:
    router.set_travel_times(times)

    def solve(source: int, target: int) -> float:
        try:
            return router.route(source, target).travel_time
        except NoRouteError:
            return float("inf")

    return solve


def _weights(graph: LinkGraph, times: Seconds) -> Seconds:
    weights: Seconds = graph.seconds + times[graph.heads]
    return weights


def _scipy(graph: LinkGraph, times: Seconds) -> Solve:
    count = len(times)
    matrix = csr_array((_weights(graph, times), graph.heads, graph.starts), shape=(count, count))
    return lambda source, target: float(dijkstra(matrix, indices=source)[target] + times[source])


def _rustworkx(graph: LinkGraph) -> Callable[[Seconds], Solve]:
    rx = import_module("rustworkx")
    made = rx.PyDiGraph(multigraph=False)
    made.add_nodes_from(range(len(graph.starts) - 1))
    made.add_edges_from(list(zip(graph.tails.tolist(), graph.heads.tolist(), range(len(graph.heads)), strict=True)))

    def load(times: Seconds) -> Solve:
        weights = _weights(graph, times).tolist()

        def solve(source: int, target: int) -> float:
            if source == target:
                return float(times[source])
            found = rx.dijkstra_shortest_path_lengths(made, source, weights.__getitem__, target)
            return float(found[target] + times[source]) if target in found else float("inf")

        return solve

    return load


def _igraph(graph: LinkGraph) -> Callable[[Seconds], Solve]:
    ig = import_module("igraph")
    made = ig.Graph(n=len(graph.starts) - 1, edges=np.column_stack([graph.tails, graph.heads]).tolist(), directed=True)

    def load(times: Seconds) -> Solve:
        weights = _weights(graph, times).tolist()
        return lambda source, target: float(made.distances(source, target, weights=weights)[0][0] + times[source])

    return load


def _networkx(graph: LinkGraph) -> Callable[[Seconds], Solve]:
    nx = import_module("networkx")
    made = nx.DiGraph()
    made.add_nodes_from(range(len(graph.starts) - 1))

    def load(times: Seconds) -> Solve:
        weights = _weights(graph, times).tolist()
        made.add_weighted_edges_from(zip(graph.tails.tolist(), graph.heads.tolist(), weights, strict=True))

        def solve(source: int, target: int) -> float:
            try:
                return float(nx.bidirectional_dijkstra(made, source, target)[0] + times[source])
            except nx.NetworkXNoPath:
                return float("inf")

        return solve

    return load
