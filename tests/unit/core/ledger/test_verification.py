"""Verification names the first bad entry and says what is wrong with it."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from dolphin.core.ledger import chain
from dolphin.core.ledger.chain import Content, Head, Record
from dolphin.core.ledger.chart import Leg
from dolphin.core.ledger.events import Fee, LedgerEvent, OpeningDeposit, RunEnd, RunStart
from dolphin.core.ledger.verification import verify


def sealed(*contents: Content | str) -> list[Record]:
    records, head = [], Head()
    for content in contents:
        text = content if isinstance(content, str) else chain.encode(content)
        records.append(chain.seal("paper", head, 1, "r", 0, text))
        head = Head(records[-1].index, records[-1].hash)
    return records


def entry(event: LedgerEvent, *legs: Leg) -> Content:
    return Content(1, event, legs)


OPENING = entry(OpeningDeposit(9), Leg("cash", 9), Leg("opening_capital", -9))
FEE = entry(Fee(2, ""), Leg("fees", 2), Leg("cash", -2))
GOOD = (entry(RunStart()), OPENING, FEE, entry(RunEnd("")))


def report_on(records: list[Record], head: Head | None = None):
    return verify("paper", records, head or Head(records[-1].index, records[-1].hash))


def test_nothing_at_all_is_verified() -> None:
    report = verify("paper", [], Head())
    assert (report.is_verified, report.entries) == (True, 0)


def test_a_good_chain_is_verified() -> None:
    records = sealed(*GOOD)
    report = report_on(records)
    assert (report.is_verified, report.entries, report.head_hash, report.fault) == (True, 4, records[-1].hash, None)
    assert (report.account, report.content_digest) == ("paper", chain.content_digest(records))


def test_content_that_cannot_be_read_is_found() -> None:
    report = report_on(sealed(*GOOD[:2], "{}"))
    assert report.first_bad_index == 3
    assert (report.fault or "").startswith("its content is not an entry (")


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda record: replace(record, account="live"), "it belongs to another account"),
        (lambda record: replace(record, index=9), "its index is 9"),
        (lambda record: replace(record, previous_hash="0" * 64), "it does not follow from the entry before it"),
        (lambda record: replace(record, content=record.content.replace("2", "3")), "its hash is not that of what it says"),
        (lambda record: replace(record, epoch=2), "its hash is not that of what it says"),
        (lambda record: replace(record, run_id="s"), "its hash is not that of what it says"),
        (lambda record: replace(record, written_wall_ns=1), "its hash is not that of what it says"),
        (lambda record: replace(record, hash="f" * 64), "its hash is not that of what it says"),
    ],
)
def test_a_damaged_entry_is_named_with_its_fault_and_the_good_ones_before_it_counted(
    damage: Callable[[Record], Record], fault: str
) -> None:
    records = sealed(*GOOD)
    head = Head(records[-1].index, records[-1].hash)
    records[2] = damage(records[2])
    report = report_on(records, head)
    assert (report.is_verified, report.first_bad_index, report.entries) == (False, 3, 2)
    assert report.fault == fault


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (chain.encode(FEE).replace(",", ", "), "its content is not canonical"),
        (msgspec.structs.replace(FEE, legs=FEE.legs[:1]), "its legs do not sum to zero"),
        (msgspec.structs.replace(FEE, legs=(Leg("fees", 3), Leg("cash", -3))), "its legs are not those its event has here"),
        (msgspec.structs.replace(FEE, legs=()), "its legs are not those its event has here"),
        (OPENING, "it is not admissible here: the account has its opening deposit already"),
    ],
)
def test_a_well_sealed_entry_that_the_rules_would_not_have_written_is_found(content: Content | str, fault: str) -> None:
    report = report_on(sealed(*GOOD[:2], content))
    assert (report.is_verified, report.first_bad_index) == (False, 3)
    assert report.fault == fault


def test_a_repeat_that_was_written_all_the_same_is_found() -> None:
    intent = chain.decode(
        '{"event":{"asset":"A","cap_ppm":1,"commands":[],"is_reduce_only":false,"order_id":"O","posture":"APEX","price_e8":null,'
        '"qty_e8":1,"side":"BUY","type":"order_intent"},"legs":[],"market_time_ns":1}'
    )
    assert report_on(sealed(intent)).is_verified
    assert report_on(sealed(intent, intent)).first_bad_index == 2


def test_a_cut_off_tail_is_found_by_the_remembered_head() -> None:
    records = sealed(*GOOD)
    report = report_on(records[:2], Head(4, records[3].hash))
    assert (report.is_verified, report.first_bad_index, report.fault) == (
        False,
        3,
        "the entries end at 2, the store remembers 4 as the last one",
    )


def test_a_chain_that_was_sealed_anew_is_found_by_the_remembered_head() -> None:
    remembered = Head(4, sealed(*GOOD)[-1].hash)
    assert not report_on(sealed(GOOD[0], OPENING, entry(Fee(1, ""), Leg("fees", 1), Leg("cash", -1)), GOOD[3]), remembered).is_verified
