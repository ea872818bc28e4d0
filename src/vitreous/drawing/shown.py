"""A piece of HTML that a notebook shows in place: it carries its own colours for light and dark, and no script."""

from html import escape
from pathlib import Path

from vitreous.files import atomic

STYLE = """<style>
.vitreous{--surface:#fff;--line:#d3dae1;--ink:#11181f;--ink-2:#414d59;--ink-3:#5d6975;--well:#131518;
--s1:#2a7cf0;--s2:#b17d00;--s3:#00713d;--s4:#d0509a;--s5:#2d3542;
font:13px/18px Inter,"Segoe UI","Noto Sans",Roboto,Arial,sans-serif;color:var(--ink);background:var(--surface);
font-variant-numeric:tabular-nums;padding:8px;border-radius:6px;max-width:960px}
@media(prefers-color-scheme:dark){.vitreous{--surface:#151a20;--line:#2b343d;--ink:#e9eef3;--ink-2:#b3bec9;--ink-3:#8f9ba7;
--s1:#3598fe;--s2:#eca935;--s3:#8cebb0;--s4:#ffb9fe;--s5:#869399}}
.vitreous p{margin:0 0 6px;color:var(--ink-2)}
.vitreous table{border-collapse:collapse;color:var(--ink);background:var(--surface)}
.vitreous th,.vitreous td{padding:3px 9px;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
.vitreous th{font-weight:500;font-size:11.5px;color:var(--ink-3)}
.vitreous .number{text-align:right}
.vitreous img{display:block;border-radius:6px;background:var(--well);image-rendering:pixelated}
.vitreous figure{margin:0;display:inline-block;vertical-align:top}
.vitreous figcaption{font-size:11.5px;color:var(--ink-3);margin:3px 0 8px}
.vitreous svg{display:block;max-width:560px;height:auto}
.vitreous svg text{fill:var(--ink-3);font-size:11px}
.vitreous .grid{stroke:var(--line);stroke-width:1;fill:none}
.vitreous .level{stroke:var(--ink-3);stroke-width:1;stroke-dasharray:2 3;fill:none}
.vitreous .legend{display:flex;gap:14px;flex-wrap:wrap;font-size:12px;color:var(--ink-2)}
.vitreous .legend i{display:inline-block;width:14px;border-top:2.5px solid;margin-right:5px;vertical-align:middle}
</style>"""


class Shown:
    """Something drawn, as HTML of our own making; `text` stands for it where HTML is not shown."""

    def __init__(self, body: str, text: str) -> None:
        self.body, self.text = body, text

    def _repr_html_(self) -> str:
        return f'{STYLE}<div class="vitreous">{self.body}</div>'

    def __repr__(self) -> str:
        return self.text

    def __add__(self, other: "Shown") -> "Shown":
        """Two drawings, one under the other."""
        return Shown(self.body + other.body, f"{self.text}\n{other.text}")

    def save(self, path: Path | str) -> None:
        """Write it as a page of its own, which needs no other file."""
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(self.text.splitlines()[0])}</title>'
        atomic.write_text(path, f"{head}<body>{self._repr_html_()}</body></html>\n")
