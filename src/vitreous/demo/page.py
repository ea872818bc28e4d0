"""A static, self-contained HTML page: sections of figures, pictures inlined, light and dark."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

STYLE = """
:root{--ground:#eff2f5;--surface:#fff;--line:#d3dae1;--ink:#11181f;--ink-2:#414d59;--ink-3:#5d6975;--done:#00774e;
--s1:#2a7cf0;--s2:#b17d00;--s3:#00713d;--s4:#d0509a;--s5:#2d3542;--well:#131518}
@media(prefers-color-scheme:dark){:root{--ground:#0d1115;--surface:#151a20;--line:#2b343d;--ink:#e9eef3;--ink-2:#b3bec9;
--ink-3:#8f9ba7;--done:#75e7b1;--s1:#3598fe;--s2:#eca935;--s3:#8cebb0;--s4:#ffb9fe;--s5:#869399}}
*{box-sizing:border-box}
body{margin:0;font:14px/1.5 Inter,"Segoe UI","Noto Sans",Roboto,Arial,sans-serif;color:var(--ink);background:var(--ground);
font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:22px;line-height:28px;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:15px;line-height:20px;margin:0 0 2px}
p{margin:0 0 8px;color:var(--ink-2)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(360px,1fr));gap:16px;margin-top:16px}
.card{background:var(--surface);border:1px solid var(--line);border-radius:9px;padding:14px}
.wide{grid-column:1/-1}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0}
.figure{background:var(--surface);border:1px solid var(--line);border-radius:9px;padding:10px 14px}
.figure b{display:block;font-size:22px;line-height:28px;font-weight:600;letter-spacing:-.01em}
.figure span{font-size:12px;color:var(--ink-3)}
table{border-collapse:collapse;width:100%}
th,td{padding:4px 8px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{font-size:12px;color:var(--ink-3);font-weight:600}
td.n{text-align:right;white-space:nowrap}
img{display:block;width:100%;border-radius:6px;background:var(--well);image-rendering:auto}
img.pixels{image-rendering:pixelated}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--ink-3);font-size:11px}
.grid{stroke:var(--line);stroke-width:1;fill:none}
.level{stroke:var(--ink-3);stroke-width:1;stroke-dasharray:2 3;fill:none}
.legend{display:flex;gap:14px;flex-wrap:wrap;font-size:12px;color:var(--ink-2)}
.legend i{display:inline-block;width:14px;border-top:2.5px solid;margin-right:5px;vertical-align:middle}
"""


@dataclass(frozen=True)
class Card:
    """One figure of the page: a title, a sentence for the reader, and its body as HTML made by this room."""

    title: str
    text: str
    body: str
    wide: bool = False


def picture(png: bytes, *, alt: str, pixels: bool = False) -> str:
    """An inlined picture; pixels keeps the edges of small images sharp."""
    kind = ' class="pixels"' if pixels else ""
    return f'<img{kind} alt="{escape(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table of texts; the columns in `numbers` are set flush right."""
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    body = "".join(
        "<tr>" + "".join(f"<td{' class=n' if i in numbers else ''}>{escape(cell)}</td>" for i, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def page(title: str, text: str, figures: Sequence[tuple[str, str]], cards: Sequence[Card]) -> str:
    """The whole page. figures are (value, what it is) pairs shown large at the top."""
    big = "".join(f'<div class="figure"><b>{escape(value)}</b><span>{escape(name)}</span></div>' for value, name in figures)
    body = "".join(
        f'<section class="card{" wide" if c.wide else ""}"><h2>{escape(c.title)}</h2><p>{escape(c.text)}</p>{c.body}</section>'
        for c in cards
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{escape(title)}</h1><p>{escape(text)}</p><div class="figures">{big}</div><div class="cards">{body}</div>'
        "</main></body></html>\n"
    )
