"""The profiles' tables."""

from profiles.models.interaction import Interaction
from profiles.models.interest import Interest
from profiles.models.profile import Profile

__all__ = ["Interaction", "Interest", "Profile"]
