"""The chart of accounts, and the legs that move value between them.

Amounts are integer micro-dollars; a debit is positive, a credit negative, and the legs of one entry sum to zero. So assets (`cash`,
positions) and expenses (`fees`) have positive balances, and sources of value (`opening_capital`, profits) negative ones.

A futures contract costs nothing to open: its notional is owed until it is closed. `position:ASSET` carries the open contracts at cost
(negative when short) and `open_contracts` the other side of all of them; what is won or lost at the close moves from `realised_pnl` to
`cash`.
"""

from collections.abc import Iterable, Mapping

import msgspec

CASH = "cash"
FEES = "fees"
FUNDING = "funding"
OPENING_CAPITAL = "opening_capital"
OPEN_CONTRACTS = "open_contracts"
REALISED_PNL = "realised_pnl"

ACCOUNTS = (CASH, OPENING_CAPITAL, REALISED_PNL, FEES, FUNDING, OPEN_CONTRACTS)
"""The accounts that exist whatever is traded; each traded asset adds `position:ASSET`."""

_CREDIT_NORMAL = frozenset({OPENING_CAPITAL, REALISED_PNL, FUNDING, OPEN_CONTRACTS})


class Leg(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`amount_micro_usd` (debit positive) on one account of the chart."""

    account: str
    amount_micro_usd: int


def position_account(asset: str) -> str:
    return f"position:{asset}"


def transfer(debit: str, credit: str, amount_micro_usd: int) -> tuple[Leg, ...]:
    """Moves `amount_micro_usd` (either sign) from `credit` to `debit`; no legs when it is nothing."""
    if amount_micro_usd == 0:
        return ()
    return (Leg(debit, amount_micro_usd), Leg(credit, -amount_micro_usd))


def imbalance(legs: Iterable[Leg]) -> int:
    """What the legs sum to, micro-dollars: zero in every admissible entry."""
    return sum(leg.amount_micro_usd for leg in legs)


def natural(balances: Mapping[str, int]) -> dict[str, int]:
    """Balances with the sign people expect: capital and profits positive when there are some, fees and positions as debits."""
    return {account: -amount if account in _CREDIT_NORMAL else amount for account, amount in balances.items()}
