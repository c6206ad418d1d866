"""Fitting: picks, tunes and blends learners by what is held out, and nothing else. Workers alone import it."""
