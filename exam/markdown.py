"""The texts of a paper and of its marking scheme, as Markdown with TeX.

All words that are the same in every paper stand in WORDS.
"""

from exam.numbers import breakable
from exam.paper import MINUTES, POINTS

WORDS = {
    "title": "Mock exam {seed}",
    "rules": "{minutes} minutes, {points} points. Allowed: a calculator and blank paper.",
    "gates": "In the GRU, $z_t$ is the weight of the old state.",
    "questions": "Questions",
    "calculations": "Calculations",
    "points": "{points} points",
    "item": "{minutes} min · {points} points",
    "scheme": "Marking scheme",
    "scheme rule": "A point for each sentence of a model answer that the student gives in "
    "words or formulas of their own. A point for each line of a worked solution: a wrong "
    "number that is carried on correctly costs only the line where it arose; a wrong rounding "
    "or a missing unit costs the last line.",
    "answer": "Answer",
    "total": "{points} points in all",
}


def paper(drawn, level=1):
    """What the student gets."""
    title = WORDS["title"].format(seed=drawn.seed)
    parts = [f"{'#' * level} {title}"] if level == 1 else []
    parts += [WORDS["rules"].format(minutes=MINUTES, points=POINTS) + " " + WORDS["gates"]]
    parts += [f"{'#' * (level + 1)} {WORDS['questions']}"]
    for number, question in enumerate(drawn.questions, start=1):
        parts.append(f"**{number}.** {question.text} *({_points(question)})*")
    parts += [f"{'#' * (level + 1)} {WORDS['calculations']}"]
    for number, variant in enumerate(drawn.variants, start=len(drawn.questions) + 1):
        parts.append(f"**{number}.** {variant.question} *({_points(variant)})*")
    return "\n\n".join(parts) + "\n"


def solutions(drawn, level=1):
    """What the marker gets beside it."""
    title = f"{WORDS['scheme']}: {WORDS['title'].format(seed=drawn.seed)}"
    parts = [f"{'#' * level} {title}"] if level == 1 else []
    parts += [WORDS["scheme rule"]]
    for number, question in enumerate(drawn.questions, start=1):
        parts.append(f"**{number}.** *({_points(question)})* {question.text}")
        parts.append(bullets(question.answer))
    for number, variant in enumerate(drawn.variants, start=len(drawn.questions) + 1):
        parts.append(f"**{number}.** *({_points(variant)})* {variant.item.title}.")
        parts.append(bullets(variant.solution))
        parts.append(answer(variant))
    parts.append(f"*{WORDS['total'].format(points=drawn.points)}*")
    return "\n\n".join(parts) + "\n"


def answer(variant):
    """The line that tells the rounded answer with its unit."""
    return f"**{WORDS['answer']}:** ${variant.shown}$"


def bullets(lines):
    """A list with an entry per line."""
    return "\n".join(f"- {breakable(line)}" for line in lines)


def _points(part):
    return WORDS["points"].format(points=part.points)
