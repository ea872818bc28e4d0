"""Parameter sets as rows: each row is one set of options of a job type, to be run on the same data as the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vitreous.context import UserError
from vitreous.job import registry
from vitreous.job.options import build, options


@dataclass
class Rows:
    """The parameter sets of one job type, by a short name: mc1, mc2 ...

    given: options that the chain fills in and a row therefore may not hold.
    """

    command: str
    prefix: str
    given: tuple[str, ...]
    sets: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, **options: Any) -> str:
        """Another set of options, by our names; the rest keep their defaults. Gives the row's name."""
        numbers = [int(name.removeprefix(self.prefix)) for name in self.sets]
        name = f"{self.prefix}{max(numbers, default=0) + 1}"
        self._check(options)
        self.sets[name] = options
        return name

    def update(self, name: str, **options: Any) -> None:
        """Change options of a row; what was worked out with the old ones stays as a job of the project."""
        changed = {**self._row(name), **options}
        self._check(changed)
        self.sets[name] = changed

    def remove(self, name: str) -> None:
        """Take a row away; jobs that it has made stay in the project."""
        self._row(name)
        del self.sets[name]

    def job(self, name: str, **given: Any) -> Any:
        """The job of a row with what the chain fills in."""
        return build(self.type, {**self._row(name), **given})

    @property
    def type(self) -> type[Any]:
        """The job type of these rows."""
        found = registry.by_command(self.command)
        if found is None:
            raise UserError(f"the job type {self.command} is not to be had")
        return found

    def _row(self, name: str) -> dict[str, Any]:
        if name not in self.sets:
            raise UserError(f"there is no row {name!r} of {self.command}; there are {', '.join(self.sets) or 'none'}")
        return self.sets[name]

    def _check(self, said: Mapping[str, Any]) -> None:
        """Refuse an option that the type does not have, that the chain fills in, or a value that it does not take."""
        known = [option for option in options(self.type) if option.name not in self.given]
        names = [option.name for option in known]
        for name in said:
            if name not in names:
                raise UserError(f"{self.command} has no option {name!r} to choose; it has {', '.join(names)}")
        inputs = {option.name: "given.star" for option in options(self.type) if option.required and option.name not in said}
        build(self.type, {**inputs, **said})

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Iterator[str]:
        return iter(self.sets)
