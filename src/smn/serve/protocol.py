"""The Open Inference Protocol, version 2: what model servers have in common."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from smn import __version__
from smn.serve.engine import Asked
from smn.serve.problems import ProblemError, describe
from smn.serve.reading import Sent
from smn.serve.schemas import InferIn
from smn.serve.service import Service

_MODEL = Path(max_length=100, description="Name of the model.")


def make_protocol(get_service: Callable[[], Service]) -> APIRouter:
    """The protocol's routes."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])

    async def check(request: Request) -> str | None:
        return await get_service().check_caller(request)

    def known(name: str) -> Service:
        service = get_service()
        if name not in {"smn", service.engine.model.name}:
            raise ProblemError(404, f"There is no model of that name; ask for smn or {service.engine.model.name}.")
        return service

    @router.get("")
    async def server() -> dict[str, Any]:
        """What this server is."""
        return {"name": "smn", "version": __version__, "extensions": []}

    @router.get("/health/live")
    async def live() -> dict[str, bool]:
        """Whether the process answers."""
        return {"live": True}

    @router.get("/health/ready", responses=describe(503))
    async def ready() -> dict[str, bool]:
        """Whether a picture sent now would be answered."""
        service = get_service()
        if service.engine.pending >= service.settings.queue:
            raise ProblemError(503, "As many pictures are waiting as may.", headers={"Retry-After": "1"})
        return {"ready": True}

    @router.get("/models/{name}", responses=describe(404, 422))
    async def model(name: Annotated[str, _MODEL]) -> dict[str, Any]:
        """What the model takes and gives."""
        service = known(name)
        bundle = service.engine.model.bundle
        labels = len(bundle.labels)
        return {
            "name": service.engine.model.name, "versions": [bundle.model_sha256[:12]], "platform": "onnxruntime",
            "inputs": [{"name": "image", "datatype": "BYTES", "shape": [-1]}],
            "outputs": [{"name": "label", "datatype": "BYTES", "shape": [-1, labels]},
                        {"name": "probability", "datatype": "FP32", "shape": [-1, labels]},
                        {"name": "is_painting", "datatype": "BOOL", "shape": [-1]}],
        }  # fmt: skip

    @router.get("/models/{name}/ready", responses=describe(404, 422))
    async def model_ready(name: Annotated[str, _MODEL]) -> dict[str, Any]:
        """Whether the model is loaded."""
        return {"name": known(name).engine.model.name, "ready": True}

    @router.post("/models/{name}/infer", responses=describe(400, 401, 404, 408, 413, 415, 422, 429, 500, 503))
    async def infer(
        name: Annotated[str, _MODEL], asked: InferIn, caller: Annotated[str | None, Depends(check)]
    ) -> dict[str, Any]:
        """Answer for pictures in base64."""
        service = known(name)
        (tensor,) = asked.inputs
        if tensor.datatype != "BYTES" or len(tensor.shape) != 1 or tensor.shape[0] != len(tensor.data):
            raise ProblemError(
                422, "The input is one tensor of datatype BYTES and shape [N], with N pictures in base64."
            )
        if not 1 <= len(tensor.data) <= service.settings.max_files:
            raise ProblemError(413, f"1 to {service.settings.max_files} pictures fit in one request.")
        try:
            pictures = [Sent(None, base64.b64decode(str(one), validate=True)) for one in tensor.data]
        except (binascii.Error, ValueError) as error:
            raise ProblemError(422, "data holds something that is no base64.") from error
        every = len(service.engine.model.bundle.labels)
        answers = await asyncio.gather(
            *(service.answer([one], Asked(top_k=every), several=False, caller=caller, keep=False) for one in pictures)
        )
        found = [answer[0] for answer in answers]
        labels = [guess["label"] for answer in found for guess in answer["predictions"]]
        shares = [guess["probability"] for answer in found for guess in answer["predictions"]]
        shape = [len(found), every]
        return {
            "model_name": service.engine.model.name, "id": asked.id,
            "outputs": [{"name": "label", "datatype": "BYTES", "shape": shape, "data": labels},
                        {"name": "probability", "datatype": "FP32", "shape": shape, "data": shares},
                        {"name": "is_painting", "datatype": "BOOL", "shape": [len(found)],
                         "data": [answer["is_painting"] for answer in found]}],
        }  # fmt: skip

    return router
