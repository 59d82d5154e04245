"""Wrong twins of the reference: whose numbers are these, if they are not the right ones?

A mistake is named only if the student's function gives, on random inputs, exactly what the
formula with this one mistake gives, or with these two. A false hint is worse than none.

A formula is written once, in a recipe, with the wrong ways beside each of its parts; pairs of
mistakes come by themselves. Nobody says which recipe belongs to a test: one belongs where the
arguments have its names, those of the page, and where without a mistake it gives what the
reference gives.
"""

from functools import partial

from rnngrade.misconceptions import search
from rnngrade.misconceptions.backward import BACKWARD
from rnngrade.misconceptions.cells import CELLS
from rnngrade.misconceptions.losses import LOSSES
from rnngrade.misconceptions.sequences import SEQUENCES

FAMILIES = (*CELLS, *SEQUENCES, *BACKWARD, *LOSSES)

explain = partial(search.explain, FAMILIES)
reference_for = partial(search.reference_for, FAMILIES)
