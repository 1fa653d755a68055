"""What the stock stage runs on lists of lines: the same as `arrow_functions`, on a row as text."""


def same(lines: list[str]) -> list[str]:
    """What came in."""
    return lines


def mid(lines: list[str]) -> list[str]:
    """Each line with the mean of its second and third field as one more."""
    answers: list[str] = []
    for line in lines:
        _, bid, ask, _ = line.split(",", 3)
        answers.append(f"{line},{(float(bid) + float(ask)) * 0.5!r}")
    return answers
