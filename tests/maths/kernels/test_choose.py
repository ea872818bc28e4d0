"""Which implementation runs, and that a wish that cannot be met is an error."""

import pytest
import torch

from vitreous.maths.kernels import choose


def test_fast_for_plain_tensors_reference_for_double_and_gradients(monkeypatch):
    monkeypatch.delenv("VITREOUS_KERNELS", raising=False)
    single = torch.zeros(2, dtype=torch.complex64)
    assert choose.implementation("project", single) == "fast"
    assert choose.implementation("project", single.to(torch.complex128)) == "reference"
    assert choose.implementation("project", torch.zeros(2, requires_grad=True)) == "reference"
    assert "gradient" in choose.choices()["project"]


def test_wishes(monkeypatch):
    single = torch.zeros(2, dtype=torch.complex64)
    monkeypatch.setenv("VITREOUS_KERNELS", "reference")
    assert choose.implementation("project", single) == "reference"
    monkeypatch.setenv("VITREOUS_KERNELS", "fast")
    assert choose.implementation("project", single) == "fast"
    with pytest.raises(RuntimeError, match="double precision"):
        choose.implementation("project", single.to(torch.complex128))
    monkeypatch.setenv("VITREOUS_KERNELS", "quick")
    with pytest.raises(ValueError, match="quick"):
        choose.implementation("project", single)
