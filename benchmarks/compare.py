"""Compares smn with what anyone would use instead, and with what the machine allows, all in one run.

    python benchmarks/compare.py [--others PYTHON] [--rounds 15] [--out docs/results/bench/compare.json]

Every contender answers for the same 2-megapixel JPEG, from file to 25 probabilities, in a process of its own with one
or two threads, then for a folder of such pictures, in batches, and then as a web service that eight clients ask: smn by
`smn serve`, the others behind the standard library's server. The processes take turns, so that a busy moment meets all
of them, with a pause in which the threads of the one before stop waiting for more. The others' weights are random: only
their speed is compared. TensorFlow and OpenVINO are no extras of smn; name a Python that has them, or they
are left out.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Semaphore
from typing import Any

import numpy as np
from numpy.typing import NDArray

Answer = Callable[[str], Any]
"""Answers for a file; those of `FOLDER` for all files of a folder, too."""
CLASSES = 25


def _smn(name: str) -> Answer:
    import smn

    model = smn.load(name)
    return lambda path: list(model.predict_many(path)) if Path(path).is_dir() else model.predict(path).predictions


def _keras_vgg16() -> Answer:
    import keras

    network = keras.applications.VGG16(weights=None, classes=CLASSES)
    prepare = keras.applications.vgg16.preprocess_input

    def answer(path: str) -> Any:
        if Path(path).is_dir():
            pictures = keras.utils.image_dataset_from_directory(
                path, labels=None, image_size=(224, 224), batch_size=_BATCH, shuffle=False, verbose=False
            )
            return network.predict(pictures.map(prepare), verbose=0)
        pixels = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(224, 224)))
        return network.predict(prepare(pixels[None]), verbose=0)

    return answer


def _read(file: str) -> NDArray[np.float32]:
    """As torchvision's usual transform does: decoded in full, resized, normalised."""
    from PIL import Image

    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC), dtype=np.float32)
    return np.ascontiguousarray(((pixels / 255.0 - 0.5) / 0.25).transpose(2, 0, 1)[None], dtype=np.float32)


def _read_and_run(path: str, run: Callable[[NDArray[np.float32]], Any]) -> Any:
    """Run a network on a file, or on a folder in batches, whose files are decoded ahead."""
    if not Path(path).is_dir():
        return run(_read(path))
    with ThreadPoolExecutor(int(os.environ["OMP_NUM_THREADS"])) as pool:
        pictures = pool.map(_read, map(str, sorted(Path(path).iterdir())))
        return [run(np.concatenate(batch)) for batch in iter(lambda: list(islice(pictures, _BATCH)), [])]


def _torch(name: str) -> Answer:
    import timm
    import torch

    network = timm.create_model(name, num_classes=CLASSES).eval()

    def run(batch: NDArray[np.float32]) -> Any:
        with torch.inference_mode():
            return network(torch.from_numpy(batch)).softmax(1).numpy()

    return lambda path: _read_and_run(path, run)


def _onnxruntime_clip() -> Answer:
    import onnxruntime
    import timm
    import torch

    network = timm.create_model("vit_base_patch32_clip_224", num_classes=CLASSES).eval()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clip.onnx"
        torch.onnx.export(
            network, (torch.zeros(2, 3, 224, 224),), file, input_names=["image"], verbose=False,
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        )  # fmt: skip
        session = onnxruntime.InferenceSession(file, _session_options(), providers=["CPUExecutionProvider"])
    return lambda path: _read_and_run(path, lambda batch: session.run(None, {"image": batch}))


def _session_options() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.log_severity_level = 4
    return options


def _pillow_draft() -> Answer:
    from PIL import Image

    def answer(file: str) -> Any:
        with Image.open(file) as image:
            image.draft("RGB", (448, 448))
            return image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)

    return answer


def _network(name: str) -> Answer:
    import smn

    model = smn.load(name)
    batch: list[Any] = []

    def answer(file: str) -> Any:
        if not batch:
            batch.append(model.preprocess(file)[0][None])
        return model.runtime.run(batch[0])

    return answer


def _openvino(precision: str) -> Answer:
    """The network of default by another runtime; how far its probabilities are from ONNX Runtime's is told beside."""
    import openvino

    import smn
    from smn.confidence.calibration import softmax
    from smn.examples import list_examples, paint

    model = smn.load()
    hints = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    hints["INFERENCE_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
    compiled = openvino.Core().compile_model(str(model.bundle.model_file), "CPU", hints)
    asked = compiled.create_infer_request()

    def ask(batch: NDArray[np.float32]) -> NDArray[np.float64]:
        return softmax(asked.infer({"image": batch})["logits"], temperature=model.bundle.temperature)

    batches = [model.preprocess(paint(name, seed=0))[0][None] for name in list_examples()]
    known = [softmax(model.runtime.run(batch).logits, temperature=model.bundle.temperature) for batch in batches]
    largest = max(float(np.abs(ask(batch) - one).max()) for batch, one in zip(batches, known, strict=True))
    print(f"difference {largest:.4f}", flush=True)
    return lambda _: ask(batches[0])


def _product(kind: str) -> Answer:
    """A product of two 1536 x 1536 matrices by the runtime that the models use."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    side, random = _GEMM_SIDE, np.random.default_rng(0)
    if kind == "float32":
        weights = [numpy_helper.from_array(random.normal(size=(side, side)).astype(np.float32), "b")]
        node = helper.make_node("MatMul", ["a", "b"], ["y"])
        types = (TensorProto.FLOAT, TensorProto.FLOAT)
        values: NDArray[Any] = random.normal(size=(side, side)).astype(np.float32)
    else:
        weights = [numpy_helper.from_array(random.integers(-127, 127, (side, side), dtype=np.int8), "b")]
        node = helper.make_node("MatMulInteger", ["a", "b"], ["y"])
        types = (TensorProto.UINT8, TensorProto.INT32)
        values = random.integers(0, 255, (side, side), dtype=np.uint8)
    shapes = [helper.make_tensor_value_info(n, t, [side, side]) for n, t in zip("ay", types, strict=True)]
    graph = helper.make_graph([node], "product", shapes[:1], shapes[1:], weights)
    opsets = [helper.make_opsetid("", 20)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    session = onnxruntime.InferenceSession(made, _session_options(), providers=["CPUExecutionProvider"])
    return lambda _: session.run(None, {"a": values})


_GEMM_SIDE = 1536
_PAUSE = 0.3  # seconds
_BATCH = 16
_PICTURES, _FOLDER_ROUNDS = 64, 3
_CLIENTS, _SERVICE_SECONDS, _SERVICE_ROUNDS = 8, 8.0, 3

CONTENDERS: Mapping[str, tuple[str, Callable[[], Answer]]] = {
    "default": ("smn, default", lambda: _smn("default")),
    "fast": ("smn, fast", lambda: _smn("fast")),
    "keras-vgg16": ("VGG16, Keras on TensorFlow", _keras_vgg16),
    "torch-efficientnet-b0": ("EfficientNet-B0, torch eager", lambda: _torch("efficientnet_b0")),
    "torch-resnet50": ("ResNet50, torch eager", lambda: _torch("resnet50")),
    "torch-clip": ("CLIP ViT-B/32 with a linear head, torch eager", lambda: _torch("vit_base_patch32_clip_224")),
    "onnxruntime-clip": ("CLIP ViT-B/32 with a linear head, ONNX Runtime", _onnxruntime_clip),
    "default-network": ("the network of default alone", lambda: _network("default")),
    "fast-network": ("the network of fast alone", lambda: _network("fast")),
    "openvino-f32": ("the network of default by OpenVINO, 32 bits", lambda: _openvino("f32")),
    "openvino-bf16": ("the network of default by OpenVINO, bf16", lambda: _openvino("bf16")),
    "pillow-draft": ("Pillow: draft decoding and resizing alone", _pillow_draft),
    "gemm-float32": ("a product of matrices, 32 bits", lambda: _product("float32")),
    "gemm-int8": ("a product of matrices, 8 bits", lambda: _product("int8")),
}
"""By their names: what the table calls them, and what opens them."""

FOLDER = tuple(CONTENDERS)[:7]
"""Those that answer for a folder, and as a service, too."""


def work(name: str) -> None:
    """Be one contender: answer for each file or folder named on standard input, and write the seconds that it took."""
    answer = CONTENDERS[name][1]()
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        answer(line.strip())
        print(time.perf_counter() - started, flush=True)


def serve(name: str) -> None:
    """Be one contender as a web service, which answers for two pictures at once, and write its address."""
    answer, turns = CONTENDERS[name][1](), Semaphore(2)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
                file.write(self.rfile.read(int(self.headers["Content-Length"])))
                file.flush()
                with turns:
                    answer(file.name)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def count_products(model: Path) -> dict[str, float]:
    """Multiply-accumulates of a graph for one picture, of its products and convolutions by their number format."""
    import onnx

    graph = onnx.load(model).graph
    for value in graph.input:
        value.type.tensor_type.shape.dim[0].ClearField("dim_param")
        value.type.tensor_type.shape.dim[0].dim_value = 1
    shaped = onnx.shape_inference.infer_shapes(onnx.helper.make_model(graph), data_prop=True).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in shaped.initializer}
    for value in [*shaped.value_info, *shaped.input, *shaped.output]:
        shapes[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    makers = {name: node for node in shaped.node for name in node.output}
    counted = {"int8": 0.0, "float32": 0.0}
    for node in shaped.node:
        if node.op_type not in {"MatMul", "Gemm", "Conv"}:
            continue
        made, weights = (np.prod(shapes.get(name) or [0]) for name in (node.output[0], node.input[1]))
        inner = (shapes.get(node.input[0]) or [0])[-1]
        each = weights / shapes[node.input[1]][0] if node.op_type == "Conv" else inner
        quantised = node.op_type == "MatMul" and all(
            name in makers and makers[name].op_type == "DequantizeLinear" for name in node.input
        )
        counted["int8" if quantised else "float32"] += float(made * each)
    return counted


class Contender:
    """A contender's process.

    Args:
        name: one of `CONTENDERS`.
        threads: how many it may use.
        others: a Python that has what smn's own has not.
        command: ``--work`` answers through standard input, ``--serve`` as a web service, whose address is ``said``.

    Raises:
        OSError: it does not start.
    """

    def __init__(self, name: str, *, threads: int, others: str | None, command: str = "--work") -> None:
        foreign = name.startswith(("keras", "openvino"))
        limits = {"OMP_NUM_THREADS": str(threads), "TF_NUM_INTRAOP_THREADS": str(threads)}
        limits |= {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
        if foreign and others is None:
            raise OSError("no Python was named that has it")
        cores = sorted(os.sched_getaffinity(0))[:threads]
        self._process = subprocess.Popen(  # noqa: S603 - ours
            [others if foreign and others else sys.executable, __file__, command, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **limits}, preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509
        )  # fmt: skip
        self.difference: float | None = None
        while (line := self._read()).startswith("difference"):
            self.difference = float(line.split()[-1])
        if not line:
            raise OSError("its process ended")
        self.said = line

    def _read(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""

    def time(self, file: Path) -> float:
        """Seconds that it takes to answer."""
        if self._process.stdin is not None:
            print(file, file=self._process.stdin, flush=True)
        return float(self._read())

    def stop(self) -> None:
        """End its process."""
        self._process.kill()


def race(
    path: Path, *, threads: int, rounds: int, others: str | None, names: Iterable[str] = CONTENDERS, warm: int = 2
) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each contender, which take turns, and differences; the ``warm`` first rounds do not count."""
    running: dict[str, Contender] = {}
    for name in names:
        try:
            running[name] = Contender(name, threads=threads, others=others)
        except OSError as error:
            print(f"{CONTENDERS[name][0]} is left out: {error}.", file=sys.stderr)
    times: dict[str, list[float]] = {name: [] for name in running}
    for turn in range(rounds + warm):
        for name, contender in running.items():
            time.sleep(_PAUSE)
            seconds = contender.time(path)
            if turn >= warm:
                times[name].append(seconds)
    for contender in running.values():
        contender.stop()
    differences = {name: one.difference for name, one in running.items() if one.difference is not None}
    return {name: statistics.median(taken) for name, taken in times.items()}, differences


def find_limits(medians: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """For each model: multiply-accumulates, the time that products alone would take, and the network's ratio to it."""
    from smn.bundle import DEFAULT

    rates = {kind: _GEMM_SIDE**3 / medians[f"gemm-{kind}"] for kind in ("int8", "float32")}
    limits = {}
    for name in ("default", "fast"):
        counted = count_products(DEFAULT.with_name(name) / "model.onnx")
        least = sum(count / rates[kind] for kind, count in counted.items())
        limits[name] = {f"{kind}_macs": count for kind, count in counted.items()}
        limits[name] |= {"least_ms": round(1000 * least, 2), "ratio": round(medians[f"{name}-network"] / least, 2)}
    return limits


def race_folder(file: Path, *, others: str | None) -> dict[str, Any]:
    """Pictures a second of a folder of copies, with two threads."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(_PICTURES):
            shutil.copy(file, Path(folder) / f"{number:03d}.jpg")
        medians, _ = race(Path(folder), threads=2, rounds=_FOLDER_ROUNDS, others=others, names=FOLDER, warm=1)
    return {"pictures": _PICTURES, "a_second": {name: round(_PICTURES / taken, 2) for name, taken in medians.items()}}


def race_service(file: Path, *, others: str | None) -> dict[str, Any]:
    """Pictures a second of each as a web service, whose clients run on the same processors."""
    from load import press, run_service

    from smn.bundle import DEFAULT

    rates: dict[str, list[float]] = {}
    with ExitStack() as running:
        addresses = {}
        for name in FOLDER:
            if name in {"default", "fast"}:
                served = run_service(SMN_BUNDLE=str(DEFAULT.with_name(name)))
                addresses[name] = running.enter_context(served)[0]
            elif others is not None or not name.startswith("keras"):
                contender = Contender(name, threads=2, others=others, command="--serve")
                running.callback(contender.stop)
                addresses[name] = contender.said
        for turn in range(_SERVICE_ROUNDS + 1):
            for name, address in addresses.items():
                time.sleep(_PAUSE)
                told = asyncio.run(press(address, [file.read_bytes()], _SERVICE_SECONDS, clients=_CLIENTS))
                if told["errors"] or told["turned_away"]:
                    raise RuntimeError(f"The service {name} failed: {told}.")
                if turn:
                    rates.setdefault(name, []).append(told["a_second"])
    return {"clients": _CLIENTS, "a_second": {name: statistics.median(taken) for name, taken in rates.items()}}


def describe_machine() -> dict[str, Any]:
    """The processor's name and its instructions for networks, on Linux; the ratios differ from machine to machine."""
    file = Path("/proc/cpuinfo")
    said = file.read_text(encoding="utf-8") if file.exists() else ""
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in said.splitlines())}
    flags = set(told.get("flags", "").split())
    useful = [
        flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if flag in flags
    ]
    return {"processor": told.get("model name", "unknown"), "instructions": useful}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--others", metavar="PYTHON", help="a Python that has tensorflow and openvino, too")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("--serve", choices=FOLDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work or options.serve:
        (work if options.work else serve)(options.work or options.serve)
        return
    from smn.examples import paint

    told: dict[str, Any] = {"machine": describe_machine(), "rounds": options.rounds, "threads": {}}
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "two-megapixels.jpg"
        paint("impressionism", size=(1600, 1250)).save(file, "JPEG", quality=90)
        for threads in (1, 2):
            medians, differences = race(file, threads=threads, rounds=options.rounds, others=options.others)
            milliseconds = {name: round(1000 * median, 2) for name, median in medians.items()}
            told["threads"][str(threads)] = {
                "ms": milliseconds,
                "limits": find_limits(medians),
                "differences": differences,
            }
            print(f"{threads} thread{'s' if threads > 1 else ''}, medians of {options.rounds} turns:")
            for name, median in milliseconds.items():
                print(f"  {median:8.1f} ms  {median / milliseconds['default']:6.2f} x default  {CONTENDERS[name][0]}")
            for name, limit in told["threads"][str(threads)]["limits"].items():
                print(f"  the network of {name} takes {limit['ratio']:.2f} times what its products alone would take")
        told["folder"] = race_folder(file, others=options.others)
        print(f"a folder of {_PICTURES}, pictures a second:")
        for name, rate in told["folder"]["a_second"].items():
            print(f"  {rate:8.1f}  {CONTENDERS[name][0]}")
        told["service"] = race_service(file, others=options.others)
        print(f"a service that {_CLIENTS} clients ask, pictures a second:")
        for name, rate in told["service"]["a_second"].items():
            print(f"  {rate:8.1f}  {CONTENDERS[name][0]}")
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
