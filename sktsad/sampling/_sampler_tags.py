"""The tags that imbalanced-learn reads from samplers, without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sklearn.utils import InputTags, Tags


@dataclass(slots=True)
class SamplerTags:
    """Whether a sampler has ``sample_indices_``."""

    sample_indices: bool = True


@dataclass(slots=True)
class SamplerInputTags(InputTags):
    """Input may be a frame."""

    dataframe: bool = True


@dataclass(slots=True)
class TagsOfSampler(Tags):
    """Tags of an estimator that is a sampler."""

    input_tags: SamplerInputTags = field(default_factory=SamplerInputTags)
    sampler_tags: SamplerTags = field(default_factory=SamplerTags)
