"""In-situ training of SRNet, 369 weights that double the size of digits."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field
from typing_extensions import override

from labctl.protocol import Count
from protocols.restoring import RestorationProtocol

if TYPE_CHECKING:
    import torch

    from labctl.training.in_situ import Task


class TrainSrnet(RestorationProtocol):
    """Train a network on digits of half the size, its weights on the cells, and a control in float."""

    name: ClassVar[str] = "train-srnet"
    title: ClassVar[str] = "Super-resolution trained in situ"
    source: ClassVar[str] = "EAPU-F: Nat. Commun. 16, 11494 (2025)"

    mini_batches: int = Field(default=400, ge=1, le=100_000, description="updates")
    validate_every: Count = Field(default=100, description="mini-batches of one step; the test images follow each")
    batch: Count = Field(default=256, description="images of a mini-batch")
    learning_rate: float = Field(default=0.01, gt=0.0, le=10.0, description="of Adam; the paper's is not known")

    @override
    def task(self) -> "Task":
        from labctl.training.in_situ import Task
        from labctl.training.restoration import SRNET, doubled, halved

        def spoilt(images: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
            return halved(images)

        return Task(SRNET, spoilt, doubled, "l1")
