"""The names of the contract: each key is written and read in one place, and the pipelines use no other name."""

import pytest

from dolphin.core.contract import names, schemas
from dolphin.pipeline.files import load_pipeline, pipeline_names


@pytest.mark.parametrize(("account", "asset", "key"), [("paper", "", "paper"), ("paper", "BTCUSDT", "paper/BTCUSDT")])
def test_a_gates_key_reads_back_as_it_was_written(account: str, asset: str, key: str) -> None:
    assert names.gate_key(account, asset) == key
    assert names.gate_parts(key) == (account, asset)


def test_the_jobs_are_the_files_of_the_folder() -> None:
    assert sorted(names.JOBS) == pipeline_names()
    assert [load_pipeline(name).name for name in names.JOBS] == list(names.JOBS)


def test_a_reader_of_a_column_that_is_not_there_does_not_even_start() -> None:
    assert schemas.part(schemas.MARKET, "asset", "qty") == ("asset", "qty")
    with pytest.raises(AssertionError, match="no column 'quantity'"):
        schemas.part(schemas.MARKET, "asset", "quantity")
