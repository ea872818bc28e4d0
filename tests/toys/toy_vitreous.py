"""The command line with the toy jobs plugged in."""

from vitreous.cli import main
from vitreous.job import registry

registry.register("toy_jobs:ToyMap")
registry.register("toy_jobs:ToyLoop")
registry.register("toy_team:ToyTeam")
registry.register("toy_streams:ToySource")
registry.register("toy_streams:ToyFollow")
registry.register("toy_streams:ToyCount")

if __name__ == "__main__":
    main()
