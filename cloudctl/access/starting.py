"""What the settings say about access, made ready: who tells visitors apart, and the first administrator's link."""

import asyncio
from urllib.parse import urlsplit

import structlog

from cloudctl.access.audit_trail import AuditTrail
from cloudctl.access.desk import AccountAccess, AccountDesk
from cloudctl.access.errors import AccountsDownError, UnknownRoleError
from cloudctl.access.first_link import write_first_link
from cloudctl.access.open_access import OpenAccess, refuse_open_to_others
from cloudctl.access.origins import Hosts
from cloudctl.access.provider import Provider
from cloudctl.access.roles import PEOPLE
from cloudctl.database import Database, Terms
from cloudctl.settings import ProviderSettings, Settings

RETRY_S = 0.5
"""Between two tries to reach the database while the platform starts, s."""


def accounts_database(url: str) -> Database:
    """Give the database of the accounts; it is open while `run_access` runs."""
    return Database(url, Terms("v2x-access", AccountsDownError, statement_timeout_s=3.0))


def make_access(settings: Settings, audit: AuditTrail) -> AccountAccess | OpenAccess:
    """Make what tells visitors apart.

    Raises:
        OpenAccessError: open access on an address that others can reach.
        UnknownRoleError: the provider's table names a role that people cannot have.
    """
    if settings.access.mode == "open":
        refuse_open_to_others(settings.gateway.host)
        return OpenAccess()
    provider = settings.access.provider
    desk = AccountDesk(accounts_database(settings.database.url), page_address(settings), audit=audit)
    if provider is not None:
        _check_roles(provider)
        desk.provider = Provider(provider, desk.address)
    return AccountAccess(desk)


def _check_roles(provider: ProviderSettings) -> None:
    for group, roles in provider.roles.items():
        for role in roles:
            if role not in PEOPLE:
                raise UnknownRoleError(group, role)


def page_address(settings: Settings) -> str:
    """Give the address of the live map as people type it."""
    if settings.access.address:
        return settings.access.address.rstrip("/") + "/"
    host = settings.gateway.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.gateway.port}/"


def make_hosts(settings: Settings) -> Hosts:
    """Make the list of our own host names."""
    named = urlsplit(settings.access.address).hostname or ""
    return Hosts(settings.gateway.host, named, *settings.access.hosts)


async def run_access(access: AccountAccess | OpenAccess, settings: Settings) -> None:
    """Keep the accounts reachable until cancelled; offer the link for the first administrator where there is none."""
    if isinstance(access, OpenAccess):
        return
    async with access.desk.database.opened():
        await _offer_first_link(access.desk, settings)
        await asyncio.Event().wait()


async def _offer_first_link(desk: AccountDesk, settings: Settings) -> None:
    while True:
        try:
            link = "" if await desk.accounts.has_administrator() else await desk.link_for(None)
        except AccountsDownError:
            await asyncio.sleep(RETRY_S)
            continue
        write_first_link(settings.data_dir, link)
        if link:
            structlog.get_logger("gateway.access").warning("nobody can sign in yet", first_administrator=link)
        return
