"""The addresses of the window's data: a module for each topic with its `router`; all under /api/p/{project}."""

from vitreous.web.routes import events, overview, uses

ROUTERS = (events.router, overview.router, uses.router)
