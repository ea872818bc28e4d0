"""Numbers of bytes and tables, as the verbs print them."""

from collections.abc import Collection, Sequence

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def bytes_text(count: int) -> str:
    """A number of bytes for people: 812 B, 3.4 MB, 1.2 TB, in powers of 1000."""
    if count < 1000:
        return f"{count} B"
    power = min(len(f"{count:d}") - 1, 15) // 3
    size = count / 1000**power
    if size >= 999.5 and power < 5:
        size, power = 1.0, power + 1
    return f"{size:.1f} {UNITS[power]}" if size < 99.5 else f"{size:.0f} {UNITS[power]}"


def counted(number: int, word: str) -> str:
    """A number of things: 1 job, 3 jobs."""
    return f"{number} {word}{'s' * (number != 1)}"


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Rows as lines with columns under one another; columns of `right` end under one another."""
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    )
    return "".join(line.rstrip() + "\n" for line in lines)


def indented(text: str) -> str:
    """Lines set in by two blanks."""
    return "".join(f"  {line}\n" for line in text.splitlines())
