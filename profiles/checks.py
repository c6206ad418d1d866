"""System checks of profiles: wrong configuration speaks at start."""
