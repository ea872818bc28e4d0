from vitreous.files import relion_halves


def test_where_relions_refinement_stands():
    said = {"rlnBestResolutionThusFar": "0.05", "rlnChangesOptimalOffsets": "4.2", "rlnCurrentIteration": "7"}
    model = {"box": 48, "pixel_size_A": 4.0, "reach": 20, "local_sigma_deg": 0.0}
    found = relion_halves.standing(said, model)
    assert (found["vitreousStage"], found["vitreousReach"], found["vitreousFinished"]) == ("global", "20", "0")
    assert int(found["vitreousBestShell"]) == round(48 * 4.0 / 20.0)
    assert float(found["vitreousMove"]) == 1.05
    assert found["rlnCurrentIteration"] == "7"
    assert relion_halves.standing(said, {**model, "local_sigma_deg": 2.0})["vitreousStage"] == "local"
