"""System checks of recommender: wrong configuration speaks at start."""
