"""The service's own routes, below ``/v1``."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from smn.movements import get_movement, list_movements
from smn.rectify import Rectify
from smn.serve.engine import Asked
from smn.serve.problems import ProblemError, describe
from smn.serve.reading import read_pictures
from smn.serve.schemas import BODY, AnswersOut, FeedbackIn, FeedbackOut, HubLabel, SimilarOut
from smn.serve.service import Service
from smn.story.pages import read_story

_OFTEN = (401, 408, 413, 429, 431, 500, 503)
_PICTURES = (*_OFTEN, 400, 415, 422)
_ID = Path(pattern="^[0-9a-f]{32}$")
_NAME = Path(max_length=80, description="Id, name or alias of a movement.")


def make_routes(get_service: Callable[[], Service]) -> APIRouter:
    """The routes, for a service that is there when they are called."""
    router = APIRouter(prefix="/v1", tags=["smn"])

    async def check(request: Request) -> str | None:
        return await get_service().check_caller(request)

    caller_type = Annotated[str | None, Depends(check)]

    @router.post("/predict", response_model=AnswersOut | list[HubLabel] | list[list[HubLabel]],
                 responses=describe(*_PICTURES), openapi_extra={"requestBody": BODY})  # fmt: skip
    async def predict(
        request: Request,
        caller: caller_type,
        top_k: Annotated[int, Query(ge=1, le=100, description="How many guesses to list.")] = 3,
        taxonomy: Annotated[str | None, Query(max_length=60, description="See GET /v1/taxonomies.")] = None,
        rectify: Annotated[Rectify, Query(description="Find a painting on a wall and straighten it.")] = Rectify.AUTO,
        coverage: Annotated[float | None, Query(ge=0.5, le=0.99, description="Of a conformal set.")] = None,
        explain: Annotated[bool, Query(description="Say where the evidence lies.")] = False,
        similar: Annotated[int, Query(ge=0, le=50, description="How many works that look alike.")] = 0,
        keep: Annotated[bool, Query(description="The sender lets the picture be kept, to learn from.")] = False,
        shape: Annotated[Literal["smn", "hub"], Query(description="hub: lists of label and score.")] = "smn",
    ) -> Any:
        """Tell the movement of pictures: files of a form, a raw body, or JSON with base64 or an address."""
        service = get_service()
        pictures, several = await read_pictures(request, service.settings)
        asked = Asked(top_k, taxonomy, rectify, coverage, explain, similar)
        answers = await service.answer(pictures, asked, several=several, caller=caller, keep=keep)
        if several and all(answer["outcome"] == "error" for answer in answers):
            raise ProblemError(422, f"None of the {len(answers)} pictures can be read: {answers[0]['error']}")
        if shape == "smn":
            return {"answers": answers}
        lists = [
            [{"label": one["label"], "score": one["probability"]} for one in answer["predictions"]]
            for answer in answers
        ]
        return lists if several else lists[0]

    @router.post("/similar", response_model=list[SimilarOut], responses=describe(*_PICTURES),
                 openapi_extra={"requestBody": BODY})  # fmt: skip
    async def similar_works(
        request: Request, caller: caller_type, top_k: Annotated[int, Query(ge=1, le=50)] = 6
    ) -> Any:
        """Find works that look like one picture."""
        service = get_service()
        pictures, _ = await read_pictures(request, service.settings)
        if len(pictures) != 1:
            raise ProblemError(422, f"{len(pictures)} pictures were sent, but one is compared at a time.")
        answers = await service.answer(pictures, Asked(similar=top_k), several=False, caller=caller, keep=False)
        return answers[0]["similar"]

    @router.get("/movements", responses=describe(*_OFTEN))
    async def movements(_: caller_type) -> list[dict[str, Any]]:
        """Every movement, the earliest first."""
        return [asdict(movement) for movement in list_movements()]

    @router.get("/movements/{name}", responses=describe(*_OFTEN, 422))
    async def movement(name: Annotated[str, _NAME], _: caller_type) -> dict[str, Any]:
        """One movement."""
        return asdict(get_movement(name))

    @router.get("/taxonomies", responses=describe(*_OFTEN))
    async def taxonomies(_: caller_type) -> list[str]:
        """Ids of the taxonomies that may be asked for."""
        from smn.movements import list_taxonomies

        return list(list_taxonomies())

    @router.get("/story/{name}", responses=describe(*_OFTEN, 422))
    async def story(name: Annotated[str, _NAME], _: caller_type) -> dict[str, Any]:
        """A movement's page: works, neighbours, music, sources."""
        return read_story(name).to_dict()

    _add_memory(router, get_service, check)
    return router


def _add_memory(
    router: APIRouter, get_service: Callable[[], Service], check: Callable[[Request], Awaitable[str | None]]
) -> None:
    caller_type = Annotated[str | None, Depends(check)]

    def records() -> Any:
        found = get_service().records
        if found is None:
            raise ProblemError(503, "Nothing is remembered here: the service runs without a database.")
        return found

    @router.post("/feedback", status_code=201, response_model=FeedbackOut, responses=describe(*_OFTEN, 400, 404, 422))
    async def feedback(given: FeedbackIn, _: caller_type) -> Any:
        """Say whether an answer was right. It is safe when this answers."""
        memory = records()
        name = get_movement(given.movement).id if given.movement else None
        text = given.text.replace("\0", "") if given.text else None
        add = partial(memory.add_feedback, given.prediction, verdict=given.verdict.value, movement=name, text=text)
        known = await get_service().write(add)
        if known is None:
            raise ProblemError(404, "There is no answer with this id; it may have been deleted.")
        return {"id": known, "prediction": given.prediction, "verdict": given.verdict, "movement": name, "text": text}

    @router.get("/feedback/{feedback_id}", response_model=FeedbackOut, responses=describe(*_OFTEN, 404, 422))
    async def get_feedback(feedback_id: Annotated[str, _ID], _: caller_type) -> Any:
        """What was said, for whoever knows its id."""
        found = await get_service().write(partial(records().get_feedback, feedback_id))
        if found is None:
            raise ProblemError(404, "There is no feedback with this id.")
        return {name: getattr(found, name) for name in FeedbackOut.model_fields}

    @router.delete("/predictions/{prediction_id}", status_code=204, responses=describe(*_OFTEN, 404, 422))
    async def delete(prediction_id: Annotated[str, _ID], _: caller_type) -> Response:
        """Forget an answer, what was said of it, and its picture."""
        if not await get_service().write(partial(records().delete, prediction_id)):
            raise ProblemError(404, "There is no answer with this id.")
        return Response(status_code=204)
