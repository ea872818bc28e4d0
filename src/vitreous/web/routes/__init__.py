"""The addresses of the window's data: a module for each topic with its `router`; all under /api/p/{project}."""

from vitreous.web.routes import events, forms, jobs, overview, slots, uses

ROUTERS = (events.router, forms.router, jobs.router, overview.router, slots.router, uses.router)
