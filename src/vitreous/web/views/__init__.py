"""The data of result pages: a module for each kind of result with its `router`; all under /api/p/{project}."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
