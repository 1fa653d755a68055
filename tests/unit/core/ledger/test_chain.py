"""How an entry is written down: canonical JSON, and a hash that anyone can recompute."""

import hashlib
import json
from dataclasses import replace

import pytest

from dolphin.core.ledger import chain
from dolphin.core.ledger.chain import GENESIS, Content, Head, Record
from dolphin.core.ledger.chart import Leg
from dolphin.core.ledger.events import BookedCommand, Fee, Fill, Funding, OrderIntent, Side
from dolphin.errors import DolphinError

COMMAND = BookedCommand("paper", "", 1, 2, "APEX", 6, 7, (8, 9), True, ("wide spread",), ("BTCUSDT@trade#1",), 10, 11)
CONTENTS = [
    Content(5, Fee(1, 'quoted " and é and \u2028'), (Leg("fees", 1), Leg("cash", -1))),
    Content(6, OrderIntent("O-1", "BTCUSDT", Side.BUY, 1, None, False, 6, "APEX", (COMMAND,)), ()),
    Content(7, Fill("O-1", "f", "BTCUSDT", Side.SELL, 1, 2**63 - 1, -3), ()),
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: type(content.event).__name__)
def test_content_is_canonical_json_as_any_language_would_write_it(content: Content) -> None:
    text = chain.encode(content)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert chain.decode(text) == content


def test_the_stored_form_of_an_entry_is_fixed() -> None:
    record = chain.seal(
        "paper", Head(), 1, "run-1", 42, chain.encode(Content(5, Funding("BTCUSDT", 7), (Leg("cash", 7), Leg("funding", -7))))
    )
    assert record.content == (
        '{"event":{"amount_micro_usd":7,"asset":"BTCUSDT","type":"funding"},"legs":[["cash",7],["funding",-7]],"market_time_ns":5}'
    )
    parts = [GENESIS, "paper", "1", "1", "42", "run-1", record.content]
    assert record.hash == hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
    assert record.hash == "1b4a628a00aa5749a88ed82c8c4db940bfff54c5c4fc8edc2ade5bcd2a7d4b76"


def test_each_entry_follows_from_the_one_before() -> None:
    first = chain.seal("paper", Head(), 1, "r", 0, "{}")
    second = chain.seal("paper", Head(first.index, first.hash), 1, "r", 0, "{}")
    assert (second.index, second.previous_hash) == (2, first.hash)
    assert second.hash != first.hash


def test_moving_a_character_from_one_part_to_the_next_changes_the_hash() -> None:
    record = Record("paper", 1, 1, "r1", 1, "x", GENESIS, "")
    assert chain.hash_of(record) != chain.hash_of(replace(record, run_id="r", content="1x"))
    assert chain.hash_of(replace(record, index=11, epoch=1)) != chain.hash_of(replace(record, index=1, epoch=11))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "not json",
        '{"event":{"type":"gift"},"legs":[],"market_time_ns":1}',
        '{"event":{"type":"run_start"},"legs":[],"market_time_ns":1.5}',
        '{"event":{"type":"run_start","note":"x"},"legs":[],"market_time_ns":1}',
        '{"event":{"type":"run_start"},"legs":[["cash",1,2]],"market_time_ns":1}',
        '{"event":{"type":"run_start"},"legs":[],"market_time_ns":1,"more":2}',
        "\udc80",
    ],
)
def test_what_is_not_an_entry_does_not_decode(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.decode(text)
    with pytest.raises(DolphinError, match="entry 3 cannot be read") as caught:
        chain.content_of(Record("paper", 3, 1, "r", 0, text, GENESIS, ""))
    assert (caught.value.field, caught.value.value, caught.value.remedy) == ("account", "paper", "Run: dolphin ledger verify")


@pytest.mark.parametrize(
    "event",
    [Fee(1.0, ""), Fee(None, ""), Fee(2**63, ""), Fee(-(2**63), ""), Fee(1, "\ud800"), Fee(True, ""), Fee(b"1", "")],  # type: ignore[arg-type]
    ids=repr,
)
def test_what_would_not_come_back_as_it_is_is_not_written(event: Fee) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.encode_faithfully(Content(1, event, ()))


def test_a_value_that_would_come_back_as_another_type_is_not_written() -> None:
    with pytest.raises(ValueError, match=r"^a field has a value of the wrong type$"):
        chain.encode_faithfully(Content(1, Fee(1, ""), [Leg("fees", 1), Leg("cash", -1)]))  # type: ignore[arg-type]


def test_runs_that_booked_the_same_have_one_content_digest_whoever_wrote_it_and_when() -> None:
    texts = [chain.encode(content) for content in CONTENTS]
    here = [chain.seal("paper", Head(), 1, "run-1", at, text) for at, text in enumerate(texts)]
    there = [chain.seal("paper", Head(9, "f" * 64), 3, "run-2", 99, text) for text in texts]
    assert chain.content_digest(here) == chain.content_digest(there)
    assert chain.content_digest(here) != chain.content_digest(reversed(here))
    assert chain.content_digest(here) == hashlib.sha256("".join(f"{text}\n" for text in texts).encode()).hexdigest()
    assert {record.hash for record in here}.isdisjoint(record.hash for record in there)


def test_a_command_takes_what_it_knows_from_a_message_and_insists_on_all_of_it() -> None:
    message = {name: getattr(COMMAND, name) for name in BookedCommand.__struct_fields__}
    assert BookedCommand.of(message | {"factors_ppm": [8, 9], "checksum": 3, "from_cap_ppm": 4}) == COMMAND
    with pytest.raises(ValueError, match="cap_ppm"):
        BookedCommand.of({name: value for name, value in message.items() if name != "cap_ppm"})
    with pytest.raises(ValueError, match="seq"):
        BookedCommand.of(message | {"seq": 1.5})
