"""The leverage command: what the safety side tells everybody else (`docs/contracts.md`, "Leverage").

A command is absolute state, never a delta. A consumer applies it if `(epoch, seq)` is newer than what it has for the same account and
asset, and believes it until `expires_at_ns` (`lease`). What it may use is the smaller of the account's and the asset's cap, and nothing
at all when either is missing, damaged or expired.
"""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from dolphin.core.contract import names
from dolphin.core.contract.packing import is_map, pack, unpack
from dolphin.core.control.posture import Posture
from dolphin.errors import BadInput


class Command(NamedTuple):
    """One leverage command; `asset` is "" for the whole account. `factors_ppm` has f1..f5 for an account and is empty for an asset."""

    account: str
    asset: str
    epoch: int
    seq: int
    posture: Posture
    cap_ppm: int
    r_total_ppm: int
    factors_ppm: tuple[int, ...]
    passive_only: bool
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]
    issued_at_ns: int
    expires_at_ns: int
    from_cap_ppm: int

    @property
    def key(self) -> str:
        """The key of the entry in `LEVERAGE`."""
        return names.gate_key(self.account, self.asset)

    def is_newer_than(self, other: "Command | None") -> bool:
        """Whether this command replaces `other` of the same key."""
        return other is None or (self.epoch, self.seq) > (other.epoch, other.seq)


def next_epoch(epoch: int, seq: int, now_ns: int) -> int:
    """The epoch of an entry's next command: a new one, later than any before, when the entry is new or was restored (`seq` 0)."""
    return epoch if seq else max(now_ns, epoch + 1)


def checksum(command: Command) -> int:
    """CRC-32 over every field that decides, in the order of the contract."""
    text = "|".join(
        (
            command.account,
            command.asset,
            str(command.epoch),
            str(command.seq),
            command.posture.name,
            str(command.cap_ppm),
            str(command.r_total_ppm),
            ",".join(map(str, command.factors_ppm)),
            "1" if command.passive_only else "0",
            ",".join(command.reasons),
            ",".join(command.cause_ids),
            str(command.issued_at_ns),
            str(command.expires_at_ns),
        )
    )
    return zlib.crc32(text.encode())


def to_map(command: Command) -> dict[str, object]:
    """The command as the map that is packed, checksum included; the order of the keys is part of the format."""
    fields: dict[str, object] = command._asdict()
    fields["posture"] = command.posture.name
    fields["factors_ppm"] = list(command.factors_ppm)
    fields["reasons"] = list(command.reasons)
    fields["cause_ids"] = list(command.cause_ids)
    fields["checksum"] = checksum(command)
    return fields


def encode(command: Command) -> bytes:
    """The msgpack bytes of a topic message."""
    return pack(to_map(command))


def survival_signal(command: Command) -> bytes:
    """A command of the governor as the signal that the account's entry in `LEVERAGE` takes."""
    return pack({"kind": "survival", **to_map(command)})


def decode(data: bytes) -> Command:
    """The command in a topic message or in a `LEVERAGE` value (which carries the rule's own state beside it).

    Raises BadInput for bytes that are not a command or whose checksum is wrong.
    """
    try:
        fields = unpack(data)
        command = _from_map(fields)
    except BadInput:
        raise
    except Exception as error:  # msgpack raises half a dozen kinds for damaged bytes; every one of them means the same
        raise _damaged(f"unreadable ({type(error).__name__})") from error
    if fields.get("checksum") != checksum(command):
        raise _damaged("checksum mismatch")
    return command


def _from_map(fields: object) -> Command:
    if not is_map(fields):
        raise _damaged("not a map")
    return Command(
        account=_text(fields, "account"),
        asset=_text(fields, "asset"),
        epoch=_whole(fields, "epoch"),
        seq=_whole(fields, "seq"),
        posture=Posture[_text(fields, "posture")],
        cap_ppm=_whole(fields, "cap_ppm"),
        r_total_ppm=_whole(fields, "r_total_ppm"),
        factors_ppm=tuple(_whole({"factor": each}, "factor") for each in fields["factors_ppm"]),
        passive_only=_claim(fields, "passive_only"),
        reasons=tuple(str(each) for each in fields["reasons"]),
        cause_ids=tuple(str(each) for each in fields["cause_ids"]),
        issued_at_ns=_whole(fields, "issued_at_ns"),
        expires_at_ns=_whole(fields, "expires_at_ns"),
        from_cap_ppm=_whole(fields, "from_cap_ppm"),
    )


def _whole(fields: Mapping[str, object], name: str) -> int:
    value = fields[name]
    if type(value) is not int or value < 0:
        raise _damaged(f"{name} is not a whole number")
    return value


def _claim(fields: Mapping[str, object], name: str) -> bool:
    value = fields[name]
    if not isinstance(value, bool):
        raise _damaged(f"{name} is neither true nor false")
    return value


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise _damaged(f"{name} is not text")
    return value


def _damaged(what: str) -> BadInput:
    return BadInput(
        f"not a leverage command: {what}", field="leverage command", remedy="Read LEVERAGE again; until then nothing is granted."
    )
