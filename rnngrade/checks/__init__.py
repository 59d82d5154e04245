"""What a test cell's checks are made of: inputs drawn at random, trials, and one result."""
