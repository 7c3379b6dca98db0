"""What the settings say about access."""

from pathlib import Path

import pytest
from access_kit import Trail

from cloudctl.access.desk import AccountAccess
from cloudctl.access.errors import OpenAccessError, UnknownRoleError
from cloudctl.access.open_access import OpenAccess
from cloudctl.access.starting import make_access, make_hosts, page_address
from cloudctl.settings import AccessSettings, GatewaySettings, MapSettings, ProviderSettings, Settings


def _settings(access: AccessSettings, host: str = "127.0.0.1") -> Settings:
    files = MapSettings(file=Path("city.v2xmap"), tiles=Path("city.pmtiles"))
    return Settings(map=files, gateway=GatewaySettings(host=host), access=access)


def _provider(role: str) -> ProviderSettings:
    return ProviderSettings(issuer="https://sso.example.cn", client_id="v2x", roles={"police": (role,)})


async def test_accounts_are_what_one_gets_without_saying_anything() -> None:
    access = make_access(_settings(AccessSettings()), Trail())
    assert isinstance(access, AccountAccess)
    assert access.desk.provider is None


def test_open_access_is_made_on_loopback_alone() -> None:
    opened = AccessSettings(mode="open")
    assert isinstance(make_access(_settings(opened), Trail()), OpenAccess)
    with pytest.raises(OpenAccessError):
        make_access(_settings(opened, "0.0.0.0"), Trail())  # noqa: S104  # refused here


async def test_a_provider_gives_roles_of_people_only() -> None:
    access = make_access(_settings(AccessSettings(provider=_provider("police_viewer"))), Trail())
    assert isinstance(access, AccountAccess)
    assert access.desk.provider is not None
    for role in ("picture_reader", "boss"):
        with pytest.raises(UnknownRoleError) as refused:
            make_access(_settings(AccessSettings(provider=_provider(role))), Trail())
        assert (refused.value.group, refused.value.role) == ("police", role)


@pytest.mark.parametrize(
    ("address", "host", "expected"),
    [
        ("", "127.0.0.1", "http://127.0.0.1:8765/"),
        ("", "::1", "http://[::1]:8765/"),
        ("https://v2x.example.cn", "127.0.0.1", "https://v2x.example.cn/"),
        ("https://v2x.example.cn/", "127.0.0.1", "https://v2x.example.cn/"),
    ],
)
def test_links_carry_the_address_that_people_type(address: str, host: str, expected: str) -> None:
    assert page_address(_settings(AccessSettings(address=address), host)) == expected


def test_the_names_of_the_settings_are_known() -> None:
    hosts = make_hosts(_settings(AccessSettings(address="https://v2x.example.cn/", hosts=("map.lan",)), "gateway"))
    known = [hosts.knows(name) for name in ("v2x.example.cn", "map.lan", "gateway:8765", "x.lan")]
    assert known == [True, True, True, False]
