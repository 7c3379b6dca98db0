"""What may be done, and which role may do it.

Duties are kept apart: who manages accounts reads no trajectories, who looks after devices neither, and who unmasks
personal data is watched by an auditor who cannot.
"""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a route needs."""

    SEE_PICTURE = "see_picture"
    """The map, links with level of service, status, advisories, incidents."""
    SEE_TRAJECTORIES = "see_trajectories"
    """Single road users, live."""
    SEE_HISTORY = "see_history"
    """Stored moments and trails."""
    SEE_DEVICES = "see_devices"
    MANAGE_DEVICES = "manage_devices"
    SEE_DEAD_LETTERS = "see_dead_letters"
    PUBLISH_EVENT = "publish_event"
    HANDLE_INCIDENTS = "handle_incidents"
    READ_SIGNALS = "read_signals"
    CONTROL_SIGNALS = "control_signals"
    RUN_EXPERIMENTS = "run_experiments"
    """Define before-and-after studies of an area."""
    OPEN_CORRIDOR = "open_corridor"
    SEE_BUSES = "see_buses"
    DISPATCH_BUSES = "dispatch_buses"
    MANAGE_TIMETABLE = "manage_timetable"
    """Upload the timetable of the buses."""
    SEE_PARKING = "see_parking"
    REPORT_PARKING = "report_parking"
    """Send in the occupancy of a car park."""
    MANAGE_PARKING = "manage_parking"
    """Enter lots and take them out."""
    REQUEST_RIDES = "request_rides"
    """Ask for seats on customised buses in the name of riders."""
    MANAGE_PERSONAL_DATA = "manage_personal_data"
    UNMASK = "unmask"
    READ_AUDIT = "read_audit"
    EXPORT = "export"
    SEE_OPERATION = "see_operation"
    """Load, faults and limits of the platform itself."""
    MANAGE_USERS = "manage_users"
    OWN_ACCOUNT = "own_account"
    """Own sessions, own password, sign-out: everybody who is signed in."""


class Role(StrEnum):
    """What somebody is here for."""

    POLICE_VIEWER = "police_viewer"
    POLICE_OPERATOR = "police_operator"
    SIGNAL_ENGINEER = "signal_engineer"
    BUS_DISPATCHER = "bus_dispatcher"
    """Sees buses of the own lines only."""
    DEVICE_ADMINISTRATOR = "device_administrator"
    AUDITOR = "auditor"
    DATA_DESK = "data_desk"
    ADMINISTRATOR = "administrator"
    PICTURE_READER = "picture_reader"
    """A program with an API token and no further role: the public picture."""
    PARKING_REPORTER = "parking_reporter"
    """A car park's program."""
    RIDE_REQUESTER = "ride_requester"
    """A riders' app: asks for seats on customised buses and plans journeys."""


_P = Permission
_READER = frozenset({_P.SEE_PICTURE, _P.SEE_PARKING, _P.READ_SIGNALS})
_PERSON = _READER | {_P.OWN_ACCOUNT}
_VIEWER = _PERSON | {_P.SEE_TRAJECTORIES, _P.SEE_HISTORY, _P.SEE_BUSES}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.POLICE_VIEWER: _VIEWER,
    Role.POLICE_OPERATOR: _VIEWER
    | {
        _P.SEE_DEVICES,
        _P.PUBLISH_EVENT,
        _P.HANDLE_INCIDENTS,
        _P.CONTROL_SIGNALS,
        _P.OPEN_CORRIDOR,
        _P.UNMASK,
        _P.EXPORT,
        _P.MANAGE_PARKING,
    },
    Role.SIGNAL_ENGINEER: _PERSON | {_P.CONTROL_SIGNALS, _P.RUN_EXPERIMENTS, _P.SEE_HISTORY, _P.SEE_DEVICES, _P.EXPORT},
    Role.BUS_DISPATCHER: _PERSON | {_P.SEE_BUSES, _P.DISPATCH_BUSES, _P.REQUEST_RIDES},
    Role.DEVICE_ADMINISTRATOR: _PERSON | {_P.SEE_DEVICES, _P.MANAGE_DEVICES, _P.SEE_DEAD_LETTERS, _P.SEE_OPERATION},
    Role.AUDITOR: frozenset({_P.OWN_ACCOUNT, _P.SEE_PICTURE, _P.READ_AUDIT, _P.EXPORT}),
    Role.DATA_DESK: _PERSON | {_P.SEE_HISTORY, _P.SEE_DEVICES, _P.MANAGE_PERSONAL_DATA, _P.UNMASK, _P.EXPORT},
    Role.ADMINISTRATOR: frozenset(
        {_P.OWN_ACCOUNT, _P.SEE_PICTURE, _P.SEE_OPERATION, _P.MANAGE_USERS, _P.MANAGE_TIMETABLE, _P.MANAGE_PARKING}
    ),
    Role.PICTURE_READER: _READER,
    Role.PARKING_REPORTER: frozenset({_P.SEE_PARKING, _P.REPORT_PARKING}),
    Role.RIDE_REQUESTER: frozenset({_P.SEE_PICTURE, _P.REQUEST_RIDES}),
}
"""Permissions of each role; what a role does not name it may not do."""

PEOPLE = frozenset(role for role in Role if Permission.OWN_ACCOUNT in ROLES[role])
"""Roles that an account may have; the others are for API tokens."""
