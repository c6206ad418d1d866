"""The pages on people for editors."""

from profiles.admin import friendships, groups, interactions, profiles

__all__ = ["friendships", "groups", "interactions", "profiles"]
