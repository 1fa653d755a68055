"""The account's cap over time, as a line of block characters."""

from collections.abc import Sequence
from typing import Final

_BARS: Final = " ▁▂▃▄▅▆▇█"
_FULL_CAP_PPM: Final = 6_000_000


def cap_chart(history: Sequence[tuple[int, int]], end_ns: int, width: int) -> str:
    """The lowest account cap in each of `width` equal slices of time, as block characters; full height is 6x."""
    if not history:
        return ""
    start_ns = history[0][0]
    slice_ns = max(1, -(-(end_ns - start_ns) // width))
    lowest: list[int] = []
    at, cap = 0, history[0][1]
    for index in range(width):
        low = cap
        while at < len(history) and history[at][0] < start_ns + (index + 1) * slice_ns:
            cap = history[at][1]
            low = min(low, cap) if history[at][0] > start_ns + index * slice_ns else cap
            at += 1
        lowest.append(low)
    return "".join(_BARS[-(-low * (len(_BARS) - 1) // _FULL_CAP_PPM)] for low in lowest)
