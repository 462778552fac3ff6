"""Reads back what ``smn catalogue`` wrote, by programs and libraries that have nothing to do with smn."""

import json
import os
import subprocess
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from PIL import Image, IptcImagePlugin

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP_FIELDS = (
    "http://purl.org/dc/elements/1.1/subject",
    "http://ns.adobe.com/lightroom/1.0/hierarchicalSubject",
    "http://www.digikam.org/ns/1.0/TagsList",
)
"""The properties of XMP that hold keywords; everywhere here in this order."""

# A IIIF annotation page of tags, by W3C's Web Annotation Data Model and IIIF Presentation 3; nothing else may be there.
PAGE_SCHEMA: dict[str, Any] = {
    "type": "object", "additionalProperties": False, "required": ["@context", "id", "type", "items"],
    "properties": {
        "@context": {"const": "http://iiif.io/api/presentation/3/context.json"},
        "id": {"type": "string", "pattern": "^https?://[^#]+$"}, "type": {"const": "AnnotationPage"},
        "items": {"type": "array", "minItems": 1, "items": {
            "type": "object", "additionalProperties": False, "required": ["id", "type", "motivation", "body", "target"],
            "properties": {
                "id": {"type": "string", "pattern": "^https?://"}, "type": {"const": "Annotation"},
                "motivation": {"enum": ["tagging", "classifying", "describing"]},
                "target": {"type": "string", "pattern": "^https?://"},
                "generator": {"required": ["id", "type"], "properties": {"type": {"const": "Software"}}},
                "body": {"type": "array", "items": {"oneOf": [
                    {"additionalProperties": False, "required": ["type", "value"], "properties": {
                        "type": {"const": "TextualBody"}, "value": {"type": "string"},
                        "format": {"const": "text/plain"}, "language": {"const": "en"},
                        "purpose": {"enum": ["tagging", "describing"]}}},
                    {"additionalProperties": False, "required": ["type", "source"], "properties": {
                        "type": {"const": "SpecificResource"}, "purpose": {"const": "classifying"},
                        "source": {"pattern": "^http://www.wikidata.org/entity/Q[1-9][0-9]*$"}}},
                ]}},
            },
        }},
    },
}  # fmt: skip

_TYPE = {
    "type": "object", "additionalProperties": False, "required": ["id", "type"],
    "properties": {
        "id": {"type": "string", "pattern": "^https?://"}, "type": {"const": "Type"}, "_label": {"type": "string"},
        "identified_by": {"type": "array"}, "classified_as": {"type": "array", "items": {"$ref": "#/$defs/type"}},
    },
}  # fmt: skip
# A physical object of the Linked Art API 1.0: what an object, a type and a statement must have, and may have here.
OBJECT_SCHEMA: dict[str, Any] = {
    "$defs": {"type": _TYPE},
    "type": "object", "additionalProperties": False, "required": ["@context", "id", "type", "_label"],
    "properties": {
        "@context": {"const": "https://linked.art/ns/v1/linked-art.json"},
        "id": {"type": "string", "pattern": "^https?://[^ ]+$"}, "type": {"const": "HumanMadeObject"},
        "_label": {"type": "string", "minLength": 1},
        "classified_as": {"type": "array", "items": {"$ref": "#/$defs/type"}},
        "referred_to_by": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["type", "content"],
            "properties": {
                "type": {"const": "LinguisticObject"}, "content": {"type": "string"}, "_label": {"type": "string"},
                "classified_as": {"type": "array", "items": {"$ref": "#/$defs/type"}},
            },
        }},
    },
}  # fmt: skip


def read_by_exiftool(folder: Path) -> dict[str, tuple[list[str], ...]]:
    """The keywords of every file below a folder: those of `XMP_FIELDS`, and of IPTC.

    Keys are the paths as exiftool writes them: a byte that is no UTF-8 is a question mark, see `exiftool_name`.
    """
    names = ("XMP-dc:Subject", "XMP-lr:HierarchicalSubject", "XMP-digiKam:TagsList", "IPTC:Keywords")
    words = ["exiftool", "-json", "-struct", "-q", "-r", *(f"-{name}" for name in names), str(folder)]
    done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - it fails where a picture is broken
    keys = [name.partition(":")[2] for name in names]
    rows = json.loads(done.stdout.decode("utf-8"))
    return {row["SourceFile"]: tuple(_as_list(row.get(key)) for key in keys) for row in rows}


def tell_readers() -> dict[str, tuple[str, ...]]:
    """By what keywords and tables are read, with versions."""
    done = subprocess.run(["exiftool", "-ver"], capture_output=True, check=True, text=True)  # noqa: S607 - on the path
    return {
        "keywords": (f"ExifTool {done.stdout.strip()}", f"rdflib {version('rdflib')}", f"Pillow {version('pillow')}"),
        "tables": (f"openpyxl {version('openpyxl')}", f"pyarrow {version('pyarrow')}"),
    }


def exiftool_name(path: Path) -> str:
    """A path as `read_by_exiftool` has it."""
    return os.fspath(path).encode("utf-8", "replace").decode("utf-8")


def _as_list(value: object) -> list[str]:
    return [] if value is None else [str(one) for one in value] if isinstance(value, list) else [str(value)]


def read_by_rdflib(xmp: bytes) -> tuple[list[str], ...]:
    """The keywords in XMP, of each of `XMP_FIELDS`."""
    from rdflib import Graph, URIRef

    root = ET.fromstring(xmp.strip(b"\0").decode("utf-8"))  # noqa: S314 - smn wrote it
    block = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
    if block is None:
        raise AssertionError("XMP without rdf:RDF")
    graph = Graph().parse(data=ET.tostring(block, encoding="unicode"), format="xml")
    found = []
    for name in XMP_FIELDS:
        items = [
            (int(str(key).rpartition("_")[2]), str(value))
            for bag in graph.objects(None, URIRef(name))
            for key, value in graph.predicate_objects(bag)
            if str(key).startswith(f"{_RDF}_")
        ]
        found.append([value for _, value in sorted(items)])
    return tuple(found)


def read_by_pillow(picture: Path) -> tuple[bytes, tuple[list[str], ...], list[str]]:
    """The pixels of a picture, its keywords of `XMP_FIELDS` by rdflib, and those of IPTC."""
    with Image.open(BytesIO(picture.read_bytes())) as image:
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
        told = IptcImagePlugin.getiptcinfo(image) or {}
        iptc = told.get((2, 25), [])
        pixels = image.tobytes() + bytes(getattr(image, "n_frames", 1))
    data = xmp.encode() if isinstance(xmp, str) else xmp
    words = iptc if isinstance(iptc, list) else [iptc]
    return pixels, read_by_rdflib(data) if data else ([], [], []), [word.decode() for word in words]


def make_annotation_check() -> tuple[Callable[[Mapping[str, Any]], None], tuple[str, ...]]:
    """A function that raises unless an annotation page is valid, and what it checks by.

    iiif-prezi3, whose classes are generated from IIIF's own schema, is asked where it is installed.
    """
    import jsonschema

    schema = jsonschema.Draft202012Validator(PAGE_SCHEMA)
    try:
        from iiif_prezi3 import AnnotationPage
    except ImportError:
        return schema.validate, (f"jsonschema {version('jsonschema')}",)

    def check(page: Mapping[str, Any]) -> None:
        schema.validate(page)
        AnnotationPage.model_validate_json(json.dumps(page))

    return check, (f"jsonschema {version('jsonschema')}", f"iiif-prezi3 {version('iiif-prezi3')}")


def make_linked_art_check() -> tuple[Callable[[Mapping[str, Any]], None], tuple[str, ...]]:
    """A function that raises unless a Linked Art record is valid, and what it checks by."""
    import jsonschema

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own imports
        from cromulent import reader

    schema, factory = jsonschema.Draft202012Validator(OBJECT_SCHEMA), reader.Reader()

    def check(record: Mapping[str, Any]) -> None:
        schema.validate(record)
        factory.read(json.dumps(record))  # refuses properties and classes that the model does not have

    return check, (f"jsonschema {version('jsonschema')}", f"cromulent {version('cromulent')}")


def read_xlsx(file: Path) -> list[dict[str, Any]]:
    """The rows of the first sheet by openpyxl; no cell may be a formula."""
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True)
    lines: Iterable[Any] = book.worksheets[0].iter_rows()
    header, *rows = ([cell.value for cell in line if cell.data_type != "f"] for line in lines)
    book.close()
    return [dict(zip(header, row, strict=True)) for row in rows]
