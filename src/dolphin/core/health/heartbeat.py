"""What proves that a part is alive: a record in `SYSTEM_HEALTH` that it writes twice a second, with market and wall time.

A heartbeat says that the part turns, not that it gets anywhere: for that there is `moved_wall_ns`.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self, TypeGuard

from dolphin.core.contract.names import MEMBER
from dolphin.core.contract.packing import is_map, pack, unpack
from dolphin.core.units import ONE, is_count

EVERY_S: Final = 0.5
MAX_DETAIL: Final = 256


class Heartbeat(NamedTuple):
    """One record. Times in ns."""

    market_time_ns: int
    """How far the part has come; 0 before its first batch."""
    wall_ns: int
    """When it was written, by the writer's clock."""
    moved_wall_ns: int
    """When `market_time_ns` last moved, or when the part began to wait for it to."""
    is_nominal: bool = True
    detail: str = ""
    """What is not as it should be, or what the part waits for; "" if nothing."""

    def next(self, market_time_ns: int, wall_ns: int, *, is_nominal: bool = True, detail: str = "") -> Self:
        """The heartbeat after this one."""
        moved_wall_ns = wall_ns if market_time_ns > self.market_time_ns else self.moved_wall_ns
        return type(self)(max(market_time_ns, self.market_time_ns), wall_ns, moved_wall_ns, is_nominal, detail[:MAX_DETAIL])

    @classmethod
    def first(cls, wall_ns: int) -> Self:
        """Before anything has moved."""
        return cls(0, wall_ns, wall_ns)


def encode(beat: Heartbeat) -> bytes:
    """`beat` as a value of `SYSTEM_HEALTH` (docs/contracts.md)."""
    return pack(
        {
            "value": beat.market_time_ns,
            "updated_at": beat.wall_ns,
            "moved_at": beat.moved_wall_ns,
            "nominal": beat.is_nominal,
            "multiplier": ONE if beat.is_nominal else 0,
            "detail": beat.detail,
        }
    )


def decode(value: object) -> Heartbeat | None:
    """What a value of `SYSTEM_HEALTH` says; None for anything that is no heartbeat, which proves nothing."""
    if not isinstance(value, bytes | bytearray):
        return None
    try:
        fields = unpack(value)
    except Exception:  # msgpack raises one of half a dozen kinds
        return None
    return _of_fields(fields) if is_map(fields) else None


def _of_fields(fields: Any) -> Heartbeat | None:
    market_time_ns, wall_ns, moved_wall_ns = (fields.get(name) for name in ("value", "updated_at", "moved_at"))
    detail = fields.get("detail", "")
    if not (_is_time(market_time_ns) and _is_time(wall_ns) and _is_time(moved_wall_ns) and isinstance(detail, str)):
        return None
    return Heartbeat(market_time_ns, wall_ns, moved_wall_ns, fields.get("nominal") is True, detail[:MAX_DETAIL])


def _is_time(value: object) -> TypeGuard[int]:
    return is_count(value) and value >= 0


def of_parts(values: Mapping[str, object]) -> dict[str, Heartbeat]:
    """The heartbeats among the entries of `SYSTEM_HEALTH`, by part. Of several members, whose keys are `member/ADDRESS`, the newest."""
    found: dict[str, Heartbeat] = {}
    for key, value in values.items():
        name = MEMBER if key.startswith(f"{MEMBER}/") else key
        beat = decode(value)
        if beat is not None and (name not in found or beat.wall_ns > found[name].wall_ns):
            found[name] = beat
    return found
