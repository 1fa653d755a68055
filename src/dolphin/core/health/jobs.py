"""What the state of a Jet job (`dolphin.cluster.jobs.JobState`) says of the part that it is."""

from collections.abc import Mapping
from typing import Any, Final

_THERE: Final = frozenset({"running", "starting", "not_running", "suspended_exporting_snapshot"})
"""`not_running`: it is between two runs of Jet's own making."""


def is_there(job: Mapping[str, Any] | None) -> bool:
    """Whether it runs, or will without anybody's help. Suspended by a failure or by a person, ended, and unknown are not."""
    return job is not None and job.get("status") in _THERE


def taken_out(job: Mapping[str, Any] | None) -> str:
    """How a person took it out: "suspended" or "cancelled"; "" if nobody did. Jet suspends a job that failed too, and says why then."""
    if job is None or job.get("failure"):
        return ""
    status = job.get("status")
    return str(status) if status in ("suspended", "cancelled") else ""


def failure_of(job: Mapping[str, Any] | None) -> str:
    """Why it is not there, in one line: of a traceback, the last one."""
    if job is None:
        return "the member does not know it"
    lines = str(job.get("failure") or "").strip().splitlines()
    return lines[-1].strip() if lines else f"it is {job.get('status')}"
