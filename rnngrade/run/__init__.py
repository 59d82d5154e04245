"""Many submissions: a run that goes on from where it stopped, and the record of each grade."""
