"""Networks that answer together."""

import numpy as np
import pytest
import torch

from smn.errors import InputError
from smn.images.preprocess import PreprocessSpec
from smn.models import build_classifier, build_cnn
from smn.models.ensemble import Ensemble


def test_the_answer_is_the_geometric_mean_of_the_members() -> None:
    torch.manual_seed(0)
    members = [build_cnn((4, 8), classes=3).eval() for _ in range(2)]
    for member in members:
        torch.nn.init.normal_(member.painting.weight)
        for parameter in member.head.parameters():
            torch.nn.init.normal_(parameter)
    images = torch.randn(5, 3, 32, 32)
    with torch.inference_mode():
        logits, painting, embedding = Ensemble(members).eval()(images)
        first, second = (member(images) for member in members)
    product = (first[0].softmax(1) * second[0].softmax(1)).sqrt()
    assert torch.allclose(logits.softmax(1), product / product.sum(1, keepdim=True), atol=1e-6)
    assert torch.allclose(painting, (first[1] + second[1]) / 2)
    assert torch.equal(embedding, first[2])


def test_one_member_answers_as_it_would_alone() -> None:
    torch.manual_seed(1)
    member = build_cnn((4, 8), classes=3).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(Ensemble([member])(images)[0].softmax(1), member(images)[0].softmax(1))


def test_no_members_are_refused() -> None:
    with pytest.raises(InputError, match="0 members; give it one"):
        Ensemble([])


def test_the_evidence_is_the_mean_of_the_members_evidence() -> None:
    members = [build_classifier("lite0", levels=(0, 7), classes=3, pretrained=False)[0].eval() for _ in range(2)]
    for member in members:
        torch.nn.init.normal_(member.head.weight)
    images = torch.randn(1, 3, 64, 64)
    ensemble = Ensemble(members).eval()
    assert ensemble.explains
    with torch.inference_mode():
        logits, _, _, evidence = ensemble.explain(images)
        assert torch.allclose(evidence, sum(member.explain(images)[3] for member in members) / 2, atol=1e-5)
        assert torch.allclose(logits, ensemble(images)[0], atol=1e-5)
    assert not Ensemble([build_cnn((4, 8), classes=3)]).explains


def test_evidence_on_grids_of_two_sizes_keeps_the_mean_of_every_map() -> None:
    fine = build_classifier("lite0", levels=(0, 2), classes=3, pretrained=False)[0].eval()
    coarse = build_classifier("lite0", levels=(0, 7), classes=3, pretrained=False)[0].eval()
    for member in (fine, coarse):
        torch.nn.init.normal_(member.head.weight)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        first, second, both = (one.explain(images)[3] for one in (fine, coarse, Ensemble([coarse, fine]).eval()))
    assert first.shape[-1] > second.shape[-1]
    assert both.shape == first.shape
    expected = (first.mean((2, 3)) + second.mean((2, 3))) / 2
    assert torch.allclose(both.mean((2, 3)), expected, atol=1e-4)


def test_each_member_sees_the_picture_normalised_as_it_was_trained() -> None:
    torch.manual_seed(2)
    members = [build_cnn((4, 8), classes=3).eval() for _ in range(2)]
    for member in members:
        torch.nn.init.normal_(member.head.weight)
    specs = [PreprocessSpec(size=32), PreprocessSpec(size=32, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))]
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    inputs = [torch.from_numpy(spec.normalise(pixels)) for spec in specs]
    with torch.inference_mode():
        logits = Ensemble(members, specs=specs).eval()(inputs[0])[0]
        own = [member(images)[0].log_softmax(1) for member, images in zip(members, inputs, strict=True)]
        as_the_first = members[1](inputs[0])[0].log_softmax(1)
    assert torch.allclose(logits, (own[0] + own[1]) / 2, atol=1e-5)
    assert not torch.allclose(own[1], as_the_first, atol=1e-2)
