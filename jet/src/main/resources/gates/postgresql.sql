-- The gates of a cluster. Statements are separated by an empty line; each may run again on tables that are there.

-- Members that start together make the tables one after the other.
SELECT pg_advisory_xact_lock(7100);

CREATE TABLE IF NOT EXISTS gate (
    map text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    op text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (map, key)
);

CREATE TABLE IF NOT EXISTS gate_history (
    map text NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL,
    op text NOT NULL,
    value bytea NOT NULL,
    stored_wall_ns bigint NOT NULL,
    PRIMARY KEY (map, key, version)
);

CREATE OR REPLACE FUNCTION gate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE 'gates: a gate is never deleted';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.version <> 1 THEN
        RAISE 'gates: a gate starts at version 1';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.map, NEW.key, NEW.version) <> (OLD.map, OLD.key, OLD.version + 1) THEN
        RAISE 'gates: a version rises by one';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION gate_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gate_history
    VALUES (NEW.map, NEW.key, NEW.version, NEW.op, NEW.value, (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION gate_history_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'gates: history is never changed';
END $$;

CREATE OR REPLACE TRIGGER gate_guarded BEFORE INSERT OR UPDATE OR DELETE ON gate
    FOR EACH ROW EXECUTE FUNCTION gate_guard();

CREATE OR REPLACE TRIGGER gate_audited AFTER INSERT OR UPDATE ON gate
    FOR EACH ROW EXECUTE FUNCTION gate_audit();

CREATE OR REPLACE TRIGGER gate_history_kept BEFORE UPDATE OR DELETE ON gate_history
    FOR EACH ROW EXECUTE FUNCTION gate_history_stands();
