"""The routes: the service's own below ``/v1``, and the Open Inference Protocol below ``/v2``."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from smn._version import __version__
from smn.bundle import DEFAULT, list_models, read_bundle
from smn.images.rectify import Rectify
from smn.movements import get_movement, list_movements, list_taxonomies
from smn.predict.model import Model
from smn.serve.engine import AnalysisOptions
from smn.serve.problems import ProblemError, describe
from smn.serve.request_body import SentPicture, read_pictures
from smn.serve.schemas import BODY, AnswersOut, FeedbackIn, FeedbackOut, HubLabel, InferIn, ModelOut, SimilarOut
from smn.serve.service_state import ServiceState
from smn.story.pages import read_story

_COMMON = (401, 408, 413, 429, 431, 500, 503)
_PICTURES = (*_COMMON, 400, 415, 422)
_ID = Path(pattern="^[0-9a-f]{32}$")
_MODEL = Path(max_length=100, description="Name of the model.")
_NAME = Path(max_length=80, description="Id, name or alias of a movement.")


def make_routes(get_service: Callable[[], ServiceState]) -> APIRouter:
    """The routes below ``/v1``.

    Args:
        get_service: gives the running service.
    """
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
        lookup: Annotated[bool, Query(description="Whether the very work is looked up.")] = True,
        keep: Annotated[bool, Query(description="The sender lets the picture be kept, to learn from.")] = False,
        lang: Annotated[Literal["en", "fr"], Query(description="Of the sentence.")] = "en",
        shape: Annotated[Literal["smn", "hub"], Query(description="hub: lists of label and score.")] = "smn",
        model: Annotated[str | None, Query(max_length=60, description="See GET /v1/models.")] = None,
    ) -> Any:
        """Tell the movement of pictures: files of a form, a raw body, or JSON with base64 or an address."""
        service = get_service()
        pictures, several = await read_pictures(request, service.settings)
        options = AnalysisOptions(top_k, taxonomy, rectify, coverage, explain, similar, lookup, model)
        answers = await service.answer(pictures, options, several=several, caller=caller, keep=keep, language=lang)
        if several and all(answer["outcome"] == "error" for answer in answers):
            said = "The picture cannot" if len(answers) == 1 else f"None of the {len(answers)} pictures can"
            raise ProblemError(422, f"{said} be read: {answers[0]['error']}")
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
        answers = await service.answer(
            pictures, AnalysisOptions(similar=top_k), several=False, caller=caller, keep=False
        )
        return answers[0]["similar"]

    @router.get("/movements", responses=describe(*_COMMON, 422))
    async def movements(_: caller_type) -> list[dict[str, Any]]:
        """Every movement, the earliest first."""
        return [asdict(movement) for movement in list_movements()]

    @router.get("/movements/{name}", responses=describe(*_COMMON, 422))
    async def movement(name: Annotated[str, _NAME], _: caller_type) -> dict[str, Any]:
        """One movement."""
        return asdict(get_movement(name))

    @router.get("/taxonomies", responses=describe(*_COMMON, 422))
    async def taxonomies(_: caller_type) -> list[str]:
        """Ids of the taxonomies that may be asked for."""
        return list(list_taxonomies())

    @router.get("/models", responses=describe(*_COMMON))
    async def models(_: caller_type) -> list[ModelOut]:
        """Models that may be asked for; the first answers where none is named."""
        served = get_service().engine.model.bundle
        packaged = {name: read_bundle(DEFAULT.with_name(name)) for name in list_models()}
        names = {bundle.folder: name for name, bundle in packaged.items()}
        others = [bundle for bundle in packaged.values() if bundle.folder != served.folder]
        return [
            ModelOut(
                name=names.get(one.folder),
                version=one.name,
                bytes=one.model_file.stat().st_size,
                labels=len(one.labels),
            )
            for one in (served, *others)
        ]

    @router.get("/story/{name}", responses=describe(*_COMMON, 422))
    async def story(name: Annotated[str, _NAME], _: caller_type) -> dict[str, Any]:
        """A movement's page: works, neighbours, music, sources."""
        return read_story(name).to_dict()

    _add_records(router, get_service, check)
    return router


def _add_records(
    router: APIRouter, get_service: Callable[[], ServiceState], check: Callable[[Request], Awaitable[str | None]]
) -> None:
    caller_type = Annotated[str | None, Depends(check)]

    def records() -> Any:
        found = get_service().records
        if found is None:
            raise ProblemError(503, "Nothing is remembered here: the service runs without a database.")
        return found

    @router.post("/feedback", status_code=201, response_model=FeedbackOut, responses=describe(*_COMMON, 400, 404, 422))
    async def feedback(given: FeedbackIn, _: caller_type) -> Any:
        """Say whether an answer was right. It is safe when this answers."""
        store = records()
        name = get_movement(given.movement).id if given.movement else None
        text = given.text.replace("\0", "") if given.text else None
        add = partial(store.add_feedback, given.prediction, verdict=given.verdict.value, movement=name, text=text)
        known = await get_service().write(add)
        if known is None:
            raise ProblemError(404, "There is no answer with this id; it may have been deleted.")
        return {"id": known, "prediction": given.prediction, "verdict": given.verdict, "movement": name, "text": text}

    @router.get("/feedback/{feedback_id}", response_model=FeedbackOut, responses=describe(*_COMMON, 404, 422))
    async def get_feedback(feedback_id: Annotated[str, _ID], _: caller_type) -> Any:
        """Feedback by its id."""
        found = await get_service().write(partial(records().get_feedback, feedback_id))
        if found is None:
            raise ProblemError(404, "There is no feedback with this id.")
        return {name: getattr(found, name) for name in FeedbackOut.model_fields}

    @router.delete("/predictions/{prediction_id}", status_code=204, responses=describe(*_COMMON, 404, 422))
    async def delete(prediction_id: Annotated[str, _ID], _: caller_type) -> Response:
        """Forget an answer, what was said of it, and its picture."""
        if not await get_service().write(partial(records().delete, prediction_id)):
            raise ProblemError(404, "There is no answer with this id.")
        return Response(status_code=204)


def make_protocol(get_service: Callable[[], ServiceState]) -> APIRouter:
    """The routes of the Open Inference Protocol, version 2: what model servers have in common."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])

    async def check(request: Request) -> str | None:
        return await get_service().check_caller(request)

    async def find_model(name: str) -> tuple[str | None, Model]:
        """What `AnalysisOptions` call the model of a name, and the model."""
        engine = get_service().engine
        if name in {"smn", engine.model.name}:
            return None, engine.model
        if name not in list_models():
            known = ", ".join(("smn", engine.model.name, *list_models()))
            raise ProblemError(404, f"There is no model of that name; ask for one of: {known}.")
        return name, await engine.variant(AnalysisOptions(model=name))

    @router.get("", responses=describe(422))
    async def server() -> dict[str, Any]:
        """What this server is."""
        return {"name": "smn", "version": __version__, "extensions": []}

    @router.get("/health/live", responses=describe(422))
    async def live() -> dict[str, bool]:
        """Whether the process answers."""
        return {"live": True}

    @router.get("/health/ready", responses=describe(422, 503))
    async def ready() -> dict[str, bool]:
        """Whether a picture sent now would be answered."""
        service = get_service()
        if service.engine.pending >= service.settings.queue:
            raise ProblemError(503, "As many pictures are waiting as may.", headers={"Retry-After": "1"})
        return {"ready": True}

    @router.get("/models/{name}", responses=describe(404, 422))
    async def model(name: Annotated[str, _MODEL]) -> dict[str, Any]:
        """What the model takes and gives."""
        _, found = await find_model(name)
        bundle = found.bundle
        labels = len(bundle.labels)
        return {
            "name": found.name, "versions": [bundle.model_sha256[:12]], "platform": "onnxruntime",
            "inputs": [{"name": "image", "datatype": "BYTES", "shape": [-1]}],
            "outputs": [{"name": "label", "datatype": "BYTES", "shape": [-1, labels]},
                        {"name": "probability", "datatype": "FP32", "shape": [-1, labels]},
                        {"name": "is_painting", "datatype": "BOOL", "shape": [-1]}],
        }  # fmt: skip

    @router.get("/models/{name}/ready", responses=describe(404, 422))
    async def model_ready(name: Annotated[str, _MODEL]) -> dict[str, Any]:
        """Whether the model is loaded."""
        return {"name": (await find_model(name))[1].name, "ready": True}

    @router.post("/models/{name}/infer", responses=describe(400, 401, 404, 408, 413, 415, 422, 429, 500, 503))
    async def infer(
        name: Annotated[str, _MODEL], asked: InferIn, caller: Annotated[str | None, Depends(check)]
    ) -> dict[str, Any]:
        """Answer for pictures in base64."""
        service = get_service()
        chosen, model = await find_model(name)
        (tensor,) = asked.inputs
        if tensor.datatype != "BYTES" or len(tensor.shape) != 1 or tensor.shape[0] != len(tensor.data):
            raise ProblemError(
                422, "The input is one tensor of datatype BYTES and shape [N], with N pictures in base64."
            )
        if not 1 <= len(tensor.data) <= service.settings.max_files:
            raise ProblemError(413, f"At least 1 and at most {service.settings.max_files} can be sent in one request.")
        try:
            pictures = [SentPicture(None, base64.b64decode(str(one), validate=True)) for one in tensor.data]
        except (binascii.Error, ValueError) as error:
            raise ProblemError(422, "data holds something that is no base64.") from error
        every = len(model.bundle.labels)
        answers = await asyncio.gather(
            *(
                service.answer(
                    [one], AnalysisOptions(top_k=every, model=chosen), several=False, caller=caller, keep=False
                )
                for one in pictures
            )
        )
        found = [answer[0] for answer in answers]
        labels = [guess["label"] for answer in found for guess in answer["predictions"]]
        shares = [guess["probability"] for answer in found for guess in answer["predictions"]]
        shape = [len(found), every]
        return {
            "model_name": model.name, "id": asked.id,
            "outputs": [{"name": "label", "datatype": "BYTES", "shape": shape, "data": labels},
                        {"name": "probability", "datatype": "FP32", "shape": shape, "data": shares},
                        {"name": "is_painting", "datatype": "BOOL", "shape": [len(found)],
                         "data": [answer["is_painting"] for answer in found]}],
        }  # fmt: skip

    return router
