"""The figures of serve.md, speed.md and many-machines.md in docs, from what benchmarks and deploy/check-image.sh kept.

python tools/figures/serving_page.py        draw the picture of docs/speed.md
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_BENCH = ROOT / "docs" / "results" / "bench"


def _load() -> str:
    file = _BENCH / "load.json"
    if not file.exists():
        return ""
    told = json.loads(file.read_text(encoding="utf-8"))
    if "default" not in told:
        return ""
    models = [told[name] for name in ("default", "fast")]
    seconds = [told["seconds"], told["seconds"] / 5]
    rows = (
        (f"{told['clients']} clients, {told['cores']} cores", [f"{one:.0f} s" for one in seconds]),
        ("pictures", [f"{one['pictures']:,}" for one in models]),
        ("a second", [f"{one['a_second']:.1f}" for one in models]),
        (
            "a second, the clients' processor time counted out",
            [f"{one['a_second_without_clients']:.1f}" for one in models],
        ),
        (
            "time to an answer, median and 99th percentile",
            [f"{one['p50_ms']:.0f} ms, {one['p99_ms']:.0f} ms" for one in models],
        ),
        ("errors, and turned away", [f"{one['errors']}, {one['turned_away']}" for one in models]),
        (
            "memory before and after",
            [f"{one['memory_before_mb']} MB, {one['memory_after_mb']} MB" for one in models],
        ),
        ("in batches against one by one, median ratio of pictures a second", [f"{told['batching_ratio']:.2f}", ""]),
    )
    lines = ["| what | default | fast |", "| --- | ---: | ---: |"]
    return "\n".join([*lines, *(f"| {what} | {' | '.join(cells)} |" for what, cells in rows)])


def _image() -> str:
    file = _BENCH / "image.txt"
    return f"```text\n{file.read_text(encoding='utf-8').strip()}\n```" if file.exists() else ""


_CONTENDERS = {
    "default": (
        "smn, `default`",
        "a transformer in 8 bits and a small convolutional network; upright, straightened, looked up",
    ),
    "fast": ("smn, `fast`", "the small convolutional network alone; the rest as above"),
    "keras-vgg16": ("VGG16, Keras on TensorFlow", "many large products in 32 bits, and a full decode"),
    "torch-efficientnet-b0": ("EfficientNet-B0, torch eager", "few products, many small operations without fusion"),
    "torch-resnet50": ("ResNet50, torch eager", "fewer products in 32 bits, and a full decode"),
    "torch-clip": ("CLIP ViT-B/32 with a linear head, torch eager", "large products on 50 tokens, in 32 bits"),
    "onnxruntime-clip": ("CLIP ViT-B/32 with a linear head, ONNX Runtime", "the same, as one optimised graph"),
    "pillow-draft": ("Pillow, draft decoding and resizing alone", "what no program that opens a JPEG so can be below"),
}
"""What is compared in docs/results/bench/compare.json, and what stands behind its time."""


_RATES = {"folder": "a folder, a second", "service": "a service, a second"}


def _compared() -> dict[str, Any]:
    file = _BENCH / "compare.json"
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return told


def _speed() -> str:
    threads = _compared().get("threads", {})
    if not threads:
        return ""
    rates = {title: _compared()[kind]["a_second"] for kind, title in _RATES.items() if kind in _compared()}
    lines = [
        f"| what answers | 1 thread | 2 threads | against `default` {''.join(f'| {title} ' for title in rates)}| "
        "what stands behind it |",
        f"| --- | ---: | ---: | ---: {'| ---: ' * len(rates)}| --- |",
    ]
    for name, (title, reason) in _CONTENDERS.items():
        one, two = (threads[count]["ms"].get(name) for count in ("1", "2"))
        if one is not None and two is not None:
            ratio = two / threads["2"]["ms"]["default"]
            each = "".join(f"| {rate[name]:.1f} " if name in rate else "| – " for rate in rates.values())
            lines.append(f"| {title} | {one:.0f} ms | {two:.0f} ms | {ratio:.2f} {each}| {reason} |")
    return "\n".join(lines)


def _machine() -> str:
    told = _compared().get("machine")
    if told is None:
        return ""
    named = ", ".join(told["instructions"]) or "none of those for networks"
    return f"Measured on {told['processor']} with two processors; its instructions: {named}."


def _limits() -> str:
    threads = _compared().get("threads", {})
    lines = ["| network | threads | multiply-accumulates, 8 and 32 bits | their time alone | the network | ratio |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    for count, told in threads.items():
        for name, limit in told["limits"].items():
            macs = " + ".join(f"{limit[f'{kind}_macs'] / 1e9:.2f}" for kind in ("int8", "float32"))
            network = told["ms"][f"{name}-network"]
            lines.append(
                f"| `{name}` | {count} | {macs} billion | {limit['least_ms']:.1f} ms | {network:.1f} ms | "
                f"{limit['ratio']:.1f} |"
            )
    return "\n".join(lines) if threads else ""


def _runtimes() -> str:
    threads = _compared().get("threads", {})
    lines = ["| runtime | threads | time | against ONNX Runtime | largest difference of a probability |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for count, told in threads.items():
        for name, title in _RUNTIMES.items():
            if (taken := told["ms"].get(name)) is not None:
                difference = told["differences"].get(name)
                cells = (title, count, f"{taken:.1f} ms", f"{taken / told['ms']['default-network']:.2f}")
                lines.append(f"| {' | '.join(cells)} | {'–' if difference is None else f'{difference:.3f}'} |")
    return "\n".join(lines) if threads else ""


_RUNTIMES = {
    "default-network": "ONNX Runtime, static 8 bits",
    "openvino-f32": "OpenVINO on the same file, 32 bits",
    "openvino-bf16": "OpenVINO on the same file, bf16",
}


def _many_machines() -> dict[str, Any]:
    file = _BENCH / "many-machines.json"
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return told


def _killed() -> str:
    told = _many_machines().get("killed")
    if told is None:
        return ""
    done = ", ".join(f"the {one['killed']} after {one['partitions_done']}" for one in told["kills"])
    rows = (
        ("pictures, partitions", f"{told['pictures']:,}, {told['partitions']}"),
        ("killed, after how many partitions", done),
        ("rows; missing; doubled", f"{told['rows']:,}; {told['missing']}; {told['doubled']}"),
        ("rows that differ from those of one machine", str(told["different"])),
        ("failures as rows", str(told["failures_as_rows"])),
        ("partitions kept when the driver died; computed again", f"{told['kept']}; {told['computed_again']}"),
    )
    return "\n".join(["| what | |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in rows)])


def _scaling() -> str:
    told = _many_machines().get("scaling")
    if told is None:
        return ""
    one, two = (told["a_second"][count] for count in ("1", "2"))
    rows = (
        ("pictures a second, 1 worker", f"{one:.1f}"),
        ("pictures a second, 2 workers", f"{two:.1f}, {two / one:.2f} times as many"),
        (
            "load average meanwhile, other programs included",
            f"{told['load_average']:.1f} on {told['processors']} processors",
        ),
        ("processor time of a picture", f"{told['processor_ms_a_picture']:.0f} ms"),
        ("memory of a worker, at most", f"{told['worker_peak_mb']:,} MB"),
    )
    return "\n".join(["| what | |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in rows)])


def _plan() -> str:
    plans = _many_machines().get("plan", [])
    lines = [
        "| pictures | processors | hours | processor hours | read | written | list in the driver | a set of ids |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in plans:
        cells = (
            f"{one['pictures']:,}", f"{one['processors']:,}", f"{one['hours']:,.2f}", f"{one['processor_hours']:,}",
            f"{one['read_mb_a_second']:,} MB a second", f"{one['output_gb']:.1f} GB", f"{one['list_gb']:.1f} GB",
            f"{one['set_of_ids_gb']:.3f} GB",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) if plans else ""


def draw() -> None:
    """Draw how long each takes with two threads."""
    from smn.style import ACCENT, FAINT, INK, draw_picture

    told = _compared()["threads"]["2"]["ms"]
    names = sorted((name for name in _CONTENDERS if name in told), key=lambda name: -told[name])
    with draw_picture(ROOT / "docs" / "images" / "speed.png", width=7.0, height=0.34 * len(names) + 0.9) as figure:
        axes = figure.add_axes((0.46, 0.16, 0.46, 0.72))
        for place, name in enumerate(names):
            own = name in {"default", "fast"}
            axes.barh(place, told[name], height=0.55, color=ACCENT if own else FAINT)
            axes.text(told[name], place, f" {told[name]:.0f} ms", va="center", fontsize=7.5, color=INK)
        axes.set_yticks(range(len(names)), [_CONTENDERS[name][0].replace("`", "") for name in names])
        axes.set_xlabel("a 2-megapixel JPEG from file to answer, two threads, median")
        axes.set_xlim(0, 1.15 * max(told[name] for name in names))


TABLES: Mapping[str, Callable[[], str]] = {
    "load": _load,
    "image": _image,
    "speed": _speed,
    "speed-machine": _machine,
    "speed-limits": _limits,
    "speed-runtimes": _runtimes,
    "killed": _killed,
    "scaling": _scaling,
    "plan": _plan,
}


if __name__ == "__main__":
    draw()
