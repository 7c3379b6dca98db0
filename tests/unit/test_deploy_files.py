"""What lies under deploy/ fits the product: settings, topics, metrics, routes, files; nothing runs with rights."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml  # type: ignore[import-untyped]  # it brings no types
from deploy_files import DEPLOY, named_metrics, samples
from prometheus_client import generate_latest
from pydantic import BaseModel

from cloudctl.api.measures import Measures
from cloudctl.archive.health import archiver_counters, prometheus_text
from cloudctl.archive.intake import Intake
from cloudctl.broker_rules import access_rules
from cloudctl.settings import Settings, read_settings
from cloudctl.store.spool import Spool
from cloudctl.store.writer import Writer

TEXTS = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and path.suffix != ".pyc"]


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


def workloads() -> Iterator[dict[str, Any]]:
    """Pods of all workloads for Kubernetes."""
    for name in documents("kustomization.yaml")[0]["resources"]:
        for document in documents(name):
            if document["kind"] in {"StatefulSet", "Deployment"}:
                yield document["spec"]["template"]["spec"]


def setting_names(model: type[BaseModel], prefix: str = "V2X_") -> set[str]:
    """Environment variables that override a setting."""
    found = set()
    for name, field in model.model_fields.items():
        own = f"{prefix}{name.upper()}"
        found.add(own)
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= setting_names(kind, f"{own}__")
    return found


def test_every_variable_of_the_platform_is_a_setting() -> None:
    known = setting_names(Settings) | {"V2X_SECRETS_FOLDER", "V2X_TIMESCALE_ROOT"}
    named = {name for path in TEXTS for name in re.findall(r"\bV2X_[A-Z0-9_]*[A-Z0-9]\b", path.read_text("utf-8"))}
    assert "V2X_BROKER__URL" in named
    assert named - known == set()


def test_the_settings_of_containers_can_be_read_and_take_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V2X_BROKER__URL", "mqtt://platform:secret@broker:1883")
    settings = read_settings(DEPLOY / "container/cloudctl.toml")
    assert settings.broker.url == "mqtt://platform:secret@broker:1883"
    assert settings.access.mode == "accounts"
    assert "gateway" in settings.access.hosts


def test_the_archiver_and_the_gateway_expose_every_metric_that_is_shown(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 24, min_free_bytes=0)
    archiver = prometheus_text(archiver_counters(Intake(spool), spool, Writer("", spool, "map")))
    spool.close()
    assert named_metrics("v2x_archiver_") - samples(archiver) == set()
    assert named_metrics("v2x_(gateway|stage)_") - samples(generate_latest(Measures().registry).decode()) == set()


def test_every_panel_has_a_title_a_unit_and_a_question() -> None:
    dashboard = json.loads((DEPLOY / "grafana/dashboards/platform.json").read_text("utf-8"))
    assert len(dashboard["panels"]) > 10
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["expr"] for target in panel["targets"])
        assert (
            panel["datasource"]["uid"]
            == documents("grafana/provisioning/datasources/prometheus.yaml")[0]["datasources"][0]["uid"]
        )


def test_the_access_file_of_the_broker_follows_from_the_topics() -> None:
    found = (DEPLOY / "mosquitto/access").read_text("utf-8")
    assert found == access_rules(), "write it again: python -m cloudctl.broker_rules >deploy/mosquitto/access"


def test_all_files_and_secrets_that_compose_names_are_there_or_said_to_be_made() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    compose = documents("compose.yaml")[0]
    explained = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = source in compose["volumes"] or (DEPLOY / source).exists()
            assert known or f"deploy/{source.removeprefix('./')}/" in explained, (name, source)
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert set(service["networks"]) <= set(compose["networks"])
    for secret in compose["secrets"]:
        assert secret in explained


def test_only_the_broker_is_published_beyond_this_machine() -> None:
    ports = [port for service in documents("compose.yaml")[0]["services"].values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == ["8883:8883"]


def test_every_file_that_kustomize_names_is_there() -> None:
    root = documents("kustomization.yaml")[0]
    named = [*root["resources"], *(file for each in root["configMapGenerator"] for file in each["files"])]
    assert [name for name in named if not (DEPLOY / name).is_file()] == []
    assert all(
        {"apiVersion", "kind", "metadata"} <= set(each) for name in root["resources"] for each in documents(name)
    )


def test_no_container_runs_with_rights_or_a_root_file_system_that_it_can_write() -> None:
    for pod in workloads():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
    containerfile = (DEPLOY / "container/Containerfile").read_text("utf-8").splitlines()
    assert [line for line in containerfile if line.startswith("USER")] == ["USER 10001"]


def test_every_mount_has_its_volume_and_every_probe_its_port() -> None:
    declared = {
        document["metadata"]["name"]: document
        for name in documents("kustomization.yaml")[0]["resources"]
        for document in documents(name)
        if document["kind"] == "StatefulSet"
    }
    for document in declared.values():
        pod = document["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        volumes |= {claim["metadata"]["name"] for claim in document["spec"]["volumeClaimTemplates"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            ports = {port["name"] for port in container.get("ports", [])}
            probes = [container[name] for name in container if name.endswith("Probe")]
            asked = [probe.get("httpGet") or probe.get("tcpSocket") for probe in probes]
            assert {each["port"] for each in asked if each} <= ports
            assert {each["path"] for each in asked if each and "path" in each} <= {"/healthz", "/readyz"}
