"""One UPER MessageFrame in the profile of the device, on the topic of the JSON with `/UPER` behind it.

A MessageFrame has no sequence number: the answer names the msgCnt as its seqNum. What the profile of a device cannot
say goes out as JSON.
"""

from ingest.dialects.description import Dialect, DownForm, Encoding

DIALECT = Dialect(
    "uper",
    "T/CSAE 53 and T/CSAE 157, ITU-T X.691",
    (),
    tuple(
        DownForm(name, f"V2X/RSU/{{device}}/{name.upper()}/DOWN/UPER", encoding=Encoding.UPER)
        for name in ("rsi", "rsm", "rsc", "ssm", "map", "spat")
    ),
    base="standard",
)
