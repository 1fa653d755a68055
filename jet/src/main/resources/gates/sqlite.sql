-- The gates of one member. Statements are separated by an empty line; each may run again on tables that are there.

CREATE TABLE IF NOT EXISTS gate (
    map TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    op TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (map, key)
) STRICT;

CREATE TABLE IF NOT EXISTS gate_history (
    map TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    op TEXT NOT NULL,
    value BLOB NOT NULL,
    stored_wall_ns INTEGER NOT NULL,
    PRIMARY KEY (map, key, version)
) STRICT;

CREATE TRIGGER IF NOT EXISTS gate_starts BEFORE INSERT ON gate WHEN NEW.version <> 1
    BEGIN SELECT RAISE(ABORT, 'gates: a gate starts at version 1'); END;

CREATE TRIGGER IF NOT EXISTS gate_rises BEFORE UPDATE ON gate
    WHEN NEW.map <> OLD.map OR NEW.key <> OLD.key OR NEW.version <> OLD.version + 1
    BEGIN SELECT RAISE(ABORT, 'gates: a version rises by one'); END;

CREATE TRIGGER IF NOT EXISTS gate_is_kept BEFORE DELETE ON gate
    BEGIN SELECT RAISE(ABORT, 'gates: a gate is never deleted'); END;

CREATE TRIGGER IF NOT EXISTS gate_started AFTER INSERT ON gate
    BEGIN
        INSERT INTO gate_history
        VALUES (NEW.map, NEW.key, NEW.version, NEW.op, NEW.value, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000000);
    END;

CREATE TRIGGER IF NOT EXISTS gate_rose AFTER UPDATE ON gate
    BEGIN
        INSERT INTO gate_history
        VALUES (NEW.map, NEW.key, NEW.version, NEW.op, NEW.value, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000000);
    END;

CREATE TRIGGER IF NOT EXISTS gate_history_stands BEFORE UPDATE ON gate_history
    BEGIN SELECT RAISE(ABORT, 'gates: history is never changed'); END;

CREATE TRIGGER IF NOT EXISTS gate_history_is_kept BEFORE DELETE ON gate_history
    BEGIN SELECT RAISE(ABORT, 'gates: history is never deleted'); END;
