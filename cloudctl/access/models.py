"""Bodies of the routes about accounts."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloudctl.access.accounts import Account, Profile
from cloudctl.access.actor import Actor
from cloudctl.access.api_tokens import ApiToken
from cloudctl.access.passwords import LONGEST
from cloudctl.access.roles import PEOPLE, Permission, Role

Name = Annotated[str, StringConstraints(pattern=r"^[\w.@-]{2,64}$", strip_whitespace=True)]
Label = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Secret = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[str, Field(min_length=1, max_length=LONGEST * 4, pattern=r"^[^\x00]*$")]
Places = Annotated[list[Label], Field(max_length=500)]


REFUSALS: dict[int | str, dict[str, object]] = {
    status: {"description": HTTPStatus(status).phrase} for status in (404, 409, 503)
}
"""How routes about accounts refuse besides what every route does: not there, in the way, database silent."""


class Body(BaseModel):
    """What a client sends; what it does not know of is refused."""

    model_config = ConfigDict(extra="forbid")


class Me(BaseModel):
    """Who is signed in."""

    mode: Literal["accounts", "open"]
    id: str
    name: str
    roles: list[Role]
    permissions: list[Permission]
    organisation: str
    districts: list[str]
    lines: list[str]
    session: str

    @classmethod
    def of(cls, actor: Actor, mode: Literal["accounts", "open"]) -> Self:
        """Make it of an actor."""
        return cls(
            mode=mode,
            id=actor.id,
            name=actor.name,
            roles=sorted(actor.roles),
            permissions=sorted(actor.permissions),
            organisation=actor.organisation,
            districts=sorted(actor.districts),
            lines=sorted(actor.lines),
            session=actor.session,
        )


class SignInOffer(BaseModel):
    """How one may sign in."""

    mode: Literal["accounts", "open"]
    provider: str | None
    """What the button of the provider says."""


class SignIn(Body):
    """Name and password."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Password


class LinkSecret(Body):
    """The secret of a one-time link."""

    link: Secret


class LinkContent(BaseModel):
    """What a one-time link is for; without a name it makes the first administrator."""

    name: str | None


class LinkAnswer(Body):
    """The password chosen by who got a one-time link, and the name where it makes the first administrator."""

    link: Secret
    name: Name | None = None
    password: Password


class PasswordChange(Body):
    """Old and new password."""

    old: Password
    new: Password


class SessionItem(BaseModel):
    """One running session of one's own."""

    id: UUID
    created: datetime
    seen: datetime
    expires: datetime
    address: str
    agent: str
    current: bool


class Ticket(BaseModel):
    """Opens one live feed: `/api/v1/live?ticket=…`."""

    ticket: str


class UserProfile(Body):
    """What an administrator decides about an account."""

    full_name: Label = ""
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
    organisation: Label = ""
    districts: Places = ["*"]
    lines: Places = []
    disabled: bool = False

    def profile(self) -> Profile:
        """Give it as the store takes it."""
        return Profile(
            self.full_name, frozenset(self.roles), self.organisation, self.districts, self.lines, self.disabled
        )

    def strange_roles(self) -> list[str]:
        """List roles that no person may have."""
        return sorted(set(self.roles) - PEOPLE)


class NewUser(UserProfile):
    """A new account."""

    name: Name


class User(BaseModel):
    """One account."""

    id: UUID
    name: str
    full_name: str
    roles: list[str]
    organisation: str
    districts: list[str]
    lines: list[str]
    created: datetime
    disabled: bool
    has_password: bool

    @classmethod
    def of(cls, account: Account) -> Self:
        """Make it of an account."""
        return cls(**account._asdict())


class InvitedUser(BaseModel):
    """An account and the link with which its owner chooses a password."""

    user: User
    link: str


class NewToken(Body):
    """A new API token."""

    name: Annotated[Label, Field(min_length=1)]
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
    organisation: Label = ""
    districts: Places = ["*"]
    lines: Places = []
    days: Annotated[int, Field(ge=1, le=730, description="How long it opens, days.")] = 90


class TokenItem(BaseModel):
    """One API token, without its secret."""

    id: UUID
    name: str
    roles: list[str]
    organisation: str
    districts: list[str]
    lines: list[str]
    created: datetime
    created_by: str
    expires: datetime
    used: datetime | None

    @classmethod
    def of(cls, token: ApiToken) -> Self:
        """Make it of a stored token."""
        values = token._asdict()
        del values["hash"]
        return cls(**values)


class IssuedToken(BaseModel):
    """A token, the only time that it is shown."""

    token: str
