from vitreous.job import registry
from vitreous.job.options import options
from vitreous.job.placement import placement_options
from vitreous.job.tabs import NAMES, ORDER, PLACE, tabs


def test_every_option_stands_in_one_tab_and_the_place_comes_last():
    for cls in registry.job_types().values():
        found = tabs(cls)
        names = [option.name for listed in found.values() for option in listed]
        assert sorted(names) == sorted(option.name for option in (*options(cls), *placement_options(cls)))
        assert list(found)[-1] == PLACE
        known = [name for name in found if name in ORDER]
        assert known == sorted(known, key=ORDER.index)


def test_a_tab_that_has_another_name_here_is_one_of_the_type():
    for command, names in NAMES.items():
        cls = registry.by_command(command)
        assert cls is not None
        ours = {option.tab for option in options(cls)} | {option.name for option in options(cls)}
        assert set(names) <= ours, command


def test_every_type_has_something_usual_in_its_first_tab():
    for cls in registry.job_types().values():
        first = next(iter(tabs(cls).values()))
        assert any(option.usual for option in first), cls
