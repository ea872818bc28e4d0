"""The reference page of the columns (docs/columns.md), made from the dictionary."""

from vitreous.tables.columns import GROUPS

_HEAD = """# Columns

Made from `src/vitreous/tables/columns.py` by `python docs/make_columns.py`; change it there. In Python a column has the name on
the left, in a STAR file the label beside it. A label that is not listed here is carried through files as it stands.
Types: `float`, `int`, `bool` (0 or 1 in files), `str`, and `vector` (numbers as `[1,2,3]`, kept as text).
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for title, columns in GROUPS.items():
        rows = [f"| `{c.name}` | `{c.label}` | {c.type} | {c.unit} | {c.meaning} |" for c in columns]
        parts.append(
            "\n".join([f"## {title}", "", "| name | label | type | unit | meaning |", "|---|---|---|---|---|", *rows, ""])
        )
    return "\n".join(parts)
