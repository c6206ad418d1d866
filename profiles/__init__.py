"""Profiles: people and browsers, their histories and interests."""
