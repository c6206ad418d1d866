"""A world with a known answer: from every item one goes on to the next of a ring."""

import numpy as np

ITEMS = 30


def rings(people=150, *, seed=0):
    """Most steps go on round a ring; one in four is a leap to what is popular."""
    dice = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        place = int(dice.integers(ITEMS))
        for step in range(12):
            rows.append((person, place, float(step)))
            leap = int(dice.zipf(1.5)) % ITEMS
            # Never the same again: a run of one item would be one step.
            place = (place + 1) % ITEMS if leap == place or dice.random() < 0.75 else leap
    return rows
