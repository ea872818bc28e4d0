"""FSC and Guinier tables, the EMDB's XML, and MTF files."""

from xml.etree import ElementTree

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import curves, star
from vitreous.files.star_blocks import StarFile


def test_fsc_and_guinier_come_back(tmp_path):
    fsc = np.linspace(1, 0, 9)
    logs = -np.arange(8.0)
    guinier = curves.guinier_block(np.arange(8) / 100, original=logs, weighted=logs - 1, sharpened=logs + 1, intercept=-2.5)
    star.write(tmp_path / "c.star", StarFile([curves.fsc_block(24.0, {"rlnFourierShellCorrelation": fsc}), guinier]))
    back = star.read(tmp_path / "c.star")
    assert np.allclose(np.asarray(back["fsc"]["rlnFourierShellCorrelation"], float), fsc, atol=1e-6)
    assert np.asarray(back["fsc"]["rlnAngstromResolution"], float).tolist()[:3] == [999.0, 24.0, 12.0]
    assert np.allclose(np.asarray(back["fsc"]["rlnResolution"], float)[1:], np.arange(1, 9) / 24, atol=1e-6)
    assert np.asarray(back["guinier"]["rlnLogAmplitudesIntercept"], float).tolist() == [-2.5] * 8


def test_xml(tmp_path):
    curves.write_fsc_xml(tmp_path / "fsc.xml", frequency_1_A=[0.0, 0.1], fsc=[1.0, 0.5], title="Masked & corrected")
    root = ElementTree.parse(tmp_path / "fsc.xml").getroot()
    assert root.attrib["title"] == "Masked & corrected"
    assert [(float(p.findtext("x") or 9), float(p.findtext("y") or 9)) for p in root] == [(0.0, 1.0), (0.1, 0.5)]


def test_mtf(tmp_path):
    text = "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0.5 0.4\n0.0 1.0\n0.25 0.8\n"
    (tmp_path / "mtf.star").write_text(text)
    frequency, value = curves.read_mtf(tmp_path / "mtf.star")
    assert frequency.tolist() == [0, 0.25, 0.5] and value.tolist() == [1, 0.8, 0.4]
    (tmp_path / "other.star").write_text("data_\nloop_\n_rlnResolutionInversePixel\n0.5\n")
    with pytest.raises(UserError, match=r"other\.star holds no MTF"):
        curves.read_mtf(tmp_path / "other.star")


@pytest.mark.data
def test_detectors(data):
    paths = sorted((data / "relion_projects" / "mtf").glob("*.star"))
    assert paths
    for path in paths:
        frequency, value = curves.read_mtf(path)
        assert frequency[0] >= 0 and frequency[-1] <= 1 and 0.9 < value[0] < 1.1, path
