"""The list: one item a line."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from recommender.widgets.base import widgets


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a line shows."""

    heading_level: int = field(
        default=2, metadata={"help": "Level of the heading in the page.", "minimum": 1, "maximum": 6}
    )
    show_reason: bool = field(default=True, metadata={"help": "Say why an item is there."})


@widgets.register("list")
class ListWidget:
    """A numbered list, for a sidebar or a text-only page."""

    Options = ListOptions
    template_name = "recommender/widgets/list.html"
    label = _("Numbered list")

    def __init__(self, options: ListOptions) -> None:
        self.options = options
