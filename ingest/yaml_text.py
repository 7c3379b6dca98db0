"""Plain data as YAML text: what a generated document needs, and nothing of what makes YAML hard to read back."""

import json
from collections.abc import Iterator
from typing import Any


def yaml_text(value: Any) -> str:  # noqa: ANN401  # any plain data
    """Write dicts, lists and scalars as block YAML; texts are quoted as in JSON, which YAML contains."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:  # noqa: ANN401  # any plain data
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _entry(f"{_key(name)}:", inner)
    elif isinstance(value, list) and value:
        for inner in value:
            first, *rest = _lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield json.dumps(value, ensure_ascii=False)


def _entry(head: str, inner: Any) -> Iterator[str]:  # noqa: ANN401  # any plain data
    if isinstance(inner, (dict, list)) and inner:
        yield head
        yield from (f"  {line}" for line in _lines(inner))
    else:
        yield f"{head} {json.dumps(inner, ensure_ascii=False)}"


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "").isalnum() and name.isascii() and not name[0].isdigit()
    return name if plain and name not in {"null", "true", "false", "yes", "no", "on", "off"} else json.dumps(name)
