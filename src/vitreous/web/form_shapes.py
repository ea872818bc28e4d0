"""What a form is made of as the page receives it. Values are texts, as a command line or a job.star gives them."""

from pydantic import BaseModel


class FormField(BaseModel):
    """One setting. kind: slot, bool, int, float, text, choice, list. `when` names the yes/no setting that makes it matter."""

    name: str
    label: str
    kind: str
    help: str
    default: str
    required: bool = False
    usual: bool = False
    unit: str = ""
    node_kind: str = ""
    flag: str = ""
    relion: list[str] = []
    choices: list[str] = []
    when: str = ""
    why_grey: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    minimum: float | None = None
    maximum: float | None = None


class FormTab(BaseModel):
    """Settings that stand together, under RELION's name for the tab."""

    name: str
    fields: list[FormField]


class Device(BaseModel):
    """What a place computes on. word: "cpu" or the number of a GPU."""

    word: str
    title: str
    memory_GB: float | None = None


class Place(BaseModel):
    """Where a job may run: the values that choose it, its devices, and why it cannot be chosen (empty: it can)."""

    word: str
    title: str
    values: dict[str, str]
    devices: list[Device]
    fault: str = ""


class Form(BaseModel):
    """A form with its values. origins: default, last, job, from, newest, link. locks: why a setting may not change."""

    type: str
    title: str
    label: str
    help: str
    may_ask: bool
    may_follow: bool
    uses_gpu: bool
    tabs: list[FormTab]
    values: dict[str, str]
    origins: dict[str, str]
    last: dict[str, str]
    locks: dict[str, str] = {}
    places: list[Place] = []
    job: str = ""
    state: str = ""
    unsupported: str = ""
    note: str = ""
