"""The binary gateway envelope of the 2020 RSU gateway document: topics V2X.RSU.{MSG}.{device}.DOWN.

SPAT, RSI, RSM, RSC and MAP are UPER in the envelope, CONFIG and MNG are JSON. Answers come on V2X.RSU.{MSG}.DOWN.ACK
as JSON that names the unit; to an envelope they name the msgCnt as seqNum.
"""

from ingest.dialects.description import Dialect, DownForm, Encoding

_SEALED = ("rsi", "rsm", "rsc", "map", "spat")

DIALECT = Dialect(
    "envelope",
    "zyjohn0822/asn1-uper-v2x, RSU data connection document of 2020-11-23 (Apache-2.0)",
    (),
    (
        *(DownForm(name, f"V2X.RSU.{name.upper()}.{{device}}.DOWN", encoding=Encoding.ENVELOPE) for name in _SEALED),
        *(DownForm(name, f"V2X.RSU.{name.upper()}.{{device}}.DOWN") for name in ("config", "mng")),
    ),
)
