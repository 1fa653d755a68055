"""How an entry is written down and sealed.

The *content* of an entry (market time, event, legs) is canonical JSON: keys sorted, no spaces, integers only. Its place (account, index,
writer epoch) and its stamp (run id, wall time) stand beside it. The hash is SHA-256 over all of these and the hash before, each part with
its length in front, so that nothing can be changed, moved, added or dropped without the chain showing it.

Content holds neither run id nor wall time: two replays in lockstep have equal contents (`content_digest`), though their hashes differ.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from dolphin.core.ledger.chart import Leg
from dolphin.core.ledger.events import Integer, LedgerEvent
from dolphin.errors import DolphinError

GENESIS = "0" * 64
"""The hash before an account's first entry."""


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry says."""

    market_time_ns: Integer
    event: LedgerEvent
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as stored. `index` counts from 1 per account; `written_wall_ns` is for people, no rule reads it."""

    account: str
    index: int
    epoch: int
    run_id: str
    written_wall_ns: int
    content: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of an account as the store remembers it beside the entries: shows a cut-off tail."""

    index: int = 0
    hash: str = GENESIS


_decode = msgspec.json.Decoder(Content).decode


def encode(content: Content) -> str:
    """Canonical JSON of `content`."""
    return msgspec.json.encode(content, order="sorted").decode()


def encode_faithfully(content: Content) -> str:
    """`encode`, for content that was not decoded: its fields can hold anything.

    Raises:
        ValueError: it would not come back from the store as it is: a wrong type, a number out of range, text that is not Unicode.
    """
    try:
        text = encode(content)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if decode(text) != content:
        raise ValueError("a field has a value of the wrong type")
    return text


def decode(text: str) -> Content:
    """The inverse of `encode`.

    Raises:
        ValueError: `text` is not the content of an entry (`msgspec.DecodeError` and Unicode errors are ValueErrors).
    """
    return _decode(text.encode())


def content_of(record: Record) -> Content:
    """What `record` says.

    Raises:
        DolphinError: it is not readable.
    """
    try:
        return decode(record.content)
    except ValueError as error:
        raise DolphinError(
            f"entry {record.index} cannot be read ({error})", field="account", value=record.account, remedy="Run: dolphin ledger verify"
        ) from error


def seal(account: str, head: Head, epoch: int, run_id: str, written_wall_ns: int, content: str) -> Record:
    """The record that follows `head`."""
    unsealed = Record(account, head.index + 1, epoch, run_id, written_wall_ns, content, head.hash, "")
    return replace(unsealed, hash=hash_of(unsealed))


def hash_of(record: Record) -> str:
    """SHA-256 (hex) over all parts but the hash, each as `LENGTH:UTF-8 BYTES`."""
    numbers = (str(record.index), str(record.epoch), str(record.written_wall_ns))
    parts = [part.encode() for part in (record.previous_hash, record.account, *numbers, record.run_id, record.content)]
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()


def content_digest(records: Iterable[Record]) -> str:
    """SHA-256 (hex) over the contents alone: equal for two runs that decided the same."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.content.encode())
        digest.update(b"\n")
    return digest.hexdigest()
