-- Accounts, sessions and API tokens. A schema of its own: the reader role of v2x must not see them.
-- Secrets are random 256-bit values of which only SHA-256 is kept; passwords are kept as Argon2id.

CREATE SCHEMA v2x_access;
REVOKE ALL ON SCHEMA v2x_access FROM PUBLIC;

CREATE TABLE v2x_access.account (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    full_name text NOT NULL DEFAULT '',
    password_hash text,
    roles text[] NOT NULL,
    organisation text NOT NULL DEFAULT '',
    districts text[] NOT NULL DEFAULT '{*}',
    lines text[] NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL,
    disabled boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX account_name ON v2x_access.account (lower(name));
COMMENT ON COLUMN v2x_access.account.password_hash IS 'NULL: signs in through a provider, or has not opened the invitation yet.';

CREATE TABLE v2x_access.invitation (
    hash bytea PRIMARY KEY,
    account uuid REFERENCES v2x_access.account ON DELETE CASCADE,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL
);
COMMENT ON COLUMN v2x_access.invitation.account IS 'NULL: the link that makes the first administrator.';

CREATE TABLE v2x_access.session (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    hash bytea NOT NULL UNIQUE,
    account uuid NOT NULL REFERENCES v2x_access.account ON DELETE CASCADE,
    created timestamptz NOT NULL,
    seen timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    address text NOT NULL DEFAULT '',
    agent text NOT NULL DEFAULT ''
);
CREATE INDEX session_account ON v2x_access.session (account);

CREATE TABLE v2x_access.token (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    hash bytea NOT NULL UNIQUE,
    name text NOT NULL,
    roles text[] NOT NULL,
    organisation text NOT NULL DEFAULT '',
    districts text[] NOT NULL DEFAULT '{*}',
    lines text[] NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL,
    created_by text NOT NULL,
    expires timestamptz NOT NULL,
    used timestamptz
);

CREATE TABLE v2x_access.ticket (
    hash bytea PRIMARY KEY,
    session uuid NOT NULL REFERENCES v2x_access.session ON DELETE CASCADE,
    expires timestamptz NOT NULL
);

CREATE TABLE v2x_access.attempt (
    key text PRIMARY KEY,
    failures integer NOT NULL,
    newest timestamptz NOT NULL
);
COMMENT ON TABLE v2x_access.attempt IS 'Failed sign-ins by account, address and both together; the wait grows with them.';

CREATE VIEW v2x_access.person AS
SELECT id, name, full_name, roles, organisation, districts, lines, created, disabled,
       password_hash IS NOT NULL AS has_password
FROM v2x_access.account;

CREATE VIEW v2x_access.program AS
SELECT id, name, roles, organisation, districts, lines, created, created_by, expires, used, hash
FROM v2x_access.token;

CREATE VIEW v2x_access.visit AS
SELECT s.id AS session, s.hash, s.account, s.created, s.seen, s.expires, s.address, s.agent
FROM v2x_access.session s JOIN v2x_access.account a ON a.id = s.account
WHERE NOT a.disabled;
COMMENT ON VIEW v2x_access.visit IS 'Sessions of accounts that may sign in.';
