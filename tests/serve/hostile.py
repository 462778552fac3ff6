"""Requests that mean no good, generated: each with the statuses that are right for it."""

import base64
import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

CLIENT_ERRORS = frozenset({400, 404, 405, 408, 411, 413, 415, 422, 431})


@dataclass(frozen=True)
class Attack:
    """One request, and the statuses that are right for it."""

    name: str
    right: frozenset[int]
    method: str = "POST"
    path: str = "/v1/predict"
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, tuple[str, bytes, str]]] | None = None

    @property
    def request(self) -> dict[str, Any]:
        told: dict[str, Any] = {"method": self.method, "url": self.path, "headers": self.headers}
        return told | ({"files": self.files} if self.files is not None else {"content": self.content})


def list_attacks(painting: bytes, *, max_body: int) -> list[Attack]:
    """Every attack, in a fixed order."""
    makers = (_broken_pictures(painting), _bombs(), _bodies(painting, max_body), _json(painting), _addresses(),
              _parameters(painting), _forms(painting), _elsewhere())  # fmt: skip
    return [attack for maker in makers for attack in maker]


def _encode(form: str, size: tuple[int, int] = (48, 40), mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 90).save(buffer, form, **options)
    return buffer.getvalue()


def _broken_pictures(painting: bytes) -> Iterator[Attack]:
    refused = frozenset({413, 415, 422})
    forms = {"PNG": _encode("PNG"), "GIF": _encode("GIF", mode="P"), "WEBP": _encode("WEBP"), "TIFF": _encode("TIFF"),
             "BMP": _encode("BMP"), "PPM": _encode("PPM"), "JPEG": painting}  # fmt: skip
    for form, data in forms.items():
        for share in (0.02, 0.1, 0.3, 0.5):
            cut = data[: max(4, int(len(data) * share))]
            # Some decoders show what there is; what matters is that nothing breaks.
            yield Attack(f"{form} cut at {share}", refused | {200}, content=cut)
        for place in (8, 16, len(data) // 3, len(data) // 2):
            broken = data[:place] + b"\xff" * 16 + data[place + 16 :]
            yield Attack(f"{form} with rubbish at {place}", refused | {200}, content=broken)
        yield Attack(f"{form} of zeros", refused, content=data[:2] + bytes(500))
    kinds = {
        "html": b"<html><script>alert(1)</script>", "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9,
        "svg with an entity": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><svg>&b;</svg>",
        "pdf": b"%PDF-1.7\n%\xe2\xe3" + bytes(200), "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(run) exec\n" * 9,
        "zip": b"PK\x03\x04" + bytes(300), "gzip": b"\x1f\x8b\x08" + bytes(300), "elf": b"\x7fELF" + bytes(300),
        "php": b"<?php system($_GET['a']); ?>", "mp4": b"\0\0\0\x18ftypmp42" + bytes(200),
        "heic": b"\0\0\0\x18ftypheic" + bytes(200), "psd": b"8BPS\0\1" + bytes(300), "ico": b"\0\0\1\0\1\0" + bytes(300),
        "fits": b"SIMPLE  =                    T" + bytes(300), "wmf": b"\xd7\xcd\xc6\x9a" + bytes(300),
        "shell": b"#!/bin/sh\nrm -rf /\n", "text": b"a painting of a cat", "utf-16": "painting".encode("utf-16"),
        "one byte": b"\0", "jpeg start alone": b"\xff\xd8\xff", "png start alone": b"\x89PNG\r\n\x1a\n",
        "spaces": b" " * 1000, "newlines": b"\n" * 1000, "a million a": b"a" * 1_000_000,
    }  # fmt: skip
    for kind, data in kinds.items():
        for content_type in ("image/jpeg", "application/octet-stream"):
            yield Attack(f"{kind} as {content_type}", frozenset({415, 422}), content=data,
                         headers={"content-type": content_type})  # fmt: skip
    # A picture that is something else, too, is a picture: it is decoded and nothing more.
    for tail in (b"<script>alert(1)</script>", b"PK\x03\x04" + bytes(100), b"<?php system('id'); ?>", b"%PDF-1.7"):
        yield Attack(f"picture and {tail[:6]!r}", frozenset({200}), content=painting + tail)
    for side in ((1, 1), (1, 4000), (15, 300), (4000, 3)):
        yield Attack(f"picture of {side}", frozenset({422}), content=_encode("PNG", side))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, data: bytes, *extra: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + _chunk(b"IDAT", zlib.compress(data, 9)) + _chunk(b"IEND", b"")
    )


def _bombs() -> Iterator[Attack]:
    large = frozenset({413, 422})
    for width, height in ((50_000, 50_000), (100_000, 100_000), (2**31 - 1, 1), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1),
                          (9000, 9000), (0, 0)):  # fmt: skip
        yield Attack(f"PNG that says {width} x {height}", large | {415}, content=_png(width, height, bytes(10_000_000)))
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    yield Attack("PNG with text that unfolds", large | {200, 415}, content=_png(64, 64, bytes(65 * 64), text))
    icc = _chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000), 9))
    yield Attack("PNG with a profile that unfolds", large | {200, 415}, content=_png(64, 64, bytes(65 * 64), icc))
    for width, height in ((65_535, 65_535), (30_000, 30_000)):
        frame = b"\xff\xc0\0\x11\x08" + struct.pack(">HH", height, width) + b"\3\1\x22\0\2\x11\1\3\x11\1"
        yield Attack(f"JPEG that says {width} x {height}", large | {415}, content=b"\xff\xd8" + frame + bytes(400))
    gif = (
        b"GIF89a"
        + struct.pack("<HH", 65_535, 65_535)
        + b"\xf7\0\0"
        + bytes(768)
        + b",\0\0\0\0\xff\xff\xff\xff\0\2\2L\1\0;"
    )
    yield Attack("GIF that says 65535 x 65535", large | {415}, content=gif)
    bmp = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    yield Attack("BMP that says 60000 x 60000", large | {415}, content=bmp + bytes(200))
    frames = [Image.new("P", (64, 64), shade % 255) for shade in range(400)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    yield Attack("GIF of 400 frames", frozenset({200}), content=buffer.getvalue())


def _bodies(painting: bytes, max_body: int) -> Iterator[Attack]:
    yield Attack("no body", frozenset({422}), content=b"")
    for kind in ("image/jpeg", "application/json", "multipart/form-data; boundary=a", "text/plain"):
        yield Attack(f"too large a body of {kind}", frozenset({413}), content=bytes(max_body + 1),
                     headers={"content-type": kind})  # fmt: skip
    for kind in ("application/json; charset=utf-7", "multipart/form-data", "multipart/form-data; boundary=",
                 "multipart/form-data; boundary=" + "b" * 300, "image/" + "a" * 2000, "\x7f", "multipart/mixed; boundary=a",
                 "application/xml", "application/x-python-pickle"):  # fmt: skip
        yield Attack(f"content type {kind[:40]}", CLIENT_ERRORS, content=b"not what it says",
                     headers={"content-type": kind})  # fmt: skip
    for number in ("", "a b", "'; DROP TABLE predictions; --", "<script>", "a" * 500, "../../etc/passwd", "%00"):
        yield Attack(
            f"request id {number[:20]!r}", frozenset({200}), content=painting, headers={"x-request-id": number}
        )
    yield Attack("a header of 200 kilobytes", CLIENT_ERRORS, content=painting, headers={"x-a": "a" * 200_000})
    yield Attack("five hundred headers", CLIENT_ERRORS | {200}, content=painting,
                 headers={f"x-{number}": "a" * 100 for number in range(500)})  # fmt: skip
    yield Attack("a host that is another", frozenset({200}), content=painting, headers={"host": "evil.example"})
    yield Attack("forwarded from inside", frozenset({200}), content=painting, headers={"x-forwarded-for": "127.0.0.1"})


def _json(painting: bytes) -> Iterator[Attack]:
    text = base64.b64encode(painting).decode()
    bodies: list[Any] = [
        {}, [], None, 5, "a", True, {"image": 5}, {"image": None}, {"image": []}, {"image": ""}, {"image": "!!!"},
        {"image": "AAAA"}, {"image": text[:-3]}, {"image": text + "\n" * 5 + "=" * 9}, {"image": "data:text/html,<b>"},
        {"url": 5}, {"url": ""}, {"url": None, "image": None}, {"image": text, "url": "http://a.example"},
        {"images": []}, {"images": [{}]}, {"images": [5]}, {"images": [[{"image": text}]]}, {"images": [{"image": "A"}] * 500},
        {"images": [{"images": [{"image": text}]}]}, {"image": {"$ne": 1}}, {"__proto__": {"image": text}},
    ]  # fmt: skip
    for body in bodies:
        yield Attack(f"JSON {json.dumps(body)[:40]}", CLIENT_ERRORS, content=json.dumps(body).encode(),
                     headers={"content-type": "application/json"})  # fmt: skip
    for name, raw in {"nothing": b"", "half": b'{"image": "', "deep": b"[" * 50_000, "deep objects": b'{"a":' * 20_000,
                      "not a number": b'{"image": NaN}', "a huge number": b'{"image": ' + b"9" * 5000 + b"}",
                      "bytes": b"\xff\xfe\0", "a null byte": b'{"image": "\\u0000"}'}.items():  # fmt: skip
        yield Attack(f"JSON of {name}", CLIENT_ERRORS, content=raw, headers={"content-type": "application/json"})


def _addresses() -> Iterator[Attack]:
    hosts = [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
        "localhost", "LOCALHOST", "localhost.", "127.255.255.254", "0.0.0.0", "0", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]",
        "[fc00::1]", "[fd00:ec2::254]", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "192.168.255.255", "169.254.169.254", "[::ffff:169.254.169.254]", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376",
        "100.64.0.1", "198.18.0.1", "192.0.0.1", "192.0.2.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "[ff02::1]", "[2001:db8::1]", "[::127.0.0.1]", "１２７.０.０.１", "①②⑦.0.0.1", "ⓛocalhost", "127。0。0。1",
        "metadata.google.internal", "no-such-host.invalid", "a" * 300 + ".example", "..", "-", "exa mple.org",
    ]  # fmt: skip
    for host in hosts:
        yield _url(f"http://{host}/a.jpg")
        yield _url(f"https://{host}:22/")
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:25/_a", "dict://127.0.0.1:11211/", "data:,a",
                "javascript:alert(1)", "//127.0.0.1/", "http:127.0.0.1", "http:///etc/passwd", "http://", "http://[", "jar:a",
                "http://a@127.0.0.1/", "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com/",
                "http://127.0.0.1\\@example.com/", "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:a/",
                "http://example.com\r\nX-A: 1/", "http://127.0.0.1\t/", " http://127.0.0.1/", "http://127.0.0.1%00.example.com/",
                "unix:///var/run/docker.sock", "http://127.0.0.1:6379/\r\nFLUSHALL", "a" * 100_000):  # fmt: skip
        yield _url(url)


def _url(url: str) -> Attack:
    return Attack(f"address {url[:60]}", frozenset({422}), content=json.dumps({"url": url}).encode(),
                  headers={"content-type": "application/json"})  # fmt: skip


def _parameters(painting: bytes) -> Iterator[Attack]:
    for query in ("top_k=0", "top_k=-1", "top_k=101", "top_k=1e9", "top_k=a", "top_k=99999999999999999999", "similar=51",
                  "similar=-1", "rectify=maybe", "coverage=2", "coverage=nan", "coverage=inf", "explain=perhaps", "shape=xml",
                  "taxonomy=none", "taxonomy=../../etc/passwd", "taxonomy=/etc/passwd.toml", "taxonomy=..%2f..%2fa.toml",
                  "taxonomy=" + "a" * 100, "taxonomy=%00", "top_k=", "keep=2"):  # fmt: skip
        yield Attack(f"parameter {query[:40]}", frozenset({422}), path=f"/v1/predict?{query}", content=painting)


def _forms(painting: bytes) -> Iterator[Attack]:
    def part(
        name: str, file: str, data: bytes = painting, kind: str = "image/jpeg"
    ) -> tuple[str, tuple[str, bytes, str]]:
        return name, (file, data, kind)

    for file in ("../../../etc/passwd", "C:\\windows\\a.jpg", "a\0b.jpg", "a" * 3000 + ".jpg", "<img src=x>.jpg", "con.jpg", ".",
                 "; rm -rf /", "%s%n", "a.php.jpg", "名前.jpg"):  # fmt: skip
        yield Attack(f"form with a file named {file[:20]!r}", frozenset({200, 422}), files=[part("file", file)])
    yield Attack("form of too many files", frozenset({413, 422}), files=[part("file", "a.jpg", b"a")] * 100)
    yield Attack("form of bad files alone", frozenset({422}), files=[part("file", "a.jpg", b"a")] * 3)
    yield Attack("form of empty files", frozenset({422}), files=[part("file", "a.jpg", b"")] * 2)
    kind = {"content-type": "multipart/form-data; boundary=b"}
    head = b'--b\r\nContent-Disposition: form-data; name="file"'
    for name, body in {
        "no end": head + b'; filename="a.jpg"\r\n\r\nabc', "no file": head + b"\r\n\r\nabc\r\n--b--\r\n", "nothing": b"--b--\r\n",
        "no name": b"--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--\r\n", "rubbish": b"\xff" * 2000,
        "long headers": b"--b\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\na\r\n--b--\r\n", "other boundary": b"--c\r\n\r\na\r\n--c--",
        "many fields": b"".join(head + b"\r\n\r\na\r\n" for _ in range(5000)) + b"--b--\r\n",
        "a large field": head + b"\r\n\r\n" + b"a" * 1_000_000 + b"\r\n--b--\r\n",
    }.items():  # fmt: skip
        yield Attack(f"form with {name}", CLIENT_ERRORS, content=body, headers=kind)


def _elsewhere() -> Iterator[Attack]:
    lost = frozenset({404, 405, 422})
    for path in ("/v1/movements/..%2f..%2fetc%2fpasswd", "/v1/movements/%00", "/v1/movements/" + "a" * 500, "/v1/story/%ff",
                 "/v1/feedback/" + "g" * 32, "/v1/feedback/1", "/v1/feedback/%27%20OR%201=1", "/../../etc/passwd", "/.env",
                 "/admin", "/v1", "/v2/models/..%2f", "/static/../../a", "/v1/predict"):  # fmt: skip
        yield Attack(f"GET {path[:40]}", lost, method="GET", path=path)
    for method in ("PUT", "PATCH", "TRACE", "CONNECTX", "OPTIONS"):
        yield Attack(f"{method} /v1/predict", lost | {400, 501}, method=method, content=b"")
    headers = {"content-type": "application/json"}
    bodies: tuple[Any, ...] = ({}, [], {"prediction": "' OR 1=1 --", "verdict": "agree"}, {"prediction": ["a"], "verdict": "agree"},
                               {"prediction": "0" * 32, "verdict": "agree", "text": "\0" * 10},
                               {"prediction": "0" * 32, "verdict": "agree", "text": "\ud800"})  # fmt: skip
    for body in bodies:
        yield Attack(f"feedback {json.dumps(body)[:40]}", frozenset({404, 422}), path="/v1/feedback",
                     content=json.dumps(body).encode(), headers=headers)  # fmt: skip
    for body in ({}, {"inputs": []}, {"inputs": [{}]}, {"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}]},
                 {"inputs": [{"name": "a", "shape": [1], "datatype": "BYTES", "data": ["!"]}]},
                 {"inputs": [{"name": "a", "shape": [-1], "datatype": "BYTES", "data": []}]},
                 {"inputs": [{"name": "a", "shape": [10**30], "datatype": "BYTES", "data": ["AAAA"]}]},
                 {"inputs": [{"name": "a", "shape": [99], "datatype": "BYTES", "data": ["AAAA"] * 99}]}):  # fmt: skip
        yield Attack(f"infer {json.dumps(body)[:40]}", CLIENT_ERRORS, path="/v2/models/smn/infer",
                     content=json.dumps(body).encode(), headers=headers)  # fmt: skip
