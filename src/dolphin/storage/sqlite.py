"""Every line of SQL of the embedded ledger: one SQLite file, WAL, synchronised to disk at every commit.

The database itself keeps the promises; the Python above it could be wrong and they would still hold:
* entries are never updated or deleted, and an insert must continue the chain at the head the database remembers;
* a name (opening deposit, order intent, fill) is used once per account;
* one writer per account: an insert must carry the epoch of the account's lease, and taking the lease raises that epoch, so a writer that
  was replaced is refused from then on, however late it wakes up.

Whoever has it open for writing shares a lock on a file beside it (`lock_of`), so that nobody puts another file in its place meanwhile.

A write for which the disk has no room is made again when its owner can make some (`make_room`): from the beginning of the transaction, for
SQLite may have rolled it back.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dolphin.core.ledger.chain import GENESIS, Head, Record
from dolphin.errors import BadInput, DolphinError, Refused

APPLICATION_ID = 0x444F4C50  # "DOLP": tells a ledger from any other SQLite file
SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 5_000
"""How long a writer waits for another one's commit before it fails."""

_STALE_EPOCH = "ledger: stale epoch"
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
"""What SQLite answers when the disk is full, a quota is used up, or its shared memory cannot grow."""
_PRIVATE = 0o600
_BEGIN = "BEGIN IMMEDIATE"

_SCHEMA = f"""
CREATE TABLE lease (
    account TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL
) STRICT;
CREATE TRIGGER lease_starts_once BEFORE INSERT ON lease
    WHEN NEW.epoch <> 1 OR EXISTS (SELECT 1 FROM lease WHERE account = NEW.account)
    BEGIN SELECT RAISE(ABORT, 'ledger: a lease starts once, at epoch 1'); END;
CREATE TRIGGER lease_epoch_rises BEFORE UPDATE ON lease WHEN NEW.account <> OLD.account OR NEW.epoch <> OLD.epoch + 1
    BEGIN SELECT RAISE(ABORT, 'ledger: a lease only changes hands, with the next epoch'); END;
CREATE TRIGGER lease_is_kept BEFORE DELETE ON lease
    BEGIN SELECT RAISE(ABORT, 'ledger: a lease is never deleted'); END;

CREATE TABLE entries (
    account TEXT NOT NULL,
    idx INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    written_wall_ns INTEGER NOT NULL,
    content TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    type TEXT GENERATED ALWAYS AS (json_extract(content, '$.event.type')) VIRTUAL,
    order_id TEXT GENERATED ALWAYS AS (json_extract(content, '$.event.order_id')) VIRTUAL,
    fill_id TEXT GENERATED ALWAYS AS (json_extract(content, '$.event.fill_id')) VIRTUAL,
    PRIMARY KEY (account, idx)
) STRICT;
CREATE INDEX entries_by_order ON entries (account, order_id, idx);
CREATE INDEX entries_by_run ON entries (run_id, account, idx);

CREATE TABLE head (
    account TEXT NOT NULL PRIMARY KEY,
    idx INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER head_starts_at_one BEFORE INSERT ON head
    WHEN NEW.idx <> 1 OR EXISTS (SELECT 1 FROM head WHERE account = NEW.account)
    BEGIN SELECT RAISE(ABORT, 'ledger: a head starts at the first entry'); END;
CREATE TRIGGER head_follows_entries BEFORE UPDATE ON head
    WHEN NEW.account <> OLD.account OR NEW.idx <> OLD.idx + 1
        OR NOT EXISTS (SELECT 1 FROM entries WHERE account = NEW.account AND idx = NEW.idx AND hash = NEW.hash)
    BEGIN SELECT RAISE(ABORT, 'ledger: the head moves with the entries only'); END;
CREATE TRIGGER head_is_kept BEFORE DELETE ON head
    BEGIN SELECT RAISE(ABORT, 'ledger: a head is never deleted'); END;

CREATE TRIGGER entries_guard BEFORE INSERT ON entries BEGIN
    SELECT RAISE(ABORT, '{_STALE_EPOCH}')
        WHERE NEW.epoch IS NOT (SELECT epoch FROM lease WHERE account = NEW.account);
    SELECT RAISE(ABORT, 'ledger: an entry must continue the chain')
        WHERE NEW.idx <> 1 + coalesce((SELECT idx FROM head WHERE account = NEW.account), 0)
            OR NEW.previous_hash <> coalesce((SELECT hash FROM head WHERE account = NEW.account), '{GENESIS}');
    SELECT RAISE(ABORT, 'ledger: an opening, an order or a fill is booked once')
        WHERE json_extract(NEW.content, '$.event.type') IN ('opening_deposit', 'order_intent', 'fill') AND EXISTS (
            SELECT 1 FROM entries WHERE account = NEW.account
                AND order_id IS json_extract(NEW.content, '$.event.order_id')
                AND type = json_extract(NEW.content, '$.event.type')
                AND fill_id IS json_extract(NEW.content, '$.event.fill_id'));
END;
CREATE TRIGGER entries_move_head AFTER INSERT ON entries BEGIN
    UPDATE head SET idx = NEW.idx, hash = NEW.hash WHERE account = NEW.account;
    INSERT INTO head (account, idx, hash) SELECT NEW.account, NEW.idx, NEW.hash WHERE NEW.idx = 1;
END;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'ledger: entries are never changed'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'ledger: entries are never deleted'); END;

PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""

_COLUMNS = "account, idx, epoch, run_id, written_wall_ns, content, previous_hash, hash"
_TYPES = (str, int, int, str, int, str, str, str)


type Value = str | int


class LeaseLost(Refused):
    """Another writer has taken the account: this one must not trade any more."""

    def __init__(self, account: str, epoch: int) -> None:
        super().__init__(
            f"another writer has taken the ledger; epoch {epoch} is no longer valid",
            field="account",
            value=account,
            remedy="Stop this process; it is not the owner any more.",
        )


class SqliteStore:
    """Records of all accounts in one file. One connection, used from one thread."""

    def __init__(self, connection: sqlite3.Connection, make_room: Callable[[], bool], lock: int | None = None) -> None:
        """For `open` and `read`; `lock` is a descriptor that is closed with it."""
        self._connection = connection
        self._lock = lock
        self._make_room = make_room
        self._written: list[tuple[str, tuple[Value, ...]]] = []
        """What the transaction has done so far."""
        self._connection.text_factory = _readable

    @classmethod
    def open(cls, path: Path, make_room: Callable[[], bool] = lambda: False) -> "SqliteStore":
        """Opens `path` for writing, making the file (not its folder) if it is missing; it is for its owner's eyes only.

        `make_room` is called when a write finds the disk full; the write is made again if it returns True.

        Raises:
            BadInput: it is not a ledger of this version, or cannot be written.
            Refused: it is being replaced.
        """
        with _opening(path), _sharing(path) as lock, _kept(_connect_to_write(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_BEGIN)
            if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
                _create(connection)
            _require_ledger(connection, path)
            connection.execute("COMMIT")
        return cls(connection, make_room, lock)

    @classmethod
    def read(cls, path: Path) -> "SqliteStore":
        """Opens `path` for reading only, as it is at this moment: what is written afterwards is not seen, so that head and entries fit.

        Raises:
            BadInput: it does not exist or is not a ledger of this version.
        """
        if not path.is_file():
            raise BadInput("there is no ledger file", field="ledger", value=str(path), remedy="Name the --home of a system that has run.")
        with _opening(path), _kept(_connect_to_read(path)) as connection:
            connection.execute("BEGIN")
            _require_ledger(connection, path)
        return cls(connection, lambda: False)

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def take_lease(self, account: str, owner: str) -> int:
        """Makes `owner` the one writer of `account`; returns its epoch. Whoever wrote before is refused from now on."""
        with self.transaction():
            if self._write("UPDATE lease SET epoch = epoch + 1, owner = ? WHERE account = ?", owner, account) == 0:
                self._write("INSERT INTO lease (account, epoch, owner) VALUES (?, 1, ?)", account, owner)
            (epoch,) = self._connection.execute("SELECT epoch FROM lease WHERE account = ?", (account,)).fetchone()
        return epoch

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when it returns.

        Raises:
            DolphinError: the database is busy, or the disk is full or broken.
        """
        try:
            self._written.clear()
            self._execute(_BEGIN)
            yield
            self._execute("COMMIT")
        except sqlite3.Error as error:
            raise DolphinError(f"the ledger could not be written ({error})", remedy="Mend the disk or stop what locks the file.") from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def append(self, record: Record) -> None:
        """Adds one record, inside a `transaction`.

        Raises:
            LeaseLost: another writer holds the account's lease.
            DolphinError: the database refused it for another reason, or could not write it.
        """
        values = (
            record.account,
            record.index,
            record.epoch,
            record.run_id,
            record.written_wall_ns,
            record.content,
            record.previous_hash,
            record.hash,
        )
        try:
            self._write(f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
        except sqlite3.IntegrityError as error:
            if str(error) == _STALE_EPOCH:
                raise LeaseLost(record.account, record.epoch) from error
            raise DolphinError(f"the database refused an entry ({error})", remedy="Run: dolphin ledger verify") from error

    def _write(self, statement: str, *values: Value) -> int:
        """Changes something, inside a transaction; returns how many rows."""
        changed = self._execute(statement, *values)
        self._written.append((statement, values))
        return changed

    def _execute(self, statement: str, *values: Value) -> int:
        """Runs one statement; where the disk has no room for it and some can be made, again after what the transaction has done before."""
        is_again = False
        while True:
            try:
                if is_again:
                    self._begin_again()
                return self._connection.execute(statement, values).rowcount
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in _NO_ROOM or not self._make_room():
                    raise
                is_again = statement != _BEGIN

    def _begin_again(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connection.execute(_BEGIN)
        for statement, values in self._written:
            self._connection.execute(statement, values)

    def accounts(self) -> tuple[str, ...]:
        """Every account that has a lease or an entry."""
        return tuple(account for (account,) in self._query("SELECT account FROM lease UNION SELECT account FROM entries ORDER BY 1"))

    def account_of_run(self, run_id: str) -> str | None:
        """The account that `run_id` wrote to; None if it wrote nothing."""
        return next((account for (account,) in self._query("SELECT account FROM entries WHERE run_id = ? LIMIT 1", run_id)), None)

    def head(self, account: str) -> Head:
        """The last entry as remembered beside the entries."""
        return next((Head(*row) for row in self._query("SELECT idx, hash FROM head WHERE account = ?", account)), Head())

    def records(self, account: str, *, run_id: str | None = None, after: int = 0) -> Iterator[Record]:
        """Records with an index above `after`, in order; of one run if `run_id` is given."""
        if run_id is None:
            return self._records("account = ? AND idx > ?", account, after)
        return self._records("account = ? AND idx > ? AND run_id = ?", account, after, run_id)

    def records_of_order(self, account: str, order_id: str) -> Iterator[Record]:
        """The intent, outcomes and fills of one order, in order."""
        return self._records("account = ? AND order_id = ?", account, order_id)

    def _records(self, where: str, *values: str | int) -> Iterator[Record]:
        for row in self._query(f"SELECT {_COLUMNS} FROM entries WHERE {where} ORDER BY idx", *values):
            if tuple(map(type, row)) != _TYPES:
                raise _damaged(f"entry {row[1]!r} has a column of the wrong type")
            yield Record(*row)

    def _query(self, statement: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        """The rows of a SELECT.

        Raises:
            DolphinError: the file is damaged.
        """
        try:
            yield from self._connection.execute(statement, values)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _damaged(str(error)) from error


def lock_of(ledger: Path) -> Path:
    """The file beside `ledger` on which its writers share a lock, and which whoever replaces the ledger has alone."""
    return ledger.with_name(f"{ledger.name}.lock")


def share(ledger: Path, flags: int = 0) -> int:
    """The descriptor of a share in the lock of `ledger`; with `os.O_CREAT` the file is made.

    Raises:
        Refused: it is being replaced.
    """
    descriptor = os.open(lock_of(ledger), os.O_RDONLY | os.O_CLOEXEC | flags, _PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        remedy = "Wait until dolphin restore has ended."
        raise Refused("it is being replaced just now", field="ledger", value=str(ledger), remedy=remedy) from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _sharing(path: Path) -> Iterator[int]:
    """Gives a share in the lock of `path`, which is kept unless the block fails."""
    lock = share(path, os.O_CREAT)
    try:
        _give_to_owner(lock, path)
        yield lock
    except BaseException:
        os.close(lock)
        raise


def _give_to_owner(lock: int, path: Path) -> None:
    """What the superuser makes beside another's ledger is that other's, as with SQLite's own files."""
    if os.geteuid() == 0 and path.exists():
        owner = path.stat()
        os.fchown(lock, owner.st_uid, owner.st_gid)


def _make_private(path: Path) -> None:
    """Its log and shared memory take its rights over; other owners' rights are theirs to mend."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    try:
        found = os.fstat(descriptor)
        if found.st_mode & 0o077 and found.st_uid == os.geteuid():
            os.fchmod(descriptor, _PRIVATE)
    finally:
        os.close(descriptor)


def _damaged(how: str) -> DolphinError:
    return DolphinError(f"the ledger file is damaged ({how})", remedy="Restore it from a copy.")


def _readable(raw: bytes) -> str:
    """Text that is not UTF-8 any more reads as its escapes, so that it reaches the verification and fails there."""
    return raw.decode("utf-8", "backslashreplace")


def _create(connection: sqlite3.Connection) -> None:
    for statement in _statements(_SCHEMA):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The statements of `script` one by one (`executescript` would commit the transaction they belong to)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _require_ledger(connection: sqlite3.Connection, path: Path) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise BadInput("this is a database, but not a ledger", field="ledger", value=str(path), remedy="Name another --home.")
    if version != SCHEMA_VERSION:
        raise BadInput(
            f"the ledger has schema version {version}, this program reads {SCHEMA_VERSION}",
            field="ledger",
            value=str(path),
            remedy="Use the program version that wrote it.",
        )


def _connect_to_write(path: Path) -> sqlite3.Connection:
    _make_private(path)
    return sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)


def _connect_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)


@contextmanager
def _kept(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Closed again, with its locks, by what fails in the block."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BadInput(
            f"it cannot be used as a ledger ({error})", field="ledger", value=str(path), remedy="Name another --home."
        ) from error
