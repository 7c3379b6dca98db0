"""The MAP message that the network gives is a message of T/CSAE 53-2020: it encodes, and comes back as it was."""

from typing import Any

import pytest
from maps_city import SIGNALS, imported

from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from maps.v2x_map_export import map_message


@pytest.mark.parametrize("row", range(len(SIGNALS)))
def test_map_message_survives_unaligned_per(row: int) -> None:
    message: Any = {"mapFrame": map_message(imported().network, row, msg_cnt=7, moy=123_456)}
    codec = codec_for(Profile.V4)
    assert codec.decode(codec.encode(message)) == message
