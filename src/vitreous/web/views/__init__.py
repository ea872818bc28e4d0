"""The data of result pages: a module for each kind of result with its `router`; all under /api/p/{project}."""

from fastapi import APIRouter

from vitreous.web.views import (
    angles,
    beside,
    classes,
    curves,
    image,
    micrographs,
    model3d,
    movie,
    picks,
    spectrum,
    stack,
    table,
    volume,
)

ROUTERS: tuple[APIRouter, ...] = (
    image.router,
    movie.router,
    picks.router,
    stack.router,
    classes.router,
    curves.router,
    angles.router,
    volume.router,
    model3d.router,
    table.router,
    micrographs.router,
    beside.router,
    spectrum.router,
)
