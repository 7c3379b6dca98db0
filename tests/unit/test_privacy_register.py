"""Who may be known for what: off by default, by purpose, with an end."""

import math

import msgspec
import pytest
from privacy_register import AGREED, BUS, KEY, LIVE_ONLY

from cloudctl.privacy.register import LawfulBasis, Purpose, Register, RegisterMessage, Standing, token_of

NOW = 1_800_000_000.0


def test_a_vehicle_that_is_not_in_the_register_may_be_known_for_nothing() -> None:
    grant = Register().grant("CAR00001", NOW)
    assert (grant.public, grant.live, grant.storage, grant.named) == (False, False, False, False)


@pytest.mark.parametrize("basis", [LawfulBasis.CONTRACT, LawfulBasis.STATUTORY_DUTY])
def test_contract_and_duty_need_no_consent(basis: LawfulBasis) -> None:
    assert Register(1, {"BUS00001": Standing(basis)}).grant("BUS00001", NOW).public


def test_a_basis_of_none_is_the_same_as_no_entry() -> None:
    until = {Purpose.STORAGE: NOW + 1}
    assert not Standing(LawfulBasis.NONE, until).grant(NOW).named


def test_each_purpose_stands_by_itself() -> None:
    assert LIVE_ONLY.grant(NOW).live
    assert not LIVE_ONLY.grant(NOW).storage
    assert AGREED.grant(NOW).storage
    assert not AGREED.grant(NOW).public


def test_a_consent_ends_at_its_end_to_the_second() -> None:
    standing = Standing(LawfulBasis.CONSENT, {Purpose.STORAGE: NOW + 10})
    assert standing.grant(NOW + 9.9).storage
    assert not standing.grant(NOW + 10).storage
    assert standing.next_end(NOW) == NOW + 10
    assert standing.next_end(NOW + 10) == math.inf


def test_research_alone_lets_nobody_be_named() -> None:
    assert not Standing(LawfulBasis.CONSENT, {Purpose.RESEARCH: NOW + 10}).grant(NOW).named


def test_the_published_register_holds_no_name() -> None:
    payload = msgspec.json.encode(Register(3, {"CAR00001": AGREED, "BUS00001": BUS}).message(KEY, NOW))
    assert b"CAR00001" not in payload
    assert b"BUS00001" not in payload
    message = msgspec.json.decode(payload, type=RegisterMessage)
    assert Register(message.version, message.entries).grant(token_of(KEY, "CAR00001"), NOW).storage


def test_another_key_makes_other_tokens() -> None:
    assert token_of(KEY, "CAR00001") != token_of(b"x" * 32, "CAR00001")
