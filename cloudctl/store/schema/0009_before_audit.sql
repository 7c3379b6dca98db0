-- The audit log: append-only, every entry bound to the one before it by SHA-256. See docs/decisions/0007-personal-data.md.

CREATE SCHEMA v2x_audit;

CREATE TABLE v2x_audit.entry (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    t timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    detail text NOT NULL,
    previous bytea NOT NULL,
    digest bytea NOT NULL
);
CREATE INDEX entry_t ON v2x_audit.entry (t);
CREATE INDEX entry_actor ON v2x_audit.entry (actor, seq);
COMMENT ON COLUMN v2x_audit.entry.detail IS 'canonical JSON; persons stand in it by reference only';
COMMENT ON COLUMN v2x_audit.entry.previous IS 'digest of the entry before, 32 zero bytes before the first';

CREATE FUNCTION v2x_audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON v2x_audit.entry
    FOR EACH STATEMENT EXECUTE FUNCTION v2x_audit.refuse_change();

-- Whoever writes the log takes this role, which can neither change nor remove an entry.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'v2x_auditor') THEN
        CREATE ROLE v2x_auditor NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA v2x_audit TO v2x_auditor;
    GRANT SELECT, INSERT ON v2x_audit.entry TO v2x_auditor;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'role v2x_auditor was not made: %', SQLERRM;
END
$$;
