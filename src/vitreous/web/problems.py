"""What went wrong, as an answer: a status and one sentence. A UserError from any room becomes 422 with its own words."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from vitreous.context import UserError


class Missing(UserError):
    """What was asked for is not there: 404."""


class Forbidden(UserError):
    """The sender may not do this: 403."""


class Conflict(UserError):
    """Somebody else has changed it meanwhile: 409."""


class Problem(BaseModel):
    """The body of every answer that is not a success."""

    sentence: str


STATUS: dict[type[UserError], int] = {Missing: 404, Forbidden: 403, Conflict: 409}


def answer(error: UserError) -> JSONResponse:
    """A user's error as an answer."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 422)
    return JSONResponse(Problem(sentence=str(error)).model_dump(), status_code=status)


def install(app: FastAPI) -> None:
    """Let an application answer errors in sentences."""

    @app.exception_handler(UserError)
    async def _user_error(request: Request, error: UserError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(HTTPException)
    async def _plain(request: Request, error: HTTPException) -> JSONResponse:
        said = {404: "there is nothing at this address", 405: "this address takes no such act"}
        sentence = said.get(error.status_code, str(error.detail))
        return JSONResponse(Problem(sentence=sentence).model_dump(), status_code=error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def _bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors())
        return JSONResponse(Problem(sentence=f"the request is not understood: {said}").model_dump(), status_code=422)
