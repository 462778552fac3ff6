"""Request and response models, as the OpenAPI description shows them."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE: dict[str, Any] = {
    "id": "0b8f7c0e6d3f4a5b9c1d2e3f4a5b6c7d", "path": "monet.jpg", "outcome": "movement", "movement": "impressionism",
    "confidence": 0.71,
    "predictions": [{"movement": "impressionism", "label": "Impressionism", "probability": 0.71},
                    {"movement": "post-impressionism", "label": "Post-Impressionism", "probability": 0.12}],
    "families": [{"family": "impressionist", "label": "Impressionist", "probability": 0.86}],
    "is_painting": True, "painting_score": 0.99, "model": "default-4", "error": None, "family": "impressionist",
    "set": None, "rectified": None, "looks_like": None, "work": None,
    "sentence": "Impressionism, fairly sure, 71 %", "explanation": None, "similar": None,
}  # fmt: skip


class GuessOut(BaseModel):
    """A movement that it may be."""

    movement: str
    label: str
    probability: float = Field(ge=0, le=1, description="Calibrated.")


class FamilyOut(BaseModel):
    """A family that it may be from."""

    family: str
    label: str
    probability: float = Field(ge=0, le=1)


class RectifiedOut(BaseModel):
    """Where the painting was found."""

    corners: list[list[float]] = Field(description="Four corners, shares of width and height, from the upper left.")
    confidence: float = Field(ge=0, le=1)


class RecognizedWorkOut(BaseModel):
    """The very work that the picture shows, looked up in an index of known works."""

    title: str | None
    artist: str | None
    year: int | None
    movement: str | None = Field(description="A movement's id, as the source files the work.")
    source: str | None = Field(description="Who says which movement.")
    museum: str | None
    wikidata_id: str | None
    image_url: str | None
    similarity: float = Field(ge=-1, le=1)
    confidence: float = Field(ge=0, le=1, description="Share of validation pictures with such a match that were right.")


class ExplanationOut(BaseModel):
    """Why."""

    movement: str = Field(description="Whose evidence it is.")
    overlay: str = Field(description="The picture with the evidence glowing: a data address of a JPEG.")
    evidence: list[list[float]] = Field(description="The numbers behind it, row by row; the mean is 0.")
    maps: dict[str, list[list[float]]] = Field(description="The same for each guess, by its id.")
    traits: list[str] = Field(description="What a person can check.")


class SimilarOut(BaseModel):
    """A work that looks alike."""

    id: str
    title: str | None
    artist: str | None
    year: int | None
    museum: str | None
    movement: str | None
    wikidata_id: str | None
    image_url: str | None
    source: str | None = Field(None, description="Who says which movement.")
    thumbnail: str | None = Field(description="Address of a small picture, loaded by whoever shows it.")
    page: str | None = Field(description="Names the picture's author and rights.")
    attribution: str = Field(description="What has to stand under the picture.")
    similarity: float


class AnswerOut(BaseModel):
    """One picture's answer: the shape that smn has everywhere, with what belongs to the service."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: str | None = Field(description="For feedback and deletion; null where nothing is remembered.")
    path: str | None = Field(description="The file's name, as it was sent.")
    outcome: str = Field(description="movement, unsure, not_a_painting or error.")
    movement: str | None
    confidence: float | None
    predictions: list[GuessOut]
    families: list[FamilyOut]
    is_painting: bool | None
    painting_score: float | None
    model: str
    error: str | None
    family: str | None
    set: list[str] | None
    rectified: RectifiedOut | None
    looks_like: str | None = Field(
        description="Of what is not_a_painting: photograph, page or drawing; null from models that do not say."
    )
    work: RecognizedWorkOut | None = Field(
        None, description="The recognized work; everything else is the model's own guess and does not depend on it."
    )
    sentence: str = Field(description="The answer in words, in the language asked for; of an error, its reason.")
    explanation: ExplanationOut | None = None
    similar: list[SimilarOut] | None = None


class AnswersOut(BaseModel):
    """The answers to a request, in the order of its pictures."""

    answers: list[AnswerOut]


class HubLabel(BaseModel):
    """The hub's shape of an image classifier's guess."""

    label: str
    score: float


class ModelOut(BaseModel):
    """A model that may be asked for."""

    name: str | None = Field(description="What the parameter model takes; null for a bundle of the service's own.")
    version: str
    bytes: int = Field(description="Size of the network's file.")
    labels: int = Field(description="Number of movements in the model's own taxonomy.")


class Verdict(StrEnum):
    """What somebody says of an answer."""

    AGREE = "agree"
    DISAGREE = "disagree"


class FeedbackIn(BaseModel):
    """What somebody says of an answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"prediction": EXAMPLE["id"], "verdict": "disagree", "movement": "realism"}},
    )

    prediction: str = Field(pattern="^[0-9a-f]{32}$", description="The answer's id.")
    verdict: Verdict
    movement: str | None = Field(None, max_length=60, description="What it is instead: the id of a movement.")
    text: str | None = Field(None, max_length=2000, description="Free words.")


class FeedbackOut(BaseModel):
    """What was remembered."""

    id: str
    prediction: str
    verdict: Verdict
    movement: str | None
    text: str | None


class TensorIn(BaseModel):
    """An input of the Open Inference Protocol."""

    name: str = Field(max_length=100)
    shape: list[int] = Field(max_length=4)
    datatype: str = Field(max_length=20)
    data: list[Any]


class InferIn(BaseModel):
    """A request of the Open Inference Protocol: pictures as base64 in a tensor of bytes."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["/9j/4AAQSkZJRg..."]}]
    }})  # fmt: skip

    id: str | None = Field(None, max_length=100)
    inputs: list[TensorIn] = Field(min_length=1, max_length=1)
    parameters: dict[str, Any] | None = None


_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_ENTRY = {
    "image": {"type": "string", "description": "base64"}, "url": {"type": "string", "format": "uri"},
    "images": {"type": "array", "items": {"type": "object"}},
}  # fmt: skip

BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILES}, "required": ["file"]}},
        "application/json": {
            "schema": {"type": "object", "properties": _ENTRY},
            "example": {"url": "https://upload.wikimedia.org/wikipedia/commons/monet.jpg"},
        },
        "image/*": {"schema": {"type": "string", "format": "binary"}},
    },
}
"""How pictures may be sent, for the description."""
