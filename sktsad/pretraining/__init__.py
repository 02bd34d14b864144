"""Pre-training: encoders that learn from windows without labels."""

from ._forecast import ForecastPretrainer
from ._masked import MaskedReconstructionPretrainer
from ._saved import PretrainedEncoder, save_encoder

__all__ = ["ForecastPretrainer", "MaskedReconstructionPretrainer", "PretrainedEncoder", "save_encoder"]
