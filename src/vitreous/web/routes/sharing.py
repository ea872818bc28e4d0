"""Shared links: to give one, to see which hold, to take one back."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from vitreous.web.opened import Acting
from vitreous.web.sharing import Share, Sharing

router = APIRouter(tags=["sharing"])


class ShareRow(BaseModel):
    """A shared link without its address, which is told once."""

    id: str
    label: str
    made: float = Field(description="Seconds since 1970")
    ends: float = Field(description="Seconds since 1970")


class ShareMade(ShareRow):
    """A link that was just made."""

    address: str = Field(description="The path that is to be put behind the window's address; it is not told again")


class ShareWish(BaseModel):
    """What a new link is to be."""

    label: str = Field("", max_length=200, description="For whom it is")
    days: float = Field(7.0, gt=0, le=366, description="How long it holds")


def _row(share: Share) -> dict[str, str | float]:
    return {"id": share.id, "label": share.label, "made": share.made, "ends": share.ends}


def _sharing(request: Request) -> Sharing:
    found: Sharing = request.app.state.sharing
    return found


@router.get("/shares")
def shares(request: Request, here: Acting) -> list[ShareRow]:
    """The shared links that hold, the newest first."""
    return [ShareRow.model_validate(_row(share)) for share in _sharing(request).all()]


@router.post("/shares")
def share(request: Request, here: Acting, wish: ShareWish) -> ShareMade:
    """Make a link by which somebody may look at this project, but not act, until its end."""
    made, token = _sharing(request).make(wish.label, wish.days)
    return ShareMade.model_validate({**_row(made), "address": f"/s/{token}/p/{here.name}/"})


@router.delete("/shares/{share_id}")
def revoke(request: Request, here: Acting, share_id: Annotated[str, Path(max_length=40)]) -> ShareRow:
    """Take a link back at once."""
    return ShareRow.model_validate(_row(_sharing(request).revoke(share_id)))
