"""The profiles' tables."""

from profiles.models.friendship import Friendship
from profiles.models.group import ProfileGroup
from profiles.models.interaction import Interaction
from profiles.models.interest import Interest
from profiles.models.profile import Profile

__all__ = ["Friendship", "Interaction", "Interest", "Profile", "ProfileGroup"]
