"""The addresses of the window's data: a module for each topic with its `router`; all under /api/p/{project}."""

from vitreous.web.routes import events, forms, jobs, machine, overview, sharing, slots, types, uses

ROUTERS = (
    events.router,
    forms.router,
    jobs.router,
    machine.router,
    overview.router,
    sharing.router,
    slots.router,
    types.router,
    uses.router,
)
