"""Verification: do these records say what was once written, and does it add up?

Two questions a record, in this order: is the chain whole (index, previous hash, hash), and is the content what the rules of the
accounts would have written at this place (canonical text, legs, admissible event)? The first record that fails ends the walk: nothing after
it can be trusted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dolphin.core.ledger import chain
from dolphin.core.ledger.accounts import Accounts, Plan, Refusal
from dolphin.core.ledger.chain import Content, Head, Record
from dolphin.core.ledger.chart import imbalance


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. `first_bad_index` is None when all is well; `entries` counts the good ones before it."""

    account: str
    entries: int
    head_hash: str
    content_digest: str
    first_bad_index: int | None = None
    fault: str | None = None

    @property
    def is_verified(self) -> bool:
        return self.first_bad_index is None


class Walk:
    """The good records so far: the accounts that they add up to and the head they end at."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.accounts = Accounts()
        self.head = Head()

    def step(self, record: Record) -> str | None:
        """Takes in the next record, or says what is wrong with it."""
        if (fault := self._chain_fault(record)) is not None:
            return fault
        try:
            content = chain.decode(record.content)
        except ValueError as error:
            return f"its content is not an entry ({error})"
        if (fault := self._content_fault(record, content)) is not None:
            return fault
        self.accounts.apply(content)
        self.head = Head(record.index, record.hash)
        return None

    def end(self, remembered: Head) -> str | None:
        """What is wrong with ending here."""
        if self.head == remembered:
            return None
        return f"the entries end at {self.head.index}, the store remembers {remembered.index} as the last one"

    def _chain_fault(self, record: Record) -> str | None:
        if record.account != self.account:
            return "it belongs to another account"
        if record.index != self.head.index + 1:
            return f"its index is {record.index}"
        if record.previous_hash != self.head.hash:
            return "it does not follow from the entry before it"
        return None if record.hash == chain.hash_of(record) else "its hash is not that of what it says"

    def _content_fault(self, record: Record, content: Content) -> str | None:
        if chain.encode(content) != record.content:
            return "its content is not canonical"
        if imbalance(content.legs) != 0:
            return "its legs do not sum to zero"
        decision = self.accounts.plan_decoded(content.event)
        if isinstance(decision, Refusal):
            return f"it is not admissible here: {decision.why}"
        if not isinstance(decision, Plan) or decision.legs != content.legs:
            return "its legs are not those its event has here"
        return None


def verify(account: str, records: Iterable[Record], remembered: Head) -> Report:
    """Walks all `records` of `account` in stored order; `remembered` is the head the store kept beside them."""
    walk = Walk(account)
    good: list[Record] = []
    fault = None
    for record in records:
        fault = walk.step(record)
        if fault is not None:
            break
        good.append(record)
    if fault is None:
        fault = walk.end(remembered)
    bad = None if fault is None else walk.head.index + 1
    return Report(account, walk.head.index, walk.head.hash, chain.content_digest(good), bad, fault)
