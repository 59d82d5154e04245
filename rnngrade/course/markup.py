"""What a student wrote or printed, as HTML that runs nothing and asks no other host.

Whatever comes in is text of somebody whom the reader does not trust: markup goes through a
list of what is allowed, formulas become MathML, and all else is escaped.
"""

import base64
import binascii
import re
from contextlib import suppress

import bleach
import bs4
import mistune
from markupsafe import Markup, escape
from math_core import LatexError, LatexToMathML
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from rnngrade.messages import message

WORDS = {"a", "b", "br", "code", "del", "em", "i", "img", "s", "span", "strong", "sub", "sup"}
BLOCKS = {"blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "ul"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
TABLES = {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
TAGS = WORDS | BLOCKS | HEADINGS | TABLES
ATTRIBUTES = {
    "a": {"href": r"(https?:|mailto:).*"},
    "img": {"src": r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,.*", "alt": ".*"},
    "ol": {"start": r"\d+"},
    "td": {"colspan": r"\d+", "rowspan": r"\d+"},
    "th": {"colspan": r"\d+", "rowspan": r"\d+"},
    "span": {"class": "math"},
    "div": {"class": "math"},
}
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
# More is shown as plain text: some markup takes a parser time that grows with the square.
LONGEST_MARKUP = 50_000
# A longer formula stays TeX: the converter descends into it, and deep enough it crashes.
LONGEST_FORMULA = 500
# Nor is one that defines macros: one that calls itself twice takes all memory.
MACROS = re.compile(r"\\(?:[gex]?def|(?:future)?let|(?:re)?new\w+|provide\w+|Declare\w+)")
# To look for the end of each takes a time that grows with the square.
MOST_FORMULAS = 1000
# Of a longer print the middle is left out.
LONGEST_PRINT = 20_000

_MATH = LatexToMathML()
_PYTHON = get_lexer_by_name("ipython3", stripnl=False)


class Sheet:
    """The cells of one notebook, one after the other, as parts of one page.

    Headings come below the level `above` of the page and never skip a level: so a program
    that reads the page aloud can list them.
    """

    def __init__(self, above: int = 1):
        self.above = self.level = above

    def text(self, source: str, attachments: dict | None = None) -> Markup:
        """A text cell as its reader sees it."""
        if len(source) > LONGEST_MARKUP or source.count("$") > 2 * MOST_FORMULAS:
            return printed(source)
        renderer = _Renderer(attachments or {})
        return self._clean(MarkdownWithMath(renderer=renderer).render(source))

    def output(self, output: NotebookNode) -> Markup:
        """An output of a cell: a picture, a table, or what was printed."""
        if output.output_type == "stream":
            return printed(output.text)
        if output.output_type == "error":
            return printed("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        data = {kind: value for kind, value in output.data.items() if isinstance(value, str)}
        return next(filter(None, self._forms(data)), Markup())

    def _forms(self, data):
        """The forms of an output, the best first; one that needs a script shows nothing."""
        for kind in IMAGES:
            yield _image(kind, data)
        html = data.get("text/html", "")
        if len(html) <= LONGEST_MARKUP:
            yield self._clean(html)
        yield self.text(data.get("text/markdown", ""))
        yield self.text(data.get("text/latex", ""))
        yield printed(data.get("text/plain", ""))

    def _clean(self, html):
        """Only what TAGS and ATTRIBUTES allow; nothing, if there is nothing to see in it."""
        page = bs4.BeautifulSoup(html, "html.parser")
        for element in page(["script", "style", "template", "title"]):
            element.decompose()
        schemes = ["http", "https", "mailto", "data"]
        html = bleach.clean(str(page), TAGS, _allowed, protocols=schemes, strip=True)
        page = bs4.BeautifulSoup(html, "html.parser")
        for formula in page(class_="math"):
            formula.replace_with(_formula(formula))
        self._order(page)
        _name(page)
        return Markup(page) if _shows(page) else Markup()

    def _order(self, page):
        for heading in page(list(HEADINGS)):
            if _shows(heading):
                level = self.above + int(heading.name[1])
                self.level = min(level, self.level + 1, 6)
                heading.name = f"h{self.level}"
            else:
                heading.unwrap()


def code(source: str) -> Markup:
    """Python as a student wrote it, with the parts of speech marked."""
    return Markup(highlight(source, _PYTHON, HtmlFormatter(nowrap=True)).rstrip("\n"))


def printed(words: str) -> Markup:
    """What a terminal would show, without its colours."""
    lines = strip_ansi(words).replace("\r\n", "\n").split("\n")
    words = "\n".join(line.rpartition("\r")[2] for line in lines)  # a progress bar starts anew
    if len(words) > LONGEST_PRINT:
        half, left = LONGEST_PRINT // 2, len(words) - LONGEST_PRINT
        words = f"{words[:half]}\n… {message('feedback.left-out', n=left)} …\n{words[-half:]}"
    return Markup("<pre>{}</pre>").format(words.rstrip("\n")) if words.strip() else Markup()


class _Renderer(mistune.HTMLRenderer):
    """Markdown to HTML, where a formula is marked and an attached image stands in the page."""

    def __init__(self, attachments):
        super().__init__(escape=False, allow_harmful_protocols=True)  # `_clean` comes after
        self.attachments = attachments

    def inline_math(self, body):
        return f'<span class="math">{escape(body)}</span>'

    def block_math(self, body):
        return f'<div class="math">{escape(body)}</div>'

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def image(self, text, url, title=None):
        attached = self.attachments.get(url.removeprefix("attachment:"), {})
        src = next((_source(k, attached[k]) for k in IMAGES[:2] if k in attached), url)
        return f'<img src="{escape(src)}" alt="{escape(text)}">'


def _allowed(tag, name, value):
    pattern = ATTRIBUTES.get(tag, {}).get(name)
    return bool(pattern and re.fullmatch(pattern, value, re.DOTALL))


def _formula(element):
    """MathML, which a browser sets without a script; what it cannot say stays TeX."""
    block, tex = element.name == "div", element.text.strip()
    made = Markup("<code>{}</code>").format(tex)
    if len(tex) <= LONGEST_FORMULA and not MACROS.search(tex):
        with suppress(LatexError):
            made = Markup(_MATH.convert_with_local_state(tex, displaystyle=block))
    if block:
        made = Markup('<div class="formula">{}</div>').format(made)
    return bs4.BeautifulSoup(made, "html.parser")


def _name(page):
    """Give names to what a reader may not see, and a place on the keyboard to what scrolls."""
    for image in page("img"):
        if image.get("src"):
            image["alt"] = image.get("alt") or str(message("feedback.image"))
        else:
            image.decompose()
    for link in page("a"):
        if link.get("href") and _shows(link):
            link["rel"] = "noreferrer"
        else:
            link.unwrap()
    for head in page("th"):
        head.name = "th" if head.text.strip() else "td"
    tables, formulas = message("feedback.table"), message("feedback.formula")
    for name, wide in ((tables, page("table")), (formulas, page(class_="formula"))):
        for element in wide:
            scroll = {"class": "scroll", "tabindex": "0", "role": "group"}
            scroll["aria-label"] = str(name)
            element.wrap(page.new_tag("div", attrs=scroll))


def _shows(element):
    """Whether there is anything to see in it."""
    return bool(element.text.strip() or element.find("img"))


def _image(kind, data):
    """A picture within the page: in an <img> no script of an SVG runs and nothing is loaded."""
    source = _source(kind, data.get(kind, ""))
    if not source:
        return Markup()
    said = data.get("text/plain", "").strip("<>\n ")[:200]
    alt = message("feedback.picture-of", what=said) if said else message("feedback.picture")
    return Markup('<img src="{}" alt="{}">').format(source, str(alt))


def _source(kind, content):
    """The content of a picture as the address of an <img>; none, if it is no picture."""
    try:
        if kind == "image/svg+xml":
            content = base64.b64encode(content.encode()).decode()
        else:
            content = "".join(content.split())
            base64.b64decode(content, validate=True)
    except (binascii.Error, UnicodeError, AttributeError):
        return ""
    return f"data:{kind};base64,{content}" if content else ""
