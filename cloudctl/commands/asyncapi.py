"""`cloudctl asyncapi`: the AsyncAPI document of all MQTT topics."""

from pathlib import Path
from typing import Annotated

import typer


def asyncapi(
    out: Annotated[Path | None, typer.Option(help="Write to this file, else to the terminal.")] = None,
) -> None:
    """Write the AsyncAPI 3 document of all topics and messages as YAML (docs/asyncapi.yaml is made by this)."""
    from cloudctl.errors import CloudctlError

    text = document_text()
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise CloudctlError(f"{out}: {error.strerror}") from error


def document_text() -> str:
    """Make the document."""
    from importlib.metadata import version

    from cloudctl.advice.advisory import Advisory
    from cloudctl.advice.priority_states import SignalPriorityState
    from cloudctl.devices.record import DeviceRecord
    from cloudctl.publish.commands import Command, CommandReply
    from cloudctl.publish.delivery import Delivery
    from cloudctl.signals.live.recommendation import SignalRecommendation
    from cloudctl.signals.live.state import SignalsState
    from ingest.asyncapi import asyncapi_document
    from ingest.yaml_text import yaml_text

    types = {
        "obu_advice": Advisory,
        "advisory": Advisory,
        "command": Command,
        "command_reply": CommandReply,
        "device_register": DeviceRecord,
        "delivery": Delivery,
        "signals_now": SignalsState,
        "signal_recommendation": SignalRecommendation,
        "signal_priority": SignalPriorityState,
    }
    return yaml_text(asyncapi_document(version("v2x-cloudctl"), types))
