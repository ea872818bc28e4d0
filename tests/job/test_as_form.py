import json

import jsonschema
import pytest

from vitreous.job.as_form import form, schema
from vitreous.job.options import as_plain


def test_tabs_fields_and_conditions(toys):
    made = json.loads(json.dumps(form(toys.ToyMap)))
    assert [tab["name"] for tab in made["tabs"]] == ["I/O", "Manner", "Running", "Queue"]
    fields = {field["name"]: field for tab in made["tabs"] for field in tab["fields"]}
    assert fields["listing"]["type"] == "file"
    assert fields["listing"]["required"] is True
    assert fields["factor"] | {"unit": "Å", "low": 0, "high": 10, "minimum": -100, "default": 2.0} == fields["factor"]
    assert fields["looks"]["when"] == "careful"
    assert fields["trouble"]["choices"] == ["none", "error", "crash", "all"]
    assert fields["workers"]["minimum"] == 1
    assert made["outputs"] == [{"name": "table.json", "kind": "file", "help": "What came out."}]


def test_the_schema_takes_a_job_and_refuses_nonsense(toys):
    said = schema(toys.ToyMap)
    jsonschema.Draft202012Validator.check_schema(said)
    good = as_plain(toys.ToyMap(listing="x"))
    jsonschema.validate(good, said)
    for wrong in ({"factor": "two"}, {"factor": -101}, {"trouble": "some"}, {"wings": 2}, {"looks": 0}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, **wrong}, said)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, said)
