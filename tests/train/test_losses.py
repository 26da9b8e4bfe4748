"""Each loss is zero for the truth and says what it should for a known error."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.train import losses  # noqa: E402
from velodepth.train.config import Weights  # noqa: E402


@pytest.fixture
def truth() -> torch.Tensor:
    """Log size of two scenes, a step edge each, (2, 1, 32, 48)."""
    size = torch.zeros(2, 1, 32, 48)
    size[0, :, :, 20:], size[1, :, 16:] = 1.0, 0.5
    return size


def known(truth: torch.Tensor) -> torch.Tensor:
    mask = torch.ones_like(truth)
    mask[:, :, :4] = 0
    return mask


def test_truth_costs_nothing_and_unknown_pixels_count_for_nothing(truth):
    answer = truth + 7 * (1 - known(truth))
    assert float(losses.depth_loss(answer, truth, known(truth), Weights())) == 0
    assert float(losses.depth_loss(answer, truth, torch.zeros_like(truth), Weights())) == 0


def test_a_wrong_scale_costs_its_log_alone(truth):
    scaled = truth + torch.tensor([0.3, -0.1]).view(2, 1, 1, 1)
    assert float(losses.depth_loss(scaled, truth, known(truth), Weights())) == pytest.approx(0.5 * 0.2)


def test_linear_loss_is_the_error_in_medians_of_the_truth(truth):
    error = torch.zeros_like(truth)
    error[0, 0, :, :10] = math.log(1.5)  # half as far again, where truth is exp(-1) of the median
    error[0, 0, :, 10:12] = 9.0  # at most 1
    found = losses.linear_loss(error[:1], truth[:1], torch.ones_like(truth[:1]))
    here = (10 * 0.5 / math.e + 2) / 48
    assert float(found) == pytest.approx(here, rel=1e-3)


def test_edges_of_the_error_weigh_more_where_the_flow_explains_less(truth):
    error = torch.zeros_like(truth)
    error[..., 10] = 1.0
    everywhere = torch.ones_like(truth)
    plain = losses.edge_loss(error, truth, everywhere)
    weight = torch.ones_like(truth)
    weight[..., :24] = 3.0
    heavy = losses.edge_loss(error, truth, everywhere, 0.0, weight)
    assert float(heavy) == pytest.approx(3 * float(plain))


@pytest.mark.parametrize(("column", "pairs"), [(20, (1, 2, 4, 8)), (19, (1, 2, 4, 8)), (10, (0, 0, 0, 0))])
def test_edges_of_the_error_weigh_more_across_contours_of_truth(column, pairs):
    """Truth steps between columns 19 and 20; the error is one column wide, 1 off. pairs: of those that the
    error touches, how many cross the step, at each distance."""
    truth = torch.zeros(1, 1, 16, 48)
    truth[..., 20:] = 1.0
    error, everywhere = torch.zeros_like(truth), torch.ones_like(truth)
    error[..., column] = 1.0
    plain, more = (float(losses.edge_loss(error, truth, everywhere, c)) for c in (0.0, 2.0))
    crossed = sum((1 if n else 0) / (48 - step) for n, step in zip(pairs, (1, 2, 4, 8), strict=True))
    assert more - plain == pytest.approx(2.0 * crossed / 4)
    slope = torch.linspace(0, 0.9 * losses.CONTOUR * 47, 48).expand_as(truth)  # steep, but of one surface
    assert float(losses.edge_loss(error, slope, everywhere, 2.0)) == pytest.approx(plain)


def test_surprise_is_one_where_the_flow_explains_the_picture():
    last = torch.randn(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    now = last.roll(2, 3)
    flow = torch.zeros(1, 2, 16, 24)
    assert float(losses.surprise(now, last, flow, 4.0).mean()) > 1.5
    flow[:, 0] = -2
    assert float(losses.surprise(now, last, flow, 4.0)[..., 2:].max()) < 1.001


def test_confidence_promises_the_relative_error_beside_the_scale(truth):
    error = torch.full_like(truth, 0.7)
    error[..., 30:] += math.log(1.5)
    right = torch.where(error > 1, math.exp(-0.5), 1.0)
    assert float(losses.confidence_loss(right, error, known(truth))) == pytest.approx(0, abs=1e-5)
    sure = losses.confidence_loss(torch.ones_like(error), error, known(truth))
    assert float(sure) == pytest.approx(0.5**2 * 18 / 48)


def test_flow_counts_in_cells_that_are_visible_as_a_whole():
    flow = torch.randn(1, 2, 16, 24, generator=torch.Generator().manual_seed(0))
    cells = torch.nn.functional.avg_pool2d(flow, 4)
    visible = torch.ones(1, 1, 16, 24)
    visible[..., 0] = 0
    cells[..., 0] += 5
    assert float(losses.flow_loss(cells, flow, visible)) < 1e-6
    assert float(losses.flow_loss(cells + 1, flow, visible)) == pytest.approx(2, rel=1e-4)
    assert float(losses.flow_loss(flow + 100, flow, visible)) == 8


def test_points_that_move_by_themselves_or_are_unknown_do_not_count():
    rays = torch.nn.functional.normalize(torch.ones(1, 3, 8, 8), dim=1)
    radius, flow, visible = torch.ones(1, 1, 8, 8), torch.zeros(1, 2, 8, 8), torch.ones(1, 1, 8, 8)
    pose = torch.eye(4)[None]
    moved = radius.clone()
    moved[..., :4] = 1.5  # came nearer, although the camera stood still

    def loss(pose: torch.Tensor) -> float:
        return float(losses.consistency_loss(2 * radius, radius, radius, moved, rays, flow, visible, pose))

    assert loss(pose) == pytest.approx(1, abs=1e-4)
    assert loss(torch.full_like(pose, float("nan"))) == 0


def test_features_count_relative_to_their_spread():
    wide = [10 * torch.randn(1, 4, 8, 8), torch.randn(1, 4, 4, 4)]
    off = [f + f.std() for f in wide]
    assert float(losses.feature_loss(off, wide)) == pytest.approx(1, rel=1e-5)
