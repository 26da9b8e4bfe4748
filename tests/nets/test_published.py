"""Loading a checkpoint by its published names: complete, strict, and plain about what is wrong."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.nets.large import SMALL, LargeNet  # noqa: E402
from velodepth.nets.published import from_published, published_name  # noqa: E402


@pytest.fixture(scope="module")
def tensors() -> dict[str, torch.Tensor]:
    """A checkpoint of the small size, by published name; one page of memory for all its values."""
    with torch.device("meta"):
        net = LargeNet(SMALL)
    return {published_name(k): torch.zeros(()).expand(v.shape) for k, v in net.state_dict().items()}


def test_every_tensor_has_a_name_of_its_own(tensors):
    with torch.device("meta"):
        assert len(tensors) == len(LargeNet(SMALL).state_dict())


@pytest.mark.parametrize(
    ("ours", "published"),
    [
        ("encoder.blocks.3.attention.qkv.weight", "pixel_encoder.blocks.3.attn.qkv.weight"),
        ("encoder.blocks.11.scale2", "pixel_encoder.blocks.11.ls2.gamma"),
        ("camera.split.0.weight", "pixel_decoder.angular_module.project_pin.weight"),
        ("camera.mix.1.scale1", "pixel_decoder.angular_module.aggregate2.ls1_1.gamma"),
        ("prompts.2.mlp.expand.bias", "pixel_decoder.radial_module.prompt_camera.2.layers.0.mlp.proj1.bias"),
        ("decoder.ups.1.0.gamma", "pixel_decoder.radial_module.ups.1.convs.0.gamma"),
        ("decoder.log_radius.norm.bias", "pixel_decoder.radial_module.depth_mlp.2.0.bias"),
        ("decoder.log_confidence.last.weight", "pixel_decoder.radial_module.to_confidence_hr.2.weight"),
        ("observer.picture_stages.2.blocks.5.response.beta", "small_encoder.encoder_rgb.stages.2.5.grn.beta"),
        ("corrections.3.gate.3.weight", "pixel_decoder.radial_module.fusion.3.merge.in_flow.3.weight"),
    ],
)
def test_names(ours, published):
    assert published_name(ours) == published


def test_values_arrive_in_float32(tensors):
    name = "pixel_decoder.radial_module.to_latents.bias"
    net = from_published({**tensors, name: torch.arange(128, dtype=torch.float16)})
    assert net.decoder.start.bias.dtype == torch.float32
    assert net.decoder.start.bias.tolist() == list(range(128))


def test_idle_and_teacher_tensors_may_be_there(tensors):
    more = ("raft.fnet.conv1.weight", "pixel_encoder.mask_token", "pixel_encoder.register_tokens")
    from_published({**tensors, **dict.fromkeys((*more, "pixel_decoder.level_embeds"), torch.zeros(1))})


def test_a_missing_tensor_is_listed(tensors):
    lost = {"pixel_encoder.norm.bias", "small_encoder.flow_proj.0.1.weight"}
    with pytest.raises(VeloDepthError) as raised:
        from_published({name: tensor for name, tensor in tensors.items() if name not in lost})
    assert "missing: pixel_encoder.norm.bias, small_encoder.flow_proj.0.1.weight" in str(raised.value)


def test_an_unexpected_tensor_is_listed(tensors):
    with pytest.raises(VeloDepthError, match=r"unexpected: pixel_encoder.blocks.12.norm1.bias, teacher.x"):
        from_published(
            {**tensors, "teacher.x": torch.zeros(1), "pixel_encoder.blocks.12.norm1.bias": torch.zeros(384)}
        )


def test_a_misshapen_tensor_is_listed_with_both_shapes(tensors):
    name = "pixel_decoder.radial_module.to_latents.weight"
    with pytest.raises(VeloDepthError, match=rf"misshapen: {name} \(128, 64\) instead of \(128, 128\)"):
        from_published({**tensors, name: torch.zeros(128, 64)})


def test_nothing_like_the_checkpoint(tensors):
    with pytest.raises(VeloDepthError, match=r"missing: pixel_decoder.*unexpected: weight"):
        from_published({"weight": torch.zeros(3)})
