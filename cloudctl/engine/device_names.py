"""Ids of devices by row."""

from collections.abc import Sequence

from ingest.device_registry import DeviceRegistry


class DeviceNames(Sequence[str]):
    """Ids of the devices of a registry by row, without a copy."""

    def __init__(self, registry: DeviceRegistry) -> None:
        self._registry = registry

    def __len__(self) -> int:
        return len(self._registry)

    def __getitem__(self, row: int) -> str:  # type: ignore[override]  # nobody slices names
        return self._registry.get(row).id
