"""A formula written once, with the ways in which it goes wrong beside each of its parts."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

# Weights of a module may be called as torch calls them.
TORCH_NAMES = {"weight_ih": "W_xh", "weight_hh": "W_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}


class Places:
    """What a formula calls at each place that can go wrong, with the right way and the others.

        a = at(lambda: u @ W.T + b, {"b is left out": lambda: u @ W.T})

    Args:
        changes: the mistakes to make, each by the clause that says what is done.
        names: for each parameter of the formula, what the student's function calls it.
    """

    def __init__(self, changes=frozenset(), names=MappingProxyType({})):
        self._changes, self.names = sorted(changes), names
        self.known = {}  # without changes: every mistake there is, "common" or "rare"

    def __call__(self, right, wrong, rare=MappingProxyType({})):
        """The value of the right way, or of the wrong way that is to be taken.

        A `rare` mistake is one that is not looked for together with another.
        """
        if not self._changes:
            self.known |= dict.fromkeys(wrong, "common") | dict.fromkeys(rare, "rare")
            return right()
        for ways in (wrong, rare):
            for clause in self._changes:
                if clause in ways:
                    return ways[clause]()
        return right()

    def each(self, part, right, wrong):
        """A place that several parts have, as gates do: wrong in this part, or everywhere."""
        if not part:
            return self(right, wrong)
        here = {f"{clause} in {part}": way for clause, way in wrong.items()}
        all_of_them = {f"{clause} everywhere": way for clause, way in wrong.items()}
        return self(right, here | all_of_them)


@dataclass(frozen=True)
class Family:
    """A formula with its mistakes.

    Args:
        recipe: a function (at, **parameters) that gives a tensor, or a dictionary of tensors
            by their names on the page; `at` is a `Places`.
        shapes: the parameters by their names on the page, each with its symbolic shape. A name
            without index, such as "W", stands for any one with an index, such as "W_f".
        optional: parameters that the student's function may not have.
        rest: the shape of any number of further arguments, which go to the recipe as a
            dictionary `rest`; None if there are none.
    """

    recipe: Any
    shapes: dict
    optional: tuple = ()
    rest: str | None = None

    def bind(self, arguments):
        """Which argument is which parameter, {parameter: argument}, or None."""
        left = {_on_page(name): name for name in arguments if name != "sizes"}
        bound = {name: left.pop(name) for name in self.shapes if name in left}
        for name in [name for name in self.shapes if name not in bound]:
            alike = [other for other in left if other.split("_")[0] == name]
            if alike:  # a second one is left over, and fits nothing
                bound[name] = left.pop(alike[0])
            elif name not in self.optional:
                return None
        if self.rest is None:
            return None if left else bound
        return bound | {"rest": tuple(left.values())}

    def run(self, at, arguments, returns):
        """What the formula gives with the mistakes of `at`: the tensors of these names.

        Raises what the formula raises, and KeyError for a name that it does not have.
        """
        result = self.give(at, arguments)
        return tuple(result[n] for n in returns) if isinstance(result, dict) else (result,)

    def give(self, at, arguments):
        """All that the formula gives: a tensor, or a dictionary of tensors by name."""
        given = {p: arguments[name] for p, name in at.names.items() if p != "rest"}
        if self.rest is not None:
            given["rest"] = {name: arguments[name] for name in at.names["rest"]}
        return self.recipe(at, **given)

    def shapes_of(self, bound, arguments):
        """The symbolic shapes of the arguments, in their order, as `cases` takes them."""
        parameter = {name: p for p, name in bound.items() if p != "rest"}
        return {
            n: self.shapes[parameter[n]] if n in parameter else self.rest for n in arguments
        }


def _on_page(name):
    plain = name.rpartition(".")[2].removesuffix("_l0")
    return TORCH_NAMES.get(plain, name)
