"""What the state of a job says of the part that it is."""

from typing import Any

import pytest

from dolphin.core.health.jobs import failure_of, is_there, taken_out


def job(status: str, failure: str | None = None) -> dict[str, Any]:
    return {"name": "ars", "status": status} | ({} if failure is None else {"failure": failure})


@pytest.mark.parametrize("status", ["running", "starting", "not_running", "suspended_exporting_snapshot"])
def test_a_job_that_runs_or_is_about_to_is_there(status: str) -> None:
    assert is_there(job(status))
    assert taken_out(job(status)) == ""


@pytest.mark.parametrize("status", ["suspended", "cancelled", "failed", "completed", "completing", "a word of a later version", ""])
def test_every_other_is_not(status: str) -> None:
    assert not is_there(job(status))


def test_one_that_nobody_knows_is_not_there_and_nobody_took_it_out() -> None:
    assert not is_there(None)
    assert not is_there({})
    assert taken_out(None) == ""
    assert failure_of(None) == "the member does not know it"


@pytest.mark.parametrize("status", ["suspended", "cancelled"])
def test_a_person_took_it_out_where_no_failure_did(status: str) -> None:
    assert taken_out(job(status)) == status
    assert taken_out(job(status, "")) == status
    assert taken_out(job(status, "ValueError: no")) == ""


@pytest.mark.parametrize("status", ["failed", "completed"])
def test_an_end_of_its_own_is_no_persons(status: str) -> None:
    assert taken_out(job(status)) == ""


def test_of_a_traceback_the_last_line_says_why() -> None:
    assert failure_of(job("failed", "Traceback:\n  File x\nValueError: no\n\n")) == "ValueError: no"
    assert failure_of(job("cancelled")) == "it is cancelled"
    assert failure_of(job("suspended", "  \n ")) == "it is suspended"
