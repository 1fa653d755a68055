"""How the system of a home stands, as its supervisor last wrote it: for whoever looks for a system that is up."""

from typing import Literal, Self

import msgspec

from dolphin.core.contract.names import DEFAULT_CLUSTER
from dolphin.core.upkeep.passwords import shown
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import Home
from dolphin.host.leftovers import Process, is_there


class PartStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What the supervisor does with one part."""

    phase: str
    """A `dolphin.core.health.restart.Lifecycle`."""
    since_wall_ns: int
    restarts: int = 0
    why: str = ""
    """Its last failure."""
    process: Process | None = None


class Fault(msgspec.Struct, frozen=True):
    """An error of a supervisor, for whoever started it: said once more as it was, with its own remedy."""

    what: str
    remedy: str
    field: str | None = None
    value: str | int | None = None

    @classmethod
    def of(cls, error: DolphinError) -> Self:
        value = error.value if isinstance(error.value, str | int | None) else str(error.value)
        return cls(error.what, error.remedy, error.field, value)

    def as_error(self, kind: type[DolphinError]) -> DolphinError:
        return kind(self.what, remedy=self.remedy, field=self.field, value=self.value)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a system stands, as its supervisor last wrote it."""

    pid: int
    started: int = 0
    """Its supervisor's start, as in `Process`."""
    state: Literal["starting", "up", "failed"]
    what: str
    """What is being started, or why it failed."""
    fault: Fault | None = None
    run_id: str
    market: str
    member: str = ""
    """HOST:PORT, several separated by commas."""
    cluster_name: str = ""
    is_joined: bool = False
    """The members are a cluster's that stood before, and stays."""
    written_wall_ns: int = 0
    looked_wall_ns: int = 0
    """When the supervisor last looked at the parts."""
    parts: dict[str, PartStanding] = {}


def write_standing(home: Home, standing: Standing) -> None:
    """Replaces what was there, at once."""
    temporary = home.supervisor.with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(standing))
    temporary.replace(home.supervisor)


def read_standing(home: Home) -> Standing | None:
    """The standing of the system in `home`; None if none is up, also after a crash of its supervisor."""
    standing = last_standing(home)
    return standing if standing is not None and (standing.state == "failed" or is_supervised(standing)) else None


def last_standing(home: Home) -> Standing | None:
    """What was last written, whoever lives; None if nothing was, or it cannot be read."""
    try:
        return msgspec.json.decode(home.supervisor.read_bytes(), type=Standing)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def is_supervised(standing: Standing) -> bool:
    """Whether the supervisor that wrote `standing` lives; a stranger that got its number is none, nor another home's supervisor."""
    return is_there(Process("supervisor", standing.pid, standing.started))


def member_of(home: Home, member: str | None, cluster_name: str | None) -> tuple[str, str]:
    """Address and cluster of `member`, or of the member of the system that is up in `home`.

    Raises:
        BadInput: neither, or `member` is no address.
    """
    if member is not None:
        return ",".join(addresses(member, "--member")), cluster_name or DEFAULT_CLUSTER
    standing = read_standing(home)
    if standing is None or standing.state != "up":
        remedy = "Start one with: dolphin up; or name one with --member HOST:PORT."
        raise BadInput("no system is up here", field="--home", value=str(home.root), remedy=remedy)
    return standing.member, cluster_name or standing.cluster_name


def addresses(text: str, field: str) -> tuple[str, ...]:
    """The members that `text` names: HOST:PORT, several separated by commas.

    Raises:
        BadInput: one of them is none; names `field`.
    """
    found = tuple(each.strip() for each in text.split(","))
    for each in found:
        host, _, port = each.rpartition(":")
        if not (host and not set(host) & set(" /@") and port.isdecimal() and 0 < int(port) < 65_536):
            raise BadInput("no address of a member", field=field, value=shown(each), remedy="Give HOST:PORT, several separated by commas.")
    return found
