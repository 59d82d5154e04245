"""Wrong twins of the reference: whose numbers are these, if they are not the right ones?

A mistake is named only if the student's function gives, on random inputs, exactly what the
formula with this one mistake gives, or with these two. A false hint is worse than none.

A formula is written once, in a recipe, with the wrong ways beside each of its parts; pairs of
mistakes come by themselves. A unit says which formulas belong to a part, by the names in
`FAMILIES`; of these one belongs to a test if the arguments have its names, those of the page,
and if without a mistake it gives what the reference gives.
"""

from collections.abc import Callable, Sequence
from typing import Any

from rnngrade.checks.verdict import AuthorError
from rnngrade.messages import Message
from rnngrade.misconceptions import search
from rnngrade.misconceptions.backward import BACKWARD
from rnngrade.misconceptions.cells import CELLS
from rnngrade.misconceptions.losses import LOSSES
from rnngrade.misconceptions.sequences import SEQUENCES

FAMILIES = {**CELLS, **SEQUENCES, **BACKWARD, **LOSSES}


def explain(
    declared: Sequence[str], trials: Sequence[Any], names: list, number: int = 1
) -> Message | None:
    """`search.explain` in the declared families."""
    return search.explain(_families(declared), trials, names, number)


def formula_for(declared: Sequence[str], *told: Any) -> Callable | None:
    """`search.formula_for` in the declared families."""
    return search.formula_for(_families(declared), *told)


def _families(declared):
    for name in declared:
        if name not in FAMILIES:
            raise AuthorError("checks.author-mistakes", name=name)
    return [FAMILIES[name] for name in declared]
