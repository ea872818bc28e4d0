"""The addresses of the window's data: a module for each topic with its `router`; all under /api/p/{project}."""

from vitreous.web.routes import (
    acts,
    beginning,
    checks,
    events,
    forms,
    job,
    jobs,
    machine,
    overview,
    predictions,
    sharing,
    slots,
    starting,
    trash,
    types,
    uses,
)

ROUTERS = (
    acts.router,
    beginning.router,
    checks.router,
    events.router,
    forms.router,
    job.router,
    jobs.router,
    machine.router,
    overview.router,
    predictions.router,
    sharing.router,
    slots.router,
    starting.router,
    trash.router,
    types.router,
    uses.router,
)
