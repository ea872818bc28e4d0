"""The addresses of the window's data: a module for each topic with its `router`; all under /api/p/{project}."""

from vitreous.web.routes import beginning, events, forms, job, jobs, machine, overview, sharing, slots, types, uses

ROUTERS = (
    beginning.router,
    events.router,
    forms.router,
    job.router,
    jobs.router,
    machine.router,
    overview.router,
    sharing.router,
    slots.router,
    types.router,
    uses.router,
)
