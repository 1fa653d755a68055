"""A pipeline as a picture: a tree in text, boxes and arrows in SVG."""

from dataclasses import dataclass
from html import escape
from typing import Final

from dolphin.pipeline.description import Pipeline, Vertex

_COLOURS: Final = {
    "journal": "#d8e7f5",
    "topics": "#d8e7f5",
    "python": "#fdeec4",
    "entry_processor": "#f6d3cf",
    "map": "#dcefd8",
    "topic": "#dcefd8",
    "log": "#e6e6e6",
}
_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _MARGIN = 300, 46, 60, 16, 16
_MAX_CHARS = 44


def draw_text(pipeline: Pipeline) -> str:
    """One line a vertex, indented below what it reads from."""
    lines = [pipeline.name]
    roots = [vertex for vertex in pipeline.vertices.values() if vertex.reads is None]
    for number, root in enumerate(roots):
        lines += _branch(pipeline, root, "", is_last=number == len(roots) - 1)
    return "\n".join(lines)


def _branch(pipeline: Pipeline, vertex: Vertex, indent: str, *, is_last: bool) -> list[str]:
    lines = [f"{indent}{'└─' if is_last else '├─'} {vertex.name}: {vertex.summary}"]
    readers = pipeline.readers(vertex.name)
    for number, reader in enumerate(readers):
        lines += _branch(pipeline, reader, indent + ("   " if is_last else "│  "), is_last=number == len(readers) - 1)
    return lines


@dataclass(frozen=True, slots=True)
class _Box:
    vertex: Vertex
    x: int
    y: int


def draw_svg(pipeline: Pipeline) -> str:
    """The graph from left to right, as a complete SVG document."""
    boxes = _place(pipeline)
    width = max((box.x for box in boxes.values()), default=0) + _BOX_W + _MARGIN
    height = max((box.y for box in boxes.values()), default=0) + _BOX_H + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(pipeline.name)}</title>",
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    parts += [_arrow(boxes[box.vertex.reads], box) for box in boxes.values() if box.vertex.reads is not None]
    parts += [_rectangle(box) for box in boxes.values()]
    return "\n".join([*parts, "</svg>", ""])


def _place(pipeline: Pipeline) -> dict[str, _Box]:
    """Columns by distance from the source; a vertex stands beside the first of those that read it."""
    boxes: dict[str, _Box] = {}

    def put(vertex: Vertex, column: int, row: int) -> int:
        boxes[vertex.name] = _Box(vertex, _MARGIN + column * (_BOX_W + _GAP_X), _MARGIN + row * (_BOX_H + _GAP_Y))
        next_row = row
        for reader in pipeline.readers(vertex.name):
            next_row = put(reader, column + 1, next_row)
        return max(next_row, row + 1)

    row = 0
    for vertex in pipeline.vertices.values():
        if vertex.reads is None:
            row = put(vertex, 0, row)
    return boxes


def _rectangle(box: _Box) -> str:
    colour = _COLOURS[box.vertex.kind]
    return (
        f"<g><title>{escape(box.vertex.name)}: {escape(box.vertex.summary)}</title>"
        f'<rect x="{box.x}" y="{box.y}" width="{_BOX_W}" height="{_BOX_H}" rx="6" fill="{colour}" stroke="#555"/>'
        f'<text x="{box.x + 10}" y="{box.y + 19}" font-weight="bold">{escape(_short(box.vertex.name))}</text>'
        f'<text x="{box.x + 10}" y="{box.y + 36}" fill="#333">{escape(_short(box.vertex.summary))}</text></g>'
    )


def _arrow(start: _Box, end: _Box) -> str:
    x1, y1, x2, y2 = start.x + _BOX_W, start.y + _BOX_H // 2, end.x, end.y + _BOX_H // 2
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}" fill="none" stroke="#555" marker-end="url(#tip)"/>'


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"
