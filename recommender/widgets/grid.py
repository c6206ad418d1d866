"""The grid: cards side by side."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from recommender.widgets.base import widgets


@dataclass(frozen=True, slots=True)
class GridOptions:
    """How the cards are laid out."""

    columns: int = field(default=5, metadata={"help": "Cards in a row on a wide page.", "minimum": 1, "maximum": 8})
    heading_level: int = field(
        default=2, metadata={"help": "Level of the heading in the page.", "minimum": 1, "maximum": 6}
    )
    show_image: bool = field(default=True, metadata={"help": "Show the item's image where it has one."})
    show_reason: bool = field(default=True, metadata={"help": "Say why an item is there."})
    show_categories: bool = field(default=True, metadata={"help": "Show the item's first categories."})


@widgets.register("grid")
class GridWidget:
    """Cards side by side, as many in a row as fit."""

    Options = GridOptions
    template_name = "recommender/widgets/grid.html"
    label = _("Grid of cards")

    def __init__(self, options: GridOptions) -> None:
        self.options = options
