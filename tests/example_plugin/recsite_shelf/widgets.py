"""A widget that stands the books on a shelf."""

from dataclasses import dataclass, field

from recommender.widgets import widgets


@dataclass(frozen=True, slots=True)
class ShelfOptions:
    """What is written under the shelf."""

    caption: str = field(default="", metadata={"help": "Written under the shelf."})


@widgets.register("shelf")
class ShelfWidget:
    """One spine beside the other."""

    Options = ShelfOptions
    template_name = "recsite_shelf/shelf.html"
    label = "Shelf"

    def __init__(self, options: ShelfOptions) -> None:
        self.options = options
