import pytest

from vitreous.context import UserError
from vitreous.job import registry


def test_found_by_command_label_and_number(toys):
    ctf = registry.by_command("ctf-find")
    assert ctf is not None
    assert ctf.type.command == "ctf-find"
    assert registry.by_label("relion.ctffind.ctffind4.more") == [ctf]
    assert registry.by_number(2) == [ctf]
    assert registry.by_command("toy-map") is toys.ToyMap
    assert registry.by_label("relion.external.vitreous.toymap") == [toys.ToyMap]


def test_what_is_not_there():
    assert registry.by_command("dreaming") is None
    assert registry.by_label("relion.external.vitreous.dreaming") == []
    assert registry.by_label("relion.dreaming") == []
    assert [cls.type.label for cls in registry.by_number(99)] == ["relion.external"]


@pytest.mark.parametrize(
    ("dotted", "said"),
    [
        ("nothing", "module:Class"),
        ("no.such.module:Class", "no module no"),
        ("vitreous.context:Context", "is not a job"),
        ("vitreous.context:Nothing", "Nothing"),
    ],
)
def test_a_wrong_path_is_told(dotted, said):
    with pytest.raises(UserError, match=said):
        registry.load(dotted)


def test_a_plug_in_that_fails_is_told_and_harms_no_other(monkeypatch):
    monkeypatch.setattr(registry, "_added", [*registry._added, "no.such.module:Class"])
    registry._loaded.cache_clear()
    assert "no.such.module:Class" in registry.failures()
    assert "ctf-find" in registry.job_types()
    monkeypatch.undo()
    registry._loaded.cache_clear()
