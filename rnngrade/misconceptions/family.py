"""A formula written once, with the ways in which it goes wrong beside each of its parts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rnngrade.messages import Message
from rnngrade.misconceptions.mistakes import everywhere, within

# Weights of a module may be called as torch calls them.
TORCH_NAMES = {"weight_ih": "W_xh", "weight_hh": "W_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}
NOTHING: Mapping = MappingProxyType({})

Ways = Mapping[Message, Callable[[], Any]]


class Places:
    """What a formula calls at each place that can go wrong, with the right way and the others.

        a = at(lambda: u @ W.T + b, {left_out("b"): lambda: u @ W.T})

    Args:
        changes: the mistakes to make, each by the message that says what is done.
        names: for each parameter of the formula, what the student's function calls it.
    """

    def __init__(self, changes: Iterable[Message] = (), names: Mapping[str, str] = NOTHING):
        self._changes, self.names = tuple(changes), names
        self._inner = [
            (dict(c.fields).get("mistake"), dict(c.fields).get("part")) for c in self._changes
        ]
        self.known: dict[Message, str] = {}  # without changes: every mistake, common or rare

    def __call__(self, right: Callable[[], Any], wrong: Ways, rare: Ways = NOTHING) -> Any:
        """The value of the right way, or of the wrong way that is to be taken.

        A `rare` mistake is one that is not looked for together with another.
        """
        if not self._changes:
            self.known |= dict.fromkeys(wrong, "common") | dict.fromkeys(rare, "rare")
            return right()
        for change in self._changes:
            for ways in (wrong, rare):
                if change in ways:
                    return ways[change]()
        return right()

    def each(
        self, part: str, right: Callable[[], Any], wrong: Ways, rare: Ways = NOTHING
    ) -> Any:
        """A place that several parts have, as gates do: wrong in this part, or everywhere."""
        if not part:
            return self(right, wrong, rare)
        if not self._changes:
            for ways, kind in ((wrong, "common"), (rare, "rare")):
                for mistake in ways:
                    self.known |= {within(mistake, part): kind, everywhere(mistake): kind}
            return right()
        for inner, where in self._inner:
            if inner and where in (part, None):
                for ways in (wrong, rare):
                    if inner in ways:
                        return ways[inner]()
        return right()


@dataclass(frozen=True)
class Family:
    """A formula with its mistakes.

    Args:
        recipe: a function (at, **parameters) that gives an array, or a dictionary of arrays
            by their names on the page; `at` is a `Places`.
        parameters: their names on the page. A name without index, such as "W", stands for any
            one with an index, such as "W_f".
        optional: parameters that the student's function may not have.
        rest: whether any number of further arguments goes to the recipe, as a dictionary
            `rest`.
    """

    recipe: Callable
    parameters: tuple[str, ...]
    optional: tuple[str, ...] = ()
    rest: bool = False

    def bind(self, arguments: Iterable[str]) -> dict[str, Any] | None:
        """Which argument is which parameter, {parameter: argument}, or None."""
        left = {_on_page(name): name for name in arguments if name != "sizes"}
        bound = {name: left.pop(name) for name in self.parameters if name in left}
        for name in [name for name in self.parameters if name not in bound]:
            alike = [other for other in left if other.split("_")[0] == name]
            if alike:  # a second one is left over, and fits nothing
                bound[name] = left.pop(alike[0])
            elif name not in self.optional:
                return None
        if not self.rest:
            return None if left else bound
        return bound | {"rest": tuple(left.values())}

    def run(self, at: Places, arguments: Mapping[str, Any], returns: Iterable[str]) -> tuple:
        """What the formula gives with the mistakes of `at`: the arrays of these names.

        Raises what the formula raises, and KeyError for a name that it does not have.
        """
        given = {p: arguments[name] for p, name in at.names.items() if p != "rest"}
        if self.rest:
            given["rest"] = {name: arguments[name] for name in at.names["rest"]}
        result = self.recipe(at, **given)
        return tuple(result[n] for n in returns) if isinstance(result, dict) else (result,)


def _on_page(name):
    plain = name.rpartition(".")[2].removesuffix("_l0")
    return TORCH_NAMES.get(plain, name)
