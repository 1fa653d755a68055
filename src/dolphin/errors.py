"""What can go wrong, as types.

An operating error carries what a person needs to mend it: the field, the value it had, and the remedy. Shells turn it into one
line and an exit code at one place (`dolphin.cli.main`); nothing else formats errors. A programming error is an assertion, not one of these.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means; scripts rely on these."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    REFUSED = 3


class DolphinError(Exception):
    """An operating error: something outside the program has to change."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, what: str, *, remedy: str, field: str | None = None, value: object = None) -> None:
        """`what` happened, to which `field` with which `value`, and the `remedy`, in plain words."""
        self.what = what
        self.remedy = remedy
        self.field = field
        self.value = value
        super().__init__(str(self))

    def __str__(self) -> str:
        where = "" if self.field is None else f"{self.field} = {self.value!r}: "
        return f"{where}{self.what.removesuffix('.')}. {self.remedy}"


class BadInput(DolphinError):
    """A file, an argument or a setting that cannot be used as it is."""

    exit_code = ExitCode.BAD_INPUT


class Refused(DolphinError):
    """A safety rule said no."""

    exit_code = ExitCode.REFUSED


def error_of(exit_status: int | None) -> type[DolphinError]:
    """The kind of error that a process of ours ended with; a failure for every other status."""
    return {kind.exit_code.value: kind for kind in (BadInput, Refused)}.get(exit_status or 0, DolphinError)
