"""Exam pages: `{questions} CHAPTER`, `{items} TOPIC`, `{mock-exam} SEED`.

Each writes MyST text from book/questions or from the package `exam` and hands it to the
parser, so that mathematics works in every output. An item shows the numbers of its first
seed; items.js offers the others behind a button, and print_book.py leaves them out.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from docutils import nodes  # noqa: E402
from docutils.statemachine import StringList  # noqa: E402
from page_assets import offer  # noqa: E402
from sphinx.util.docutils import SphinxDirective  # noqa: E402

from exam import markdown, paper, questions  # noqa: E402
from exam.items import TOPICS, items_of  # noqa: E402
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

    required_arguments = 1

    def run(self):
        """Parse the text where the directive stands."""
        for path in (Path(__file__), *self.sources()):
            self.env.note_dependency(str(path))
        here = self.get_source_info()
        lines = StringList(self.text(self.arguments[0]).splitlines(), source=here[0])
        node = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, node, match_titles=True)
        return node.children

    def sources(self):
        """Every file that the text comes from."""
        return sorted((ROOT / "exam").rglob("*.py"))


class Questions(_Written):
    """The questions of a chapter, oral first, each a fold with its answer."""

    def sources(self):
        """The chapter's file and the reader of it."""
        return [questions.path_of(self.arguments[0]), Path(questions.__file__)]

    def text(self, chapter):
        """A heading per kind, a fold per question."""
        if chapter not in questions.CHAPTERS:
            raise self.error(f"questions: there are none for a chapter named {chapter!r}.")
        try:
            _, asked = questions.read(chapter)
        except ValueError as error:
            raise self.error(f"questions: {error}") from None
        parts = []
        for kind in questions.KINDS:
            folds = [
                fold(q.text, breakable(" ".join(q.answer))) for q in asked if q.kind == kind
            ]
            parts += [f"**{WORDS[kind]}**", *folds] if folds else []
        return "\n\n".join(parts)


class Items(_Written):
    """The items of a topic, each with a heading, its variants and their solutions."""

    def text(self, topic):
        """One section per item."""
        if topic not in TOPICS:
            raise self.error(f"items: there are none for a topic named {topic!r}.")
        self.env.metadata[self.env.docname]["items"] = True
        return "\n\n".join(_item(item) for item in items_of(topic))


class MockExam(_Written):
    """The mock exam of a seed with its marking scheme, folded."""

    def sources(self):
        """All files of the package, and all questions."""
        return [*super().sources(), *map(questions.path_of, questions.CHAPTERS)]

    def text(self, seed):
        """The paper, then its marking scheme."""
        if not seed.isdecimal():
            raise self.error(f"mock-exam: a whole number is needed, not {seed!r}.")
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
    app.add_directive("questions", Questions)
    app.add_directive("items", Items)
    app.add_directive("mock-exam", MockExam)
    offer(app, "items", HERE / "exam_static")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
