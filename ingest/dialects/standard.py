"""The standard's JSON (T/CSAE 53, T/CSAE 157) on the topics of OpenV2X, with seqNum and ack added to every message.

CONFIG, MNG and the warnings CWM, CGW, RDW, OSW, SSW are no messages of the standard; `ingest.messages.orders` has
their shape, which is OpenV2X's.
"""

from ingest.dialects.description import Dialect, DownForm

MESSAGES = ("rsi", "rsm", "rsc", "ssm", "map", "spat", "config", "mng", "cwm", "cgw", "rdw", "osw", "ssw")

DIALECT = Dialect(
    "standard",
    "T/CSAE 53-2020 and T/CSAE 157-2020 field names; topics of open-v2x/dandelion (Apache-2.0)",
    (),
    tuple(DownForm(name, f"V2X/RSU/{{device}}/{name.upper()}/DOWN") for name in MESSAGES),
)
