"""Which metrics the files under deploy/ name, and which a process exposes."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

DEPLOY = Path(__file__).parents[1] / "deploy"


def named_metrics(process: str) -> set[str]:
    """Metrics of a process that a dashboard or an alert names."""
    text = (DEPLOY / "prometheus/alerts.yml").read_text() + (DEPLOY / "grafana/dashboards/platform.json").read_text()
    return {name for name in re.findall(r"\bv2x_[a-z0-9_]+", text) if re.match(process, name)}


def samples(text: str) -> set[str]:
    """Names of samples that a process exposes, those of a family without a label yet too."""
    found = set()
    for family in text_string_to_metric_families(text):
        found |= {sample.name for sample in family.samples}
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + end for end in ends}
    return found
