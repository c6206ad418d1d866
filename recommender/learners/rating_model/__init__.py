"""A Bayesian factor model of ratings, drawn in blocks: loaded by workers, when a learner trains or encodes."""
