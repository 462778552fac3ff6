"""Where a network computes, and in which numbers: 16 bits where the hardware has them, else 32.

The weights, their averages and the optimiser's state are always kept in 32 bits; see Micikevicius et al. 2018.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from smn.errors import InputError

_CPU_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""What torch calls the instructions of x86 and of ARM that compute in bfloat16."""


def list_devices() -> tuple[str, ...]:
    """The kinds of devices that this machine has, the fastest first."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return tuple(device for device, there in found.items() if there)


def choose_device(wanted: str, *, available: Sequence[str]) -> str:
    """The device to compute on.

    Args:
        wanted: ``"cuda"``, ``"mps"``, ``"cpu"``, or ``"auto"`` for the fastest.
        available: see `list_devices`.

    Raises:
        InputError: this machine does not have it.
    """
    if wanted == "auto":
        return available[0]
    if wanted not in available:
        raise InputError(
            f"This machine has no device {wanted!r} that torch can use; it has {', '.join(available)}. "
            "Choose one of them, or auto for the fastest."
        )
    return wanted


def has_bfloat16(device: str) -> bool:
    """Whether a device computes in bfloat16 by itself, and not by imitating it slowly.

    Versions of torch that cannot tell what a CPU is capable of compute in 32 bits there.
    """
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "mps":
        return torch.backends.mps.is_macos_or_newer(14, 0)
    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in _CPU_BFLOAT16)


def choose_dtype(device: str, *, bfloat16: bool) -> torch.dtype:
    """The numbers for convolutions and products of matrices: bfloat16, else float16 on CUDA, else float32."""
    if bfloat16:
        return torch.bfloat16
    return torch.float16 if device == "cuda" else torch.float32


def device_of(module: nn.Module) -> torch.device:
    """Where a network computes: where its first parameter is."""
    return next(module.parameters()).device


def autocast(device: torch.device) -> torch.autocast:
    """A block in which networks compute in the numbers that suit the device."""
    dtype = choose_dtype(device.type, bfloat16=has_bfloat16(device.type))
    if dtype is torch.float32:
        return torch.autocast(device.type, enabled=False)
    return torch.autocast(device.type, dtype)


def build_scaler(device: torch.device) -> torch.amp.GradScaler:
    """What keeps small gradients from vanishing in float16; it does nothing where other numbers are used."""
    dtype = choose_dtype(device.type, bfloat16=has_bfloat16(device.type))
    return torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)
