"""The application: routes, errors as sentences, and the built front end. One application shows one project directory."""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from vitreous.project.project import Project
from vitreous.web import problems
from vitreous.web.opened import Opened
from vitreous.web.routes import ROUTERS
from vitreous.web.views import ROUTERS as VIEW_ROUTERS

STATIC = Path(__file__).parent / "static"


def create_app(root: Path | str, *, readonly: bool = False, static: Path = STATIC) -> FastAPI:
    """The window's application for a project directory, which must be the current directory of the process."""
    app = FastAPI(title="vitreous", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    project = Project.open(root, readonly=readonly)
    name = project.layout.root.resolve().name
    app.state.opened = lambda request: Opened(project, name, may_act=not readonly)
    problems.install(app)
    api = APIRouter(prefix="/api/p/{project}", responses={422: {"model": problems.Problem}})
    for router in (*ROUTERS, *VIEW_ROUTERS):
        api.include_router(router)
    app.include_router(api)
    _pages(app, name, static)
    return app


def _pages(app: FastAPI, name: str, static: Path) -> None:
    """The front end: its files, and its one page for every address that is not data."""
    app.mount("/assets", StaticFiles(directory=static / "assets", check_dir=False), name="assets")

    @app.get("/", include_in_schema=False)
    def _home() -> Response:
        return RedirectResponse(f"/p/{name}/")

    @app.get("/p/{rest:path}", include_in_schema=False)
    def _page(rest: str, request: Request) -> Response:
        return FileResponse(static / "index.html", headers={"Cache-Control": "no-cache"})
