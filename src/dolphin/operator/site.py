"""Where an operator acts: look at the gates, rehearse a word, say it, write down that it was said.

A cut or a forced posture is never held up: if the log cannot be written it is done all the same, and that is said. A word that loosens
something needs the log, and the release of a latch needs a ledger that verifies and a controller that speaks.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.client import client
from dolphin.cluster.signals import to_leverage, to_posture
from dolphin.config import load_config
from dolphin.core.contract import names
from dolphin.core.contract.packing import unpack
from dolphin.core.ledger import events
from dolphin.core.ledger.events import OperationStage
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host.home import Home, RunFiles
from dolphin.host.standing import member_of, read_standing
from dolphin.operator import log as operator_log
from dolphin.operator.gate_state import Gates
from dolphin.operator.operations import Consequence, Operation, consequence, reading, rehearse

GLANCE_S: Final = 1.0
"""How long `show` waits for the controller's next word: four renewals of the lease at the market's own speed."""
LISTEN_S: Final = 5.0
"""The same before a latch is released: also a slow replay has spoken by then."""
_POLL_S: Final = 0.05
_CLIENT: Final = "dolphin-operator"


@dataclass(frozen=True, slots=True)
class Site:
    """Which system, which account, and where its ledger is."""

    member: str
    cluster_name: str
    account: str
    ledger: Path


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an operation."""

    consequence: Consequence
    is_dry_run: bool
    is_logged: bool
    is_carried: bool
    """The account's cap follows already; else it does with the controller's next word."""


def find_site(home: Path, member: str | None, cluster_name: str | None, account: str | None) -> Site:
    """The system that is up in `home`, or the one that `member` belongs to.

    Raises:
        BadInput: neither.
    """
    place = Home(home)
    address, cluster = member_of(place, member, cluster_name)
    if account is None:
        standing = None if member is not None else read_standing(place)
        account = names.DEFAULT_ACCOUNT if standing is None else load_config(RunFiles(place.run(standing.run_id)).config).paper.account
    return Site(address, cluster, account, place.ledger)


async def look(site: Site, listen_s: float = GLANCE_S) -> Gates:
    """The gates of the site's account as they are; waits up to `listen_s` for a word of the controller.

    Raises:
        BadInput: the cluster knows other accounts, but not this one.
        DolphinError: no member answers.
    """
    async with client(site.member, site.cluster_name, name=_CLIENT) as hazelcast:
        return await look_with(hazelcast, site.account, listen_s)


async def act(site: Site, plan: Callable[[Gates], Operation], *, is_dry_run: bool) -> Done:
    """Plans an operation on what is there, and does it unless it is a dry run.

    Raises:
        BadInput: `plan` finds that there is nothing to do.
        Refused: the gate, or a condition of the operation, refused it; the log says so.
        DolphinError: no member answers, or it is not known whether the gate took it.
    """
    async with client(site.member, site.cluster_name, name=_CLIENT) as hazelcast:
        gates = await look_with(hazelcast, site.account, 0.0)
        operation = plan(gates)
        obstacle = ""
        if operation.needs_reconciliation:
            gates = await look_with(hazelcast, site.account, LISTEN_S)
            obstacle = _obstacle(site, gates)
        expected = rehearse(gates, operation)
        refusal = obstacle or expected.refusal
        if not is_dry_run:
            return await _perform(hazelcast, site, gates, operation, expected, refusal)
        if refusal:
            raise _refused(operation, site, refusal)
        return Done(expected, is_dry_run=True, is_logged=False, is_carried=False)


async def _perform(hazelcast: HazelcastClient, site: Site, gates: Gates, operation: Operation, expected: Consequence, refusal: str) -> Done:
    """Writes down what is asked, says it, and writes down what came of it."""
    log = _Log(site, gates.market_time_ns, operation, expected.before)
    if refusal:
        log.write(OperationStage.REFUSED, expected.before, refusal)
        raise _refused(operation, site, refusal)
    log.write(OperationStage.ASKED, expected.after, "")
    if operation.is_loosening and log.failure is not None:
        raise Refused(
            f"what loosens something has to be logged, and the log cannot be written ({log.failure.what})",
            field="--home",
            value=str(site.ledger.parent),
            remedy="Name the home of the system's ledger, or mend it.",
        )
    is_carried, refusal = await _send(hazelcast, site.account, operation)
    after = await look_with(hazelcast, site.account, 0.0)
    if refusal and not _is_applied(after, operation):
        log.write(OperationStage.REFUSED, reading(after, operation.asset), refusal)
        raise _refused(operation, site, refusal)
    done = consequence(gates, after, operation, "")
    log.write(OperationStage.DONE, done.after, "")
    return Done(done, is_dry_run=False, is_logged=log.failure is None, is_carried=is_carried)


async def _send(hazelcast: HazelcastClient, account: str, operation: Operation) -> tuple[bool, str]:
    """(whether the cap follows already, why the gate refused)."""
    if operation.map_name == names.POSTURE:
        posture, leverage = await to_posture(hazelcast, account, operation.signal)
        return leverage is not None, posture.refusal
    key = names.gate_key(account, operation.asset)
    return True, (await to_leverage(hazelcast, key, operation.signal)).refusal


async def look_with(hazelcast: HazelcastClient, account: str, listen_s: float) -> Gates:
    """The gates of `account` through a client that is open; raises as `look`."""
    maps = (names.POSTURE, names.LEVERAGE, names.DOLPHIN_FEATURES, names.DOLPHIN_PROGRESS)
    posture, leverage, features, progress = [await hazelcast.get_map(name) for name in maps]
    keys = await leverage.key_set()
    gates = {str(key): names.gate_parts(str(key)) for key in keys}
    _require_account(account, {owner for owner, _ in gates.values()} | set(await posture.key_set()))
    breakers = {key: asset for key, (owner, asset) in gates.items() if owner == account and asset}
    first, is_governed = _demand(await posture.get(account)), False
    deadline = time.monotonic() + listen_s
    while not is_governed and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_S)
        is_governed = _demand(await posture.get(account)) > first
    values = await leverage.get_all(list(breakers))
    posture_value, account_value = await posture.get(account), await leverage.get(account)
    times = await progress.values()
    assets = set(breakers.values()) | {str(key) for key in await features.key_set()} - {names.SCAN_KEY}
    return Gates(
        account=account,
        market_time_ns=max((int(each) for each in times), default=0),
        is_governed=is_governed,
        posture_value=_bytes(posture_value),
        account_value=_bytes(account_value),
        breaker_values={breakers[key]: bytes(value) for key, value in values.items()},
        assets=frozenset(assets),
    )


def _require_account(account: str, known: set[str]) -> None:
    if known and account not in known:
        raise BadInput("the cluster knows no such account", field="--account", value=account, remedy=f"Known: {', '.join(sorted(known))}.")


def _demand(value: Any) -> tuple[int, int]:
    """The number of the last demand in a value of `POSTURE`; (0, 0) where there is none or it cannot be read."""
    try:
        rule = unpack(value)["rule"]
        return rule["source_epoch"], rule["source_seq"]
    except Exception:  # msgpack raises half a dozen kinds for damaged bytes; whoever reads the value says so
        return 0, 0


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


class _Log:
    """The entries of one operation; a failure to write is kept, not raised."""

    def __init__(self, site: Site, market_time_ns: int, operation: Operation, before: events.GateReading) -> None:
        self._site = site
        self._market_time_ns = market_time_ns
        self._operation = operation
        self._before = before
        self._id = f"operator-{time.time_ns():x}-{secrets.token_hex(2)}"
        self.failure: DolphinError | None = None

    def write(self, stage: OperationStage, after: events.GateReading, detail: str) -> None:
        operation, site = self._operation, self._site
        event = events.Operation(
            operation_id=self._id,
            stage=stage,
            by=operation.author.by,
            verb=operation.verb,
            target=operation.asset or site.account,
            reason=operation.author.reason,
            detail=detail,
            before=self._before,
            after=after,
        )
        try:
            operator_log.note(site.ledger, site.account, event, self._market_time_ns)
        except (DolphinError, OSError) as error:
            self.failure = error if isinstance(error, DolphinError) else DolphinError(str(error), remedy="Mend the disk.")


def _obstacle(site: Site, gates: Gates) -> str:
    """Why a latch may not be released, apart from what the governor itself says; "" if nothing speaks against it."""
    if not gates.is_governed:
        return f"the controller is silent (no new demand within {LISTEN_S:g} s): nobody would notice what is broken"
    return operator_log.fault_of_ledger(site.ledger, site.account) or ""


def _refused(operation: Operation, site: Site, why: str) -> Refused:
    return Refused(
        why, field=operation.verb, value=operation.asset or site.account, remedy="See dolphin posture explain and docs/operator.md."
    )


def _is_applied(after: Gates, operation: Operation) -> bool:
    """Whether the operation made the version that is there: a signal whose first answer was lost is an old one the second time."""
    value = after.posture_value if operation.map_name == names.POSTURE else after.account_value
    if operation.asset:
        value = after.breaker_values.get(operation.asset)
    return value is not None and operation.made(value)
