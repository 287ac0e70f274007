"""In-situ training of an autoencoder of 135 weights that takes the noise off digits."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field
from typing_extensions import override

from labctl.protocol import Count
from protocols.restoring import RestorationProtocol

if TYPE_CHECKING:
    import torch

    from labctl.training.in_situ import Task


class TrainAutoencoder(RestorationProtocol):
    """Train an autoencoder on noisy digits, its weights on the cells, and a control in float."""

    name: ClassVar[str] = "train-autoencoder"
    title: ClassVar[str] = "Autoencoder trained in situ"
    source: ClassVar[str] = "EAPU-E: Nat. Commun. 16, 11494 (2025)"

    noise: float = Field(default=0.3, ge=0.0, le=10.0, description="sd of the Gaussian noise on images of 0 to 1")
    mini_batches: int = Field(default=1100, ge=1, le=100_000, description="updates")
    validate_every: Count = Field(default=220, description="mini-batches of one step; the test images follow each")
    batch: Count = Field(default=64, description="images of a mini-batch")
    learning_rate: float = Field(default=0.005, gt=0.0, le=10.0, description="of Adam; the paper's is not known")

    @override
    def task(self) -> "Task":
        from labctl.training.in_situ import Task
        from labctl.training.restoration import AUTOENCODER, noisy

        def spoilt(images: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
            return noisy(images, self.noise, generator)

        def shown(inputs: "torch.Tensor") -> "torch.Tensor":
            return inputs

        return Task(AUTOENCODER, spoilt, shown, "mse")
