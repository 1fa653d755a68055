"""What a gate's rule answers to one signal; the same for all of them."""

from typing import NamedTuple


class GateOutcome[S](NamedTuple):
    """The state after, whether the signal was taken, whether the cap changed, why it was refused."""

    state: S
    is_accepted: bool
    is_changed: bool
    refusal: str = ""
