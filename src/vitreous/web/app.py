"""The application: routes, guards, errors as sentences, and the built front end. One application shows one project directory."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from vitreous.project.project import Project
from vitreous.web import problems
from vitreous.web.access import Access
from vitreous.web.acts import Acts
from vitreous.web.events import Events
from vitreous.web.guard import Guard
from vitreous.web.opened import Opened
from vitreous.web.packing import Packing
from vitreous.web.routes import ROUTERS
from vitreous.web.sharing import Sharing
from vitreous.web.views import ROUTERS as VIEW_ROUTERS

STATIC = Path(__file__).parent / "static"
UNGUARDED = Access()
STATUSES = (400, 401, 403, 404, 409, 413, 422)


def create_app(root: Path | str, *, readonly: bool = False, static: Path = STATIC, access: Access = UNGUARDED) -> FastAPI:
    """The window's application for a directory, which must be the current directory of the process.

    The directory need not hold a project yet: the page then offers to make one. access: who is let in; without it everybody
    on this machine is, so `vitreous web` always gives one.
    """
    project = Project(root, readonly=readonly)
    events = Events(project.layout)
    app = FastAPI(
        title="vitreous", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=_life(events)
    )
    name = project.layout.root.resolve().name or "root"
    app.state.events = events
    app.state.sharing = sharing = Sharing(project.layout.root)
    app.state.opened = lambda request: Opened(project, name, may_act=request.scope["rights"].may_act)
    problems.install(app)
    api = APIRouter(prefix="/api/p/{project}", responses={status: {"model": problems.Problem} for status in STATUSES})
    for router in (*ROUTERS, *VIEW_ROUTERS):
        api.include_router(router)
    app.include_router(api)
    _pages(app, name, static)
    app.add_middleware(Acts, events=events)
    app.add_middleware(Packing)
    app.add_middleware(Guard, access=access, sharing=sharing, readonly=readonly)
    return app


def _life(events: Events) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What is done when the server begins and ends."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        events.end()

    return life


def _pages(app: FastAPI, name: str, static: Path) -> None:
    """The front end: its files, and its one page for every address that is not data."""
    app.mount("/assets", StaticFiles(directory=static / "assets", check_dir=False), name="assets")

    @app.get("/", include_in_schema=False)
    def _home(request: Request) -> Response:
        return RedirectResponse(f"{request.scope['rights'].before}/p/{quote(name)}/")

    @app.get("/p/{rest:path}", include_in_schema=False)
    def _page(rest: str, request: Request) -> Response:
        return FileResponse(static / "index.html", headers={"Cache-Control": "no-cache"})
