"""Pages made of lists: `{chapters}`, `{questions}`, `{items}`, `{mock-exam} SEED`.

Each writes MyST text from `_toc.yml`, from book/questions or from the package `exam` and hands
it to the parser, so that mathematics works in every output. `{questions}` and `{items}` show
those of all chapters, each under a heading, or of the one that is named. An item shows the
numbers of its first seed; items.js offers the others behind a button, and print_book.py leaves
them out.
"""

import sys
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from docutils import nodes  # noqa: E402
from docutils.statemachine import StringList  # noqa: E402
from page_assets import offer  # noqa: E402
from sphinx.util.docutils import SphinxDirective  # noqa: E402

from exam import contents, items, markdown, paper, questions  # noqa: E402
from exam.numbers import breakable  # noqa: E402

HERE = Path(__file__).parent
SEEDS = (1, 2, 3, 4)
WORDS = {
    "oral": "Oral questions",
    "written": "Written questions",
    "solution": "Solution",
    "scheme": "The marking scheme",
    "more": "Other numbers",
    "variant": "Variant {number} of {count}",
}


class _Written(SphinxDirective):
    """A directive whose content is MyST text that `text` writes."""

    def run(self):
        """Parse the text where the directive stands."""
        for path in (Path(__file__), *self.sources()):
            self.env.note_dependency(str(path))
        here = self.get_source_info()
        try:
            text = self.text(*self.arguments)
        except ValueError as error:
            raise self.error(f"{self.name}: {error}") from None
        lines = StringList(text.splitlines(), source=here[0])
        node = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, node, match_titles=True)
        return node.children

    def sources(self):
        """Every file that the text comes from."""
        return [ROOT / "_toc.yml", *sorted((ROOT / "exam").rglob("*.py"))]


class Chapters(_Written):
    """The chapters with what they are about, by parts."""

    def sources(self):
        """The chapters too: the front matter of each holds its summary."""
        return [*super().sources(), *map(contents.path_of, contents.chapters())]

    def text(self):
        """A heading per part, a line per chapter."""
        number = count(1)
        return "\n\n".join(
            f"## {caption}\n\n"
            + "\n".join(
                f"{next(number)}. {{doc}}`{c}`: {contents.summary(c)}" for c in chapters
            )
            for caption, chapters in contents.parts().items()
        )


class _ByChapter(_Written):
    """One chapter, or all that have something, each under a heading."""

    optional_arguments = 1

    def sources(self):
        """The chapters too: their titles are the headings."""
        return [*super().sources(), *map(contents.path_of, self.chapters())]

    def text(self, chapter=None):
        """The text of `of`, of the one chapter or of all."""
        if chapter is None:
            return "\n\n".join(
                f"## {contents.title(c)}\n\n{self.of(c)}" for c in self.chapters()
            )
        if chapter not in self.chapters():
            raise ValueError(f"there are none for a chapter named {chapter!r}.")
        return self.of(chapter)


class Questions(_ByChapter):
    """The questions, oral first, each a fold with its answer."""

    chapters = staticmethod(questions.asked_in)

    def sources(self):
        """The questions too."""
        return [*super().sources(), *map(questions.path_of, self.chapters())]

    def of(self, chapter):
        """A heading per kind, a fold per question."""
        asked, parts = questions.read(chapter), []
        for kind in questions.KINDS:
            folds = [
                fold(q.text, breakable(" ".join(q.answer))) for q in asked if q.kind == kind
            ]
            parts += [f"**{WORDS[kind]}**", *folds] if folds else []
        return "\n\n".join(parts)


class Items(_ByChapter):
    """The items, each with a heading, its variants and their solutions."""

    def chapters(self):
        """The chapters that have items."""
        return items.CHAPTERS

    def of(self, chapter):
        """One section per item."""
        self.env.metadata[self.env.docname]["items"] = True
        return "\n\n".join(_item(item) for item in items.items_of(chapter))


class MockExam(_Written):
    """The mock exam of a seed with its marking scheme, folded."""

    required_arguments = 1

    def sources(self):
        """The questions too."""
        return [*super().sources(), *map(questions.path_of, questions.asked_in())]

    def text(self, seed):
        """The paper, then its marking scheme."""
        if not seed.isdecimal():
            raise ValueError(f"a whole number is needed, not {seed!r}.")
        drawn = paper.draw(int(seed))
        scheme = fold(WORDS["scheme"], markdown.solutions(drawn, level=2))
        return markdown.paper(drawn, level=2) + "\n" + scheme


def block(directive, argument, text, depth):
    """A directive; the deeper another lies inside it, the more tildes it needs.

    A fence of backticks would not do: its first line may not hold code, and a title may.
    """
    fence = "~" * depth
    return f"{fence}{{{directive}}} {argument}\n{text}\n{fence}"


def fold(title, text):
    """A dropdown, closed."""
    return block("dropdown", title, text, depth=4)


def _item(item):
    variants = [item.variant(seed) for seed in SEEDS]
    size = markdown.WORDS["item"].format(minutes=item.minutes, points=variants[0].points)
    # In print and without JavaScript only the first variant is seen.
    first, *others = variants
    parts = [f"*{size}*", _variant(first, ""), *(_variant(v, " item-other") for v in others)]
    body = "\n\n".join([*parts, _button(item)])
    return f"### {item.title}\n\n" + block("container", "exam-item", body, depth=6)


def _variant(variant, style):
    lines = markdown.bullets(variant.solution) + "\n\n" + markdown.answer(variant)
    solution = fold(WORDS["solution"], lines)
    return block(
        "container", f"item-variant{style}", f"{variant.question}\n\n{solution}", depth=5
    )


def _button(item):
    """The button and the line that tells which variant is shown; both sleep until items.js."""
    first = WORDS["variant"].format(number=1, count=len(SEEDS))
    button = (
        f'<div class="item-more" hidden data-variant="{WORDS["variant"]}">'
        f'<button type="button" aria-label="{WORDS["more"]}: {item.title}">{WORDS["more"]}'
        f'</button> <span role="status">{first}</span></div>'
    )
    return block("raw", "html", button, depth=5)


def setup(app):
    """Register the directives."""
    app.add_directive("chapters", Chapters)
    app.add_directive("questions", Questions)
    app.add_directive("items", Items)
    app.add_directive("mock-exam", MockExam)
    offer(app, "items", HERE / "exam_static")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
