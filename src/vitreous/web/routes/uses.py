"""What a result can be used for: the job types with an input of its kind, for "Use in..."."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from vitreous import nodes as kinds
from vitreous.job import registry
from vitreous.job.declare import CONTINUE_FROM
from vitreous.job.options import Option, options
from vitreous.nodes import KINDS
from vitreous.web.opened import ProjectHere

router = APIRouter(tags=["jobs"])


class Use(BaseModel):
    """One input of a job type that takes a result; `as`: the input's name where the type has several that take it."""

    type: str
    title: str
    input: str
    as_: str = Field(alias="as", default="")


@router.get("/uses")
def uses(here: ProjectHere, kind: str) -> list[Use]:
    """The job types, in the order of the menu, with an input that takes a kind such as "particles" or "micrographs.ctf"."""
    found = []
    for command, cls in registry.job_types().items():
        taking = [option.name for option in options(cls) if option.is_input and takes(option, kind)]
        for name in taking:
            said = name.replace("_", " ") if len(taking) > 1 else ""
            found.append(Use(type=command, title=cls.type.title, input=name, **{"as": said}))
    return found


def takes(option: Option, word: str) -> bool:
    """Whether an input takes a file of a kind; one that takes maps takes sharpened maps too. An iteration goes on in its job."""
    if option.name == CONTINUE_FROM or word.partition(".")[0] not in KINDS:
        return False
    wanted, offered = kinds.kind(option.input_kind), kinds.kind(word)
    return f"{offered.label}.".startswith(f"{wanted.label}.")
