"""How an exercise is made: its source is read, and the release derived from it."""
