"""The data of result pages: a module for each kind of result with its `router`; all under /api/p/{project}."""

from fastapi import APIRouter

from vitreous.web.views import image, model3d, table, volume

ROUTERS: tuple[APIRouter, ...] = (image.router, volume.router, model3d.router, table.router)
