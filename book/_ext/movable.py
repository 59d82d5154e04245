"""`{movable} NAME`: a figure that the reader moves.

The body is the caption; `:name:` makes it a numbered figure that the text can refer to. A
new figure is one file, book/_ext/movable_figures/NAME.toml, that states the recurrence, its
input and its sliders. Symbols take the place of words, so a figure needs no translation.
"""

from pathlib import Path

import movable_html
import movable_model
from docutils import nodes
from docutils.parsers.rst import directives
from page_assets import offer
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).parent
WORDS = {"reset": "Reset"}


class Movable(SphinxDirective):
    """Compute the figure's first state and set it into the page."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012

    def run(self):
        """Return the figure node."""
        path = HERE / "movable_figures" / f"{self.arguments[0]}.toml"
        if not path.is_file():
            raise self.error(f"movable: there is no {path.name} in {path.parent.name}.")
        self.env.note_dependency(str(path))
        self.env.metadata[self.env.docname]["movable"] = True
        figure = movable_model.load(path)
        start = movable_model.defaults(figure)
        result = movable_model.run(figure, *start)
        serial = self.env.new_serialno("movable")
        html = movable_html.render(figure, serial, *start, *result, WORDS)
        return self._figure(html)

    def _figure(self, html):
        figure = nodes.figure("", nodes.raw("", html, format="html"))
        caption, messages = self.state.inline_text(" ".join(self.content), self.lineno)
        figure += nodes.caption("", "", *caption)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure, *messages]


def setup(app):
    """Register the directive."""
    app.add_directive("movable", Movable)
    offer(app, "movable", HERE / "movable_static")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
