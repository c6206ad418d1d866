"""The admin pages of the project itself: accounts, and the schedule of background work."""

from recsite.admin import accounts, schedule

__all__ = ["accounts", "schedule"]
