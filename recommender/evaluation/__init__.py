"""Evaluation: what is held out, what is measured on it, and how sure the figures are."""
