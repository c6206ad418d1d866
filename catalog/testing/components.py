"""What holds for a component of any family, as tests: each family's contract inherits it."""

from typing import Any, ClassVar

from catalog.extensions import describe_options, dump_options, load_options


class ComponentContract:
    """Say ``component``, and ``options`` as plain JSON values where the defaults do not fit."""

    component: ClassVar[type[Any]]
    options: ClassVar[dict[str, Any]] = {}

    def find_component(self) -> type[Any]:
        """Return the component; contracts that are given a key look it up."""
        return self.component

    def construct(self, values: dict[str, Any]) -> Any:
        """Build the component from plain option values, as the platform does."""
        component = self.find_component()
        return component(load_options(component.Options, values))

    def test_options_survive_a_round_trip_through_plain_values(self) -> None:
        """What the admin form and the training log keep builds the same options again."""
        cls = self.find_component().Options
        options = load_options(cls, self.options)
        plain = dump_options(options)
        assert load_options(cls, plain) == options
        assert [field.name for field in describe_options(cls)] == list(plain)

    def test_every_option_has_a_help_text(self) -> None:
        """An editor sees the option by its help."""
        assert [field.name for field in describe_options(self.find_component().Options) if not field.help] == []
