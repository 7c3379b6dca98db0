"""The AsyncAPI document is the one the code makes, is valid, and every example in it is taken."""

import importlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ingest_samples import BOX, PLANE

from cloudctl.commands.asyncapi import document_text
from ingest.asyncapi import example_of, message_type, uper_example
from ingest.asyncapi_examples import TIME_MS
from ingest.device_registry import DeviceRegistry
from ingest.dialects.catalogue import list_down_forms
from ingest.pipeline import Pipeline
from ingest.streams import STREAMS, Direction
from ingest.topics import BINARY_MESSAGES, UPER_SUFFIX, Writing, message_of_stream, uplinks
from ingest.uper.schema import Profile
from ingest.verdicts import Accepted
from ingest.yaml_text import yaml_text

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "asyncapi.yaml"
CHECK = Path(__file__).parent / "asyncapi" / "check.mjs"
NOW = TIME_MS / 1000
UP = [stream for stream in STREAMS if stream.direction is Direction.UP]
DAY_ONE = {"bsm", "rsm", "spat", "map", "rsi"}


@pytest.fixture(scope="module")
def document() -> Any:
    return importlib.import_module("yaml").safe_load(DOCUMENT.read_text("utf-8"))


def test_the_committed_document_is_what_cloudctl_asyncapi_writes() -> None:
    assert DOCUMENT.read_text("utf-8") == document_text(), "run: cloudctl asyncapi --out docs/asyncapi.yaml"


def test_every_topic_of_the_tables_is_a_channel(document: Any) -> None:
    addresses = {channel["address"] for channel in document["channels"].values()}
    down = {form.topic for form in list_down_forms()}
    assert addresses == {link.topic for link in uplinks()} | {stream.topic for stream in STREAMS} | down


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_the_document_has_the_shape_of_asyncapi_3(document: Any) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert {"info", "servers", "channels", "operations", "components"} <= document.keys()
    assert {operation["action"] for operation in document["operations"].values()} == {"send", "receive"}
    for reference in set(references(document)):
        part = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    for channel in document["channels"].values():
        assert ("{device}" in channel["address"]) == ("parameters" in channel)


@pytest.mark.parametrize("stream", UP, ids=lambda stream: stream.name)
def test_the_example_of_every_uplink_is_taken_by_the_pipeline(stream: Any) -> None:
    pipeline = Pipeline(PLANE, BOX, DeviceRegistry())
    verdict = pipeline.accept(stream.topic_of("RSU00007"), msgspec.json.encode(example_of(stream)), NOW)
    assert isinstance(verdict, Accepted), verdict
    assert verdict.partly is None


@pytest.mark.parametrize(
    "link", [link for link in uplinks() if link.writing is Writing.UPER], ids=lambda link: link.topic
)
def test_the_uper_example_of_every_uplink_is_taken_by_the_pipeline(link: Any) -> None:
    assert link.topic.endswith(UPER_SUFFIX)
    name = message_of_stream(link.stream)
    assert name in BINARY_MESSAGES
    pipeline = Pipeline(PLANE, BOX, DeviceRegistry(profile=Profile.V4 if name in DAY_ONE else Profile.D2))
    verdict = pipeline.accept(link.topic.replace("{device}", "RSU00007"), uper_example(link.stream), NOW)
    assert isinstance(verdict, Accepted), verdict


@pytest.mark.parametrize(
    "stream", [stream for stream in STREAMS if stream.direction is Direction.DOWN], ids=lambda stream: stream.name
)
def test_the_example_of_every_downlink_is_of_its_type(stream: Any) -> None:
    kind, example = message_type(stream), example_of(stream)
    assert stream.name == "obu_advice" or (kind is not None and example is not None)
    if kind is not None:
        assert isinstance(msgspec.convert(example, kind), kind)


@pytest.mark.parametrize(
    "value",
    [{}, [], {"a": []}, {"a": [1, {"b": None, "c": [True]}], "no": "x: y", "1": "\n", "{}": "拥"}, [[1, 2], []]],
)
def test_yaml_reads_back_as_it_was_written(value: Any) -> None:
    assert importlib.import_module("yaml").safe_load(yaml_text(value)) == value


@pytest.mark.skipif(
    shutil.which("node") is None or not (CHECK.parent / "node_modules").is_dir(),
    reason="needs Node and `npm ci --ignore-scripts` in tests/contract/asyncapi",
)
def test_the_asyncapi_parser_finds_no_fault(document: Any) -> None:
    result = subprocess.run(["node", str(CHECK), str(DOCUMENT)], capture_output=True, text=True, check=False)  # noqa: S607
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"channels": len(document["channels"]), "errors": 0, "warnings": 0}
