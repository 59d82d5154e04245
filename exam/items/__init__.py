"""The items, one file per topic, in the order of the chapters."""

from importlib import import_module

from exam.item import ITEMS

FILES = ("rnn", "bptt", "gradients", "lstm", "why_lstm", "gru", "shapes")
FILES += ("text", "translation", "series", "ctc", "parallel")
for name in FILES:
    import_module(f"exam.items.{name}")  # enters its items

TOPICS = tuple(dict.fromkeys(item.topic for item in ITEMS.values()))


def items_of(topic):
    """The items of a topic, in the order of its file."""
    return [item for item in ITEMS.values() if item.topic == topic]
