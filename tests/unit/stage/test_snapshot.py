"""A snapshot comes back whole or not at all, and never under another layout."""

from operator import itemgetter
from typing import Any

import numpy as np
import pytest

from dolphin.errors import BadInput
from dolphin.stage import snapshot

RECORD = np.dtype([("bid", "f8"), ("ask", "f8"), ("second", "i8")], align=True)
RENAMED = np.dtype([("bid", "f8"), ("mid", "f8"), ("second", "i8")], align=True)
SWAPPED = np.dtype([("ask", "f8"), ("bid", "f8"), ("second", "i8")], align=True)
RETYPED = np.dtype([("bid", "f8"), ("ask", "i8"), ("second", "i8")], align=True)


def test_values_arrays_and_records_come_back_as_they_were_and_may_be_written_to() -> None:
    records = np.array([(1.0, 2.0, 3)], RECORD)
    data = snapshot.pack("s", 1, {"n": 7, "plain": np.arange(6).reshape(2, 3), "records": records})
    n, plain, again = snapshot.restored(data, "s", 1, itemgetter("n", "plain", "records"), RECORD)
    assert n == 7
    assert plain.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert again.tolist() == records.tolist()
    again["bid"] = 5.0


@pytest.mark.parametrize("other", [RENAMED, SWAPPED, RETYPED, None])
def test_records_of_another_layout_are_refused_although_they_are_of_one_size(other: np.dtype[Any] | None) -> None:
    data = snapshot.pack("s", 1, {"records": np.zeros(2, RECORD)})
    with pytest.raises(BadInput, match="another layout"):
        snapshot.restored(data, "s", 1, itemgetter("records"), other)


@pytest.mark.parametrize(("stage", "version"), [("t", 1), ("s", 2)])
def test_another_stage_or_version_is_refused_and_its_state_not_looked_at(stage: str, version: int) -> None:
    def read(state: snapshot.State) -> None:
        raise AssertionError

    with pytest.raises(BadInput, match=rf"want a snapshot of \('{stage}', {version}\)"):
        snapshot.restored(snapshot.pack("s", 1, {}), stage, version, read)


def test_what_a_reader_cannot_take_is_a_damaged_snapshot_and_what_it_refuses_is_its_own_word() -> None:
    data = snapshot.pack("s", 1, {})
    with pytest.raises(BadInput, match="the snapshot of stage s cannot be read"):
        snapshot.restored(data, "s", 1, itemgetter("missing"))

    def refuse(state: snapshot.State) -> None:
        raise BadInput("not today", field="day", value=1, remedy="Wait.")

    with pytest.raises(BadInput, match="not today"):
        snapshot.restored(data, "s", 1, refuse)


def test_rows_of_other_columns_are_refused() -> None:
    data = snapshot.pack("scan", 1, {"carried": np.zeros((2, 3))}, columns=("sigma_5s", "spread_bps"))
    for columns in ((), ("spread_bps", "sigma_5s"), ("sigma_5s",)):
        with pytest.raises(BadInput, match="want a snapshot"):
            snapshot.restored(data, "scan", 1, lambda state: state, columns=columns)
    assert snapshot.restored(data, "scan", 1, lambda state: state["carried"].shape, columns=("sigma_5s", "spread_bps")) == (2, 3)
