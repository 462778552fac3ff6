"""A model hub in memory, behind a real HTTP server: the part of the hub's interface that its client uses for models."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_local_test"  # noqa: S105 - of this server
_LARGE = (".onnx", ".npy", ".npz", ".gz")


@dataclass
class Commit:
    """A commit: the files of the repository after it, and which of them are large."""

    oid: str
    files: dict[str, bytes]
    message: str = ""


@dataclass
class ModelHub:
    """What the server holds.

    Args:
        address: of the server.
        repositories: by name, their commits, oldest first.
        blobs: large files by SHA-256.
        requests: method and path of every request, in order.
        damaged: how many downloads of large files from now on get a wrong byte.
    """

    address: str = ""
    repositories: dict[str, list[Commit]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    blobs: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    damaged: int = 0

    def find(self, name: str, revision: str) -> Commit | None:
        """A commit by its id, or the newest as ``main``."""
        commits = self.repositories[name]
        return next((one for one in reversed(commits) if revision in ("main", one.oid)), None)

    def files(self, name: str) -> dict[str, bytes]:
        """The newest files of a repository."""
        return self.repositories[name][-1].files


def _digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()  # noqa: S324 - as git names contents


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: ModelHub

    def log_message(self, *_: object) -> None:
        pass

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for method, pattern, answer in _ROUTES:
            if self.command in method and (found := re.fullmatch(pattern, path)):
                if self.command in ("POST", "PUT") and "validate" not in path and not self._is_logged_in():
                    self._send(401, {"error": "Invalid username or password."})
                else:
                    answer(self, body, *found.groups())
                return
        self._send(404, {"error": f"no route for {self.command} {path}"})

    do_GET = do_HEAD = do_POST = do_PUT = _route  # noqa: N815 - the server looks these names up

    def _is_logged_in(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}" or self.path.startswith("/lfs/")

    def _send(self, status: int, data: object = None, *, raw: bytes | None = None, **headers: str) -> None:
        content = json.dumps(data).encode() if raw is None else raw
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _commit(self, name: str, revision: str) -> Commit | None:
        """The commit that is asked for; None where the answer was sent: it is not there, or not for this visitor."""
        if name not in self.hub.repositories or (name in self.hub.private and not self._is_logged_in()):
            self._send(401, {"error": "Repository Not Found"}, X_Error_Code="RepoNotFound")
            return None
        commit = self.hub.find(name, revision)
        if commit is None:
            self._send(404, {"error": f"Invalid rev id: {revision}"}, X_Error_Code="RevisionNotFound")
        return commit

    def _create(self, body: bytes) -> None:
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repositories:
            self._send(409, {"error": "You already created this model repo", "url": f"{self.hub.address}/{name}"})
            return
        self.hub.repositories[name] = [Commit(_digest(name.encode()), {})]
        if asked.get("visibility") == "private":
            self.hub.private.add(name)
        self._send(200, {"url": f"{self.hub.address}/{name}", "name": name})

    def _validate(self, body: bytes) -> None:
        front = json.loads(body)["content"].split("---")
        errors = [] if len(front) > 2 and "license:" in front[1] else [{"message": "no front matter"}]
        self._send(200 if not errors else 400, {"errors": errors, "warnings": []})

    def _preupload(self, body: bytes, name: str) -> None:
        commit = self._commit(name, "main")
        if commit is None:
            return
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if one["path"].endswith(_LARGE) else "regular",
                "shouldIgnore": False,
            }
            for one in json.loads(body)["files"]
        ]
        self._send(200, {"files": files})

    def _batch(self, body: bytes, _name: str) -> None:
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.hub.address}/lfs/{one['oid']}"}}}
            for one in json.loads(body)["objects"]
        ]
        self._send(200, {"transfer": "basic", "objects": objects})

    def _store(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            self._send(422, {"error": "the content is another"})
            return
        self.hub.blobs[oid] = body
        self._send(200, {})

    def _add_commit(self, body: bytes, name: str) -> None:
        before = self._commit(name, "main")
        if before is None:
            return
        files, message = dict(before.files), ""
        for line in body.splitlines():
            entry: dict[str, Any] = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                message = value["summary"]
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            else:
                files[value["path"]] = self.hub.blobs[value["oid"]]
        oid = _digest(body + before.oid.encode())
        self.hub.repositories[name].append(Commit(oid, files, message))
        self._send(200, {"success": True, "commitOid": oid, "commitUrl": f"{self.hub.address}/{name}/commit/{oid}"})

    def _info(self, _body: bytes, name: str, revision: str | None = None) -> None:
        commit = self._commit(name, revision or "main")
        if commit is not None:
            siblings = [{"rfilename": file} for file in commit.files]
            self._send(200, {"id": name, "sha": commit.oid, "siblings": siblings, "private": False, "tags": []})

    def _tree(self, _body: bytes, name: str, revision: str) -> None:
        commit = self._commit(name, revision)
        if commit is None:
            return
        rows = []
        for file, content in commit.files.items():
            row: dict[str, Any] = {"type": "file", "path": file, "size": len(content), "oid": _digest(content)}
            if file.endswith(_LARGE):
                row["lfs"] = {"size": len(content), "oid": hashlib.sha256(content).hexdigest(), "pointerSize": 130}
            rows.append(row)
        self._send(200, rows)

    def _resolve(self, _body: bytes, name: str, revision: str, file: str) -> None:
        commit = self._commit(name, revision)
        if commit is None:
            return
        if file not in commit.files:
            self._send(404, {"error": "Entry not found"}, X_Error_Code="EntryNotFound", X_Repo_Commit=commit.oid)
            return
        content = commit.files[file]
        etag = hashlib.sha256(content).hexdigest() if file.endswith(_LARGE) else _digest(content)
        if self.command == "GET" and self.hub.damaged and file.endswith(_LARGE):
            self.hub.damaged -= 1
            content = bytes([content[0] ^ 255]) + content[1:]
        self._send(200, raw=content, X_Repo_Commit=commit.oid, ETag=f'"{etag}"', Accept_Ranges="none")


_NAME = r"([\w.-]+/[\w.-]+)"
_ROUTES = (
    (("POST",), r"/api/repos/create", _Handler._create),
    (("POST",), r"/api/validate-yaml", _Handler._validate),
    (("POST",), rf"/api/models/{_NAME}/preupload/main", _Handler._preupload),
    (("POST",), rf"/api/models/{_NAME}/commit/main", _Handler._add_commit),
    (("POST",), rf"/{_NAME}\.git/info/lfs/objects/batch", _Handler._batch),
    (("PUT",), r"/lfs/(\w+)", _Handler._store),
    (("GET",), rf"/api/models/{_NAME}", _Handler._info),
    (("GET",), rf"/api/models/{_NAME}/revision/([\w.-]+)", _Handler._info),
    (("GET",), rf"/api/models/{_NAME}/tree/([\w.-]+)", _Handler._tree),
    (("GET", "HEAD"), rf"/{_NAME}/resolve/([\w.-]+)/(.+)", _Handler._resolve),
)


@contextmanager
def run_hub() -> Iterator[ModelHub]:
    """A running server, on a port of its own."""
    hub = ModelHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
