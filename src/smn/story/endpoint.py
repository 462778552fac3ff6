"""Asks a language model for JSON, at any endpoint that speaks OpenAI's protocol."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smn.errors import GenerationError, InputError, MissingExtraError

_LARGEST = 1_000_000


@dataclass(frozen=True)
class Endpoint:
    """Where a language model answers.

    Args:
        url: of the protocol's root, such as ``http://127.0.0.1:8080/v1``: a local llama.cpp or Ollama, or a cloud.
        model: its name there; some servers have but one and need none.
        key: sent as a bearer token; never shown.
        completion: ask for the continuation of a text, which models that were not taught to converse understand, and
            not for a reply.
        timeout: seconds for the whole answer.
        max_tokens: how long an answer may be.

    Raises:
        InputError: the address is none, or a number is not above 0.
    """

    url: str
    model: str = ""
    key: str | None = field(default=None, repr=False)
    completion: bool = False
    timeout: float = 30.0
    max_tokens: int = 300

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"The endpoint {self.url!r} is no address; give one such as http://127.0.0.1:8080/v1.")
        if self.timeout <= 0 or self.max_tokens <= 0:
            raise InputError(f"timeout is {self.timeout} and max_tokens {self.max_tokens}; both must be above 0.")


def ask_json(endpoint: Endpoint, prompt: str, *, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The model's answer to a prompt, as an object that follows a JSON schema.

    Servers that know schemas are bound to it; what others say is checked by whoever asked.

    Raises:
        GenerationError: the endpoint cannot be reached, takes too long, says too much, or gives no JSON object.
        MissingExtraError: the extra ``generate`` is not installed.
    """
    try:
        import httpx2
    except ImportError as error:
        raise MissingExtraError("generate", "httpx2") from error
    body: dict[str, Any] = {
        "max_tokens": endpoint.max_tokens,
        "temperature": 0.4,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": dict(schema), "strict": True},
        },
    }
    if endpoint.model:
        body["model"] = endpoint.model
    if endpoint.completion:
        # llama.cpp takes the schema under this name when it continues a text.
        path, body = "completions", {**body, "prompt": prompt, "json_schema": dict(schema)}
    else:
        path, body = "chat/completions", {**body, "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    address = f"{endpoint.url.rstrip('/')}/{path}"
    try:
        data = _fetch(httpx2, address, body, headers, endpoint.timeout)
    except httpx2.HTTPError as error:
        raise GenerationError(f"{address} cannot be reached ({type(error).__name__}: {error}).") from error
    return _read(data, address, completion=endpoint.completion)


def _fetch(httpx2: Any, address: str, body: Mapping[str, Any], headers: Mapping[str, str], timeout: float) -> bytes:
    """The answer's body, no more than a limit of it, within a time that holds for all of it."""
    import time

    until = time.monotonic() + timeout
    data = b""
    # A timeout of httpx is between two bytes: a server that drips would hold on for ever.
    with (
        httpx2.Client(timeout=timeout, trust_env=False) as client,
        client.stream("POST", address, json=body, headers=headers) as response,
    ):
        for part in response.iter_bytes():
            data += part
            if len(data) > _LARGEST:
                raise GenerationError(f"{address} said more than {_LARGEST:,} bytes.")
            if time.monotonic() > until:
                raise GenerationError(f"{address} took longer than {timeout:g} seconds.")
        if response.status_code != 200:
            raise GenerationError(f"{address} answered {response.status_code}.")
    return data


def _read(data: bytes, address: str, *, completion: bool) -> dict[str, Any]:
    try:
        choice = json.loads(data)["choices"][0]
        text = choice["text"] if completion else choice["message"]["content"]
        answer = json.loads(text)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise GenerationError(f"{address} gave no JSON ({type(error).__name__}).") from error
    if not isinstance(answer, dict):
        raise GenerationError(f"{address} gave JSON, but no object.")
    return answer
