"""The stream of events: one for each browser, shared by its tabs."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from vitreous.web.events import Events
from vitreous.web.opened import FolderHere

router = APIRouter(tags=["events"])


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    request: Request,
    here: FolderHere,
    since: Annotated[str, Query(max_length=40, description="The last event that was seen")] = "",
    last_event_id: Annotated[str, Header(max_length=40)] = "",
) -> StreamingResponse:
    """What has changed, as it happens: data {id, topic, rev, job?, path?}; pages ask again for what they show."""
    told: Events = request.app.state.events
    return StreamingResponse(
        told.stream(last_event_id or since),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
