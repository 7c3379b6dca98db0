"""Values of every message in every profile that has it: out to bytes, back to the same value, and into the struct.

One example is a seed from which a batch of values is made, and now and then a value that hypothesis makes itself.
`V2X_LONG=1` takes 2,000 examples of 50 values for each message and profile and says how many; asn1tools, which is slow,
judges one value in ten of them both ways. The short run takes some dozens, and asn1tools judges all.
"""

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from uper_oracle import content_type, framed, oracle_for, values
from uper_random import any_value

from ingest.messages.uper_editions import frame_for
from ingest.messages.uper_fit import fit
from ingest.messages.uper_form import DAY_ONE, DAY_TWO, to_message
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile, load_schema

LONG = os.environ.get("V2X_LONG") == "1"
EXAMPLES, BATCH = (2_000, 50) if LONG else (2, 60)
JUDGED = 10 if LONG else 1
"""One value in so many is put to asn1tools."""
DRAWNS = 20 if LONG else 2
"""One example in so many holds a value that hypothesis makes itself."""
CASES = [(Profile.V4, name) for name, _ in DAY_ONE.values()]
CASES += [(Profile.D2, name) for name, _ in DAY_TWO.values()]
CASES += [(profile, name) for name, _ in DAY_ONE.values() for profile in Profile if profile is not Profile.V4]
MODELLED = {**dict.fromkeys(DAY_ONE, Profile.V4), "msgFrameExt": Profile.D2}
"""Profile whose every field the structs hold, by alternative of MessageFrame."""
UNSHRUNK = (Phase.explicit, Phase.generate)
"""Smaller seeds say nothing, and shrinking a sensor sharing message takes minutes."""


def go_round(profile: Profile, frame: dict[str, Any], *, judged: bool) -> None:
    """Take one value through the codec and, where `judged`, through asn1tools."""
    codec = codec_for(profile)
    encoded = codec.encode(frame)
    decoded = codec.decode(encoded)
    assert decoded == frame
    if judged:
        oracle = oracle_for(profile)
        assert oracle.encode(frame) == encoded
        assert oracle.decode(encoded) == frame
    message = to_message(decoded, profile)
    if profile is MODELLED[next(iter(frame))] and "textGB2312" not in repr(frame):  # not all octets are text
        assert fit(load_schema(profile), frame_for(message, profile)) == frame


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("profile", "name"), CASES)
def test_any_message_comes_back_bit_for_bit_and_becomes_a_struct(
    profile: Profile, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, tally = content_type(profile, name), Counter[str]()
    calm = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=calm, phases=UNSHRUNK)
    @given(seed=st.integers(0, 2**64 - 1), turn=st.integers(1, DRAWNS), data=st.data())
    def take_batch(seed: int, turn: int, data: st.DataObject) -> None:
        tally["examples"] += 1
        draw = random.Random(f"{seed} {tally['examples']}")  # hypothesis gives small seeds more than once
        batch = [any_value(kind, draw) for _ in range(BATCH)]
        if turn == DRAWNS // 2:  # the ends come more often
            batch.append(data.draw(values(kind)))
            tally["drawn"] += 1
        for value in batch:
            judged = tally["values"] % JUDGED == 0
            go_round(profile, framed(name, value), judged=judged)
            tally["values"] += 1
            tally["judged"] += judged

    take_batch()
    assert tally["values"] >= EXAMPLES * BATCH
    if LONG:
        with capsys.disabled():
            print(f"\n{name} {profile}: {dict(tally)}")  # noqa: T201  # the count of a long run


@pytest.mark.timeout(600 if not LONG else 0)
@pytest.mark.parametrize(("target", "runs"), [("decoders", 1_000_000 if LONG else 20_000), ("pipeline", 5_000)])
def test_coverage_guided_inputs_find_nothing_foreign(target: str, runs: int) -> None:
    """In a process of its own, since libFuzzer ends the process."""
    pytest.importorskip("atheris")
    script = Path(__file__).parents[1] / "fuzz_ingest.py"
    # a child's peak memory starts at that of its parent, this test run: one allocation is limited instead
    argv = [sys.executable, str(script), target, f"-runs={runs}", "-rss_limit_mb=0", "-malloc_limit_mb=512"]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-4000:]
    assert f"Done {runs} runs" in found.stderr
