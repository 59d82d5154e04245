"""`{drawing} NAME`: a hand-drawn SVG from book/figures, set into the page itself.

An image in an <img> cannot follow the page from light to dark. Set inline, the drawing
takes its colours from the page's style sheet, and its text can be searched and enlarged.
The option `:alt:` is required; the body is the caption; `:name:` makes it a numbered
figure that the text can refer to.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

FIGURES = Path(__file__).parents[1] / "figures"


class Drawing(SphinxDirective):
    """Read the drawing, give it its text alternative, and wrap it in a figure."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required, "name": directives.unchanged}  # noqa: RUF012

    def run(self):
        """Return the figure node."""
        path = FIGURES / f"{self.arguments[0]}.svg"
        if not path.is_file():
            raise self.error(f"drawing: there is no {path.name} in book/figures.")
        if "alt" not in self.options:
            raise self.error(f"drawing: {path.name} needs the option alt.")
        self.env.note_dependency(str(path))
        svg = re.sub(r"<!--.*?-->\s*", "", path.read_text("utf-8"), flags=re.DOTALL)
        label = escape(self.options["alt"], quote=True)
        svg = svg.replace("<svg ", f'<svg class="drawing" aria-label="{label}" ', 1)
        # On a phone the drawing keeps its size and scrolls; a region that scrolls must be
        # reachable by keyboard.
        box = f'<div class="drawing-box" tabindex="0" role="group">{svg}</div>'
        figure = nodes.figure("", nodes.raw("", box, format="html"))
        caption, messages = self.state.inline_text(" ".join(self.content), self.lineno)
        figure += nodes.caption("", "", *caption)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure, *messages]


def setup(app):
    """Register the directive."""
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
