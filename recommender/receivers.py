"""Listens to signals and schedules tasks."""
