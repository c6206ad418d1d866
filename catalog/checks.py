"""System checks of catalog: wrong configuration speaks at start."""
