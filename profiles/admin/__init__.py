"""The pages on people for editors."""

from profiles.admin import interactions, profiles

__all__ = ["interactions", "profiles"]
