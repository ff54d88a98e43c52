"""Which versions of which libraries are read, and what of them may stand in a list of names."""

from __future__ import annotations

from typing import NamedTuple


class Library(NamedTuple):
    """A library whose classes may be in models."""

    name: str
    """On PyPI."""
    versions: tuple[str, ...]
    packages: tuple[str, ...]
    """Prefixes of modules whose classes are taken up."""
    functions: tuple[str, ...] = ()
    """Prefixes of modules whose functions may be referred to: numerical ones, handed about as parameters."""


LIBRARIES = (
    Library("scikit-learn", ("0.24.1", "1.0.1", "1.2.1", "1.3.2", "1.5.2", "1.9.1"), ("sklearn.",), ("sklearn.metrics", "sklearn.feature_selection", "sklearn.model_selection",
        "sklearn.utils.extmath", "sklearn.preprocessing._data", "sklearn.manifold", "sklearn.cluster._kmeans",
        "sklearn.tree._export", "sklearn.gaussian_process")),
    Library("xgboost", ("1.5.2", "1.7.6", "2.1.4", "3.2.0"), ("xgboost.sklearn", "xgboost.core", "xgboost.compat", "xgboost.callback")),
    Library("lightgbm", ("3.3.5", "4.5.0", "4.7.0"), ("lightgbm.basic", "lightgbm.sklearn", "lightgbm.engine")),
    Library("catboost", ("1.2.3", "1.2.10"), ("catboost.core",)),
    Library("scipy", ("1.7.3", "1.11.4", "1.14.1", "1.17.1"), ("scipy.sparse", "scipy.stats", "scipy.interpolate", "scipy.spatial"),
        ("scipy.special", "scipy.linalg", "scipy.spatial.distance", "scipy.stats._stats_py", "scipy.cluster")),
    Library("pandas", ("1.3.5", "2.0.3", "2.2.3", "3.1.1"), ("pandas.core", "pandas.arrays", "pandas.tseries", "pandas._libs")),
    Library("python-dateutil", ("2.8.2", "2.9.0.post0"), ("dateutil.relativedelta",)),
    Library("joblib", ("1.3.2", "1.4.2", "1.6.0"), ("joblib.numpy_pickle",)),
    Library("numpy", ("1.26.4", "2.1.3", "2.4.6"), ("numpy.ma", "numpy.matrixlib", "numpy.polynomial"), ()),
    Library("torch", ("2.3.1", "2.13.0"), ("torch.nn.modules", "torch.nn.parameter", "torch.nn.attention", "torch.optim",
        "torch.distributions", "torch.utils.data.dataset", "torch.utils.data.sampler", "torch.ao.nn", "torch.nn.utils.parametrizations"),
        ("torch.nn.functional", "torch.nn.init", "torch.functional")),
    Library("torchvision", ("0.18.1", "0.23.0"), ("torchvision.models", "torchvision.transforms", "torchvision.ops"), ("torchvision.ops",)),
    Library("transformers", ("4.44.2", "4.57.1"), ("transformers.models", "transformers.training_args",
        "transformers.trainer_utils", "transformers.configuration_utils", "transformers.generation.configuration", "transformers.modeling",
        "transformers.activations", "transformers.tokenization", "transformers.feature_extraction", "transformers.image_processing",
        "transformers.pytorch_utils", "transformers.optimization", "transformers.utils.generic", "transformers.trainer_pt_utils",
        "transformers.cache_utils"), ("transformers.activations",)),
    Library("tokenizers", ("0.19.1", "0.22.1"), ("tokenizers.implementations",)),
    Library("skops", ("0.11.0",), ()),
    Library("imbalanced-learn", ("0.8.1", "0.12.3", "0.14.2"), ("imblearn.",)),
    Library("category-encoders", ("2.5.1", "2.6.4", "2.11.2"), ("category_encoders.",)),
    Library("statsmodels", ("0.13.4", "0.14.5", "0.15.0"), ("statsmodels.base", "statsmodels.discrete", "statsmodels.duration",
        "statsmodels.genmod", "statsmodels.regression", "statsmodels.robust", "statsmodels.tools", "statsmodels.tsa")),
    Library("hmmlearn", ("0.2.8", "0.3.2"), ("hmmlearn.",)),
    Library("lifelines", ("0.27.8", "0.30.3"), ("lifelines.",)),
    Library("gensim", ("4.2.0", "4.3.3"), ("gensim.models", "gensim.corpora", "gensim.similarities"),
        ("gensim.models.tfidfmodel", "gensim.matutils")),
    Library("hdbscan", ("0.8.36", "0.8.40"), ("hdbscan.",)),
    Library("prophet", ("1.1.4", "1.3.0"), ("prophet.forecaster", "prophet.models")),
    Library("accelerate", ("0.26.1", "1.2.1"), ("accelerate.state", "accelerate.utils.dataclasses")),
    Library("sentence-transformers", ("3.0.1",), ("sentence_transformers.models", "sentence_transformers.SentenceTransformer")),
)  # fmt: skip

LEFT_OUT = (
    "tests", "test", "testing", "_testing", "conftest", "setup", "benchmarks", "__main__", "cli", "commands", "datasets",
    "externals", "_build_utils", "experimental", "conversion", "convert", "distributed", "_export", "utils_testing",
    "agents", "hub", "io", "plotting", "_config", "integrations", "pipelines", "fx", "onnx", "quantizers", "sagemaker",
    "benchmark", "debug_utils", "dynamic_module_utils", "modelcard", "data", "keras_callbacks", "trainer", "_inductor",
    "_dynamo", "_functorch", "_precompute", "_refs", "_decomp", "_prims", "_numpy", "masked", "profiler", "csrc", "include", "share",
    "_vendor", "dummy_pt_objects", "dummy_tf_objects", "dummy_flax_objects", "dummy_vision_objects", "deprecated",
)  # fmt: skip
"""Modules with such a part in their name are not read: they test, fetch, run or convert."""
