-- Who may be known, why and until when, and everything that leads from a stored row back to a vehicle. Only the role
-- v2x_private reads here; v2x_reader cannot. See docs/decisions/0007-personal-data.md.

CREATE SCHEMA v2x_private;

CREATE TABLE v2x_private.basis (
    subject text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('consent', 'contract', 'statutory_duty', 'none')),
    note text NOT NULL DEFAULT '',
    since timestamptz NOT NULL DEFAULT now(),
    entered_by text NOT NULL
);
COMMENT ON TABLE v2x_private.basis IS 'Lawful basis of each vehicle; one that is not here has none.';

CREATE TABLE v2x_private.consent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL REFERENCES v2x_private.basis ON DELETE CASCADE,
    purpose text NOT NULL,
    granted timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL,
    withdrawn timestamptz,
    evidence text NOT NULL DEFAULT '',
    entered_by text NOT NULL,
    CHECK (until > granted)
);
CREATE INDEX consent_subject ON v2x_private.consent (subject, purpose);
CREATE INDEX consent_until ON v2x_private.consent (until) WHERE withdrawn IS NULL;

-- Counts up with every change of bases and consents, so that readers know when to read again.
CREATE TABLE v2x_private.register_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO v2x_private.register_state (version) VALUES (0);
CREATE FUNCTION v2x_private.count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE v2x_private.register_state SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER basis_changed AFTER INSERT OR UPDATE OR DELETE ON v2x_private.basis
    FOR EACH STATEMENT EXECUTE FUNCTION v2x_private.count_change();
CREATE TRIGGER consent_changed AFTER INSERT OR UPDATE OR DELETE ON v2x_private.consent
    FOR EACH STATEMENT EXECUTE FUNCTION v2x_private.count_change();

-- What audit entries call a subject: drawn at random and forgotten with the subject, so that the log never has to change.
CREATE TABLE v2x_private.reference (
    subject text PRIMARY KEY,
    reference uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()
);
CREATE FUNCTION v2x_private.reference_of(wanted text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = v2x_private, pg_temp AS $$
DECLARE
    found uuid;
BEGIN
    SELECT r.reference INTO found FROM v2x_private.reference r WHERE r.subject = wanted;
    IF found IS NULL THEN
        INSERT INTO v2x_private.reference AS r (subject) VALUES (wanted)
        ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject RETURNING r.reference INTO found;
    END IF;
    RETURN found;
END
$$;

-- Roadside devices and vehicles on a contract or duty stand in the log by name, others in the register by reference. Of a
-- vehicle that is not in the register nothing is kept, so that asking for one does not bring its name back.
CREATE FUNCTION v2x_private.audit_name(wanted text) RETURNS text LANGUAGE sql SECURITY DEFINER
SET search_path = v2x_private, pg_temp AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM v2x.device_register d WHERE d.id = wanted AND d.kind <> 'obu')
            OR EXISTS (SELECT FROM v2x.device d WHERE d.id = wanted AND d.kind <> 'obu')
            OR EXISTS (SELECT FROM v2x_private.basis b WHERE b.subject = wanted
                AND b.kind IN ('contract', 'statutory_duty')) THEN wanted
        WHEN EXISTS (SELECT FROM v2x_private.basis b WHERE b.subject = wanted)
            THEN 'ref:' || v2x_private.reference_of(wanted)
        ELSE 'ref:unregistered'
    END
$$;

CREATE TABLE v2x_private.pseudonym (
    day date NOT NULL,
    pseudonym text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (day, pseudonym)
);
CREATE INDEX pseudonym_subject ON v2x_private.pseudonym (subject);

-- A stored track of a private vehicle bears no device; the way back leads through these two tables.
CREATE TABLE v2x_private.device_row (
    session bigint NOT NULL,
    device integer NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (session, device)
);
CREATE INDEX device_row_subject ON v2x_private.device_row (subject);
CREATE TABLE v2x_private.track_row (
    session bigint NOT NULL,
    track_id bigint NOT NULL,
    device integer NOT NULL,
    first_t timestamptz NOT NULL,
    PRIMARY KEY (session, device, track_id)
);
CREATE INDEX track_row_first_t ON v2x_private.track_row (first_t);

CREATE TABLE v2x_private.withdrawal (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    reference uuid NOT NULL,
    subject text,
    requested timestamptz NOT NULL DEFAULT now(),
    requested_by text NOT NULL,
    cause text NOT NULL CHECK (cause IN ('request', 'expiry')),
    scope text NOT NULL CHECK (scope IN ('all', 'storage')),
    live_ended timestamptz,
    finished timestamptz,
    step text NOT NULL DEFAULT 'waiting',
    fault text NOT NULL DEFAULT '',
    steps jsonb NOT NULL DEFAULT '[]',
    receipt jsonb
);
CREATE INDEX withdrawal_open ON v2x_private.withdrawal (requested) WHERE finished IS NULL;
COMMENT ON COLUMN v2x_private.withdrawal.scope IS 'all: the vehicle leaves the register too; storage: only what is stored goes';
COMMENT ON COLUMN v2x_private.withdrawal.subject IS 'Who is to be forgotten; NULL once that is done.';

-- What engine rows meant a subject that is forgotten: the spool may still hold frames with them. Numbers alone.
CREATE TABLE v2x_private.erased_row (
    session bigint NOT NULL,
    device integer NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session, device)
);

CREATE TABLE v2x_private.retention (
    class text PRIMARY KEY,
    keep interval NOT NULL CHECK (keep > interval '0'),
    meaning text NOT NULL
);
INSERT INTO v2x_private.retention VALUES
    ('private_trajectory', '14 days', 'stored tracks that lead back to a private vehicle'),
    ('private_event', '14 days', 'requests, answers and advice of private vehicles, under pseudonym'),
    ('trajectory', '180 days', 'stored tracks that lead to nobody, and those of buses and works vehicles'),
    ('traffic', '400 days', 'link states, signal states, incidents'),
    ('operation', '400 days', 'advisories, acknowledgements, events of roadside units'),
    ('dead_letter', '30 days', 'refused messages'),
    ('withdrawal', '3 years', 'receipts of withdrawals');

CREATE FUNCTION v2x_private.apply_retention(now timestamptz) RETURNS TABLE (class text, removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
    tracks_before timestamptz;
    events_before timestamptz;
    amount bigint;
BEGIN
    UPDATE v2x.time_table t SET keep = r.keep FROM v2x_private.retention r
    WHERE r.class = CASE t.name
        WHEN 'trajectory' THEN 'trajectory'
        WHEN 'link_state' THEN 'traffic' WHEN 'signal_transition' THEN 'traffic'
        WHEN 'advisory' THEN 'operation' WHEN 'acknowledgement' THEN 'operation' WHEN 'device_event' THEN 'operation'
        WHEN 'dead_letter' THEN 'dead_letter' END AND t.keep IS DISTINCT FROM r.keep;
    SELECT now - r.keep INTO tracks_before FROM v2x_private.retention r WHERE r.class = 'private_trajectory';
    DELETE FROM v2x.trajectory t USING v2x_private.track_row p
    WHERE t.session = p.session AND t.track_id = p.track_id AND p.first_t < tracks_before;
    GET DIAGNOSTICS amount = ROW_COUNT;
    DELETE FROM v2x_private.track_row WHERE first_t < tracks_before;
    class := 'private_trajectory'; removed := amount; RETURN NEXT;
    SELECT now - r.keep INTO events_before FROM v2x_private.retention r WHERE r.class = 'private_event';
    DELETE FROM v2x.device_event e USING v2x_private.pseudonym p
    WHERE e.device = p.pseudonym AND p.day < events_before::date;
    GET DIAGNOSTICS amount = ROW_COUNT;
    class := 'private_event'; removed := amount;
    DELETE FROM v2x.acknowledgement a USING v2x_private.pseudonym p
    WHERE a.device = p.pseudonym AND p.day < events_before::date;
    GET DIAGNOSTICS amount = ROW_COUNT;
    removed := removed + amount;
    DELETE FROM v2x.advisory a USING v2x_private.pseudonym p
    WHERE a.target = 'obu:' || p.pseudonym AND p.day < events_before::date;
    GET DIAGNOSTICS amount = ROW_COUNT;
    removed := removed + amount;
    DELETE FROM v2x_private.pseudonym WHERE day < events_before::date;
    RETURN NEXT;
    DELETE FROM v2x_private.erased_row WHERE since < now - interval '8 days';
    DELETE FROM v2x_private.withdrawal w USING v2x_private.retention r
    WHERE r.class = 'withdrawal' AND w.finished < now - r.keep;
    GET DIAGNOSTICS amount = ROW_COUNT;
    class := 'withdrawal'; removed := amount; RETURN NEXT;
END
$$;

-- Tracks by pseudonym of the day, of those alone who agreed to research. For analysts with the role v2x_private.
CREATE VIEW v2x_private.research_track AS
    SELECT p.day, p.pseudonym, t.session, t.track_id
    FROM v2x_private.track_row t
    JOIN v2x_private.device_row d USING (session, device)
    JOIN v2x_private.pseudonym p ON p.subject = d.subject AND p.day = (t.first_t AT TIME ZONE 'UTC')::date
    WHERE EXISTS (
        SELECT FROM v2x_private.consent c
        WHERE c.subject = d.subject AND c.purpose = 'research' AND c.withdrawn IS NULL AND c.until > now()
    );

-- A cell of a published figure that counts fewer than k vehicles says nothing: NULL, and its count -1.
CREATE FUNCTION v2x.k_count(vehicles bigint, k integer DEFAULT 10) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN vehicles >= greatest(k, 10) THEN vehicles ELSE -1 END
$$;
CREATE FUNCTION v2x.k_value(value double precision, vehicles bigint, k integer DEFAULT 10)
RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN vehicles >= greatest(k, 10) THEN value END
$$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'v2x_private') THEN
        CREATE ROLE v2x_private NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA v2x_private TO v2x_private;
    GRANT SELECT ON ALL TABLES IN SCHEMA v2x_private TO v2x_private;
    REVOKE ALL ON FUNCTION v2x_private.reference_of(text), v2x_private.audit_name(text) FROM PUBLIC;
    GRANT USAGE ON SCHEMA v2x_private TO v2x_auditor;
    GRANT EXECUTE ON FUNCTION v2x_private.audit_name(text) TO v2x_auditor;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation OR undefined_object THEN
        RAISE NOTICE 'role v2x_private was not made: %', SQLERRM;
END
$$;
