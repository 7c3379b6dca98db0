"""Joins the metrics of several processes to one Prometheus text: one family once, a label `process` on every sample."""

from collections.abc import Iterable, Mapping

import structlog
from prometheus_client import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry

_log = structlog.get_logger("gateway.metrics")


def merged_exposition(texts: Mapping[str, str]) -> bytes:
    """Merge exposition texts by process name; a text that cannot be read is left out and logged."""
    registry = CollectorRegistry()
    registry.register(_Families(_families(texts)))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: dict[str, Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families.values()


def _families(texts: Mapping[str, str]) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for process, text in sorted(texts.items()):
        try:
            parsed = list(text_string_to_metric_families(text))
        except ValueError as fault:
            _log.warning("metrics refused", source=process, reason=str(fault))
            continue
        for family in parsed:
            merged = found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                merged.samples.append(sample._replace(labels={**sample.labels, "process": process}))
    return found
