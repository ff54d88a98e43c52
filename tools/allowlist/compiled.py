"""Names in compiled modules, whose sources are not in wheels: vetted by hand in the libraries' repositories.

Cython classes are made by ``__cinit__`` from sizes and arrays and take their state in ``__setstate__`` with checks on
shapes and types; ``__pyx_unpickle_…`` functions make one of a class and set its fields. None of them imports or calls
what a state says.
"""

from __future__ import annotations

_MADE = "tnbx:inert"
"""A compiled class that is called with plain data."""


def _pickled(*names: str) -> dict[str, str]:
    """Cython classes with the function that unpickles each."""
    return {**dict.fromkeys(names, _MADE), **{f"__pyx_unpickle_{name}": "rbx:cython" for name in names}}


_LOSSES = (
    "CyLossFunction", "CyHalfSquaredError", "CyAbsoluteError", "CyPinballLoss", "CyHuberLoss", "CyHalfPoissonLoss",
    "CyHalfGammaLoss", "CyHalfTweedieLoss", "CyHalfTweedieLossIdentity", "CyHalfBinomialLoss", "CyHalfMultinomialLoss",
    "CyExponentialLoss",
)  # fmt: skip
_DISTANCES = (
    "EuclideanDistance", "SEuclideanDistance", "ManhattanDistance", "ChebyshevDistance", "MinkowskiDistance",
    "WMinkowskiDistance", "MahalanobisDistance", "HammingDistance", "CanberraDistance", "BrayCurtisDistance",
    "JaccardDistance", "MatchingDistance", "DiceDistance", "KulsinskiDistance", "RogersTanimotoDistance",
    "RussellRaoDistance", "SokalMichenerDistance", "SokalSneathDistance", "HaversineDistance",
)  # fmt: skip
_STORAGES = tuple(
    f"{kind}Storage"
    for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool", "ComplexFloat",
                 "ComplexDouble", "QUInt8", "QInt8", "QInt32", "QUInt4x2", "QUInt2x4", "Untyped", "Typed")
)  # fmt: skip
_DTYPES = """float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64
    complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 quint8 qint8
    qint32 quint4x2 quint2x4 strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc contiguous_format
    channels_last channels_last_3d preserve_format per_tensor_affine per_channel_affine per_tensor_symmetric
    per_channel_symmetric per_channel_affine_float_qparams int1 int2 int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4
    uint5 uint6 uint7""".split()

NAMES: dict[str, dict[str, str]] = {
    "sklearn.tree._tree": {"Tree": _MADE},
    "sklearn.neighbors._kd_tree": {
        "KDTree": "tnbx", "newObj": "rb:newobj", "KDTree64": "tnbx", "KDTree32": "tnbx",
    },
    "sklearn.neighbors._ball_tree": {
        "BallTree": "tnbx", "newObj": "rb:newobj", "BallTree64": "tnbx", "BallTree32": "tnbx",
    },
    **{
        module: {"newObj": "rb:newobj", **{f"{name}{bits}": "tnbx" for name in _DISTANCES for bits in ("", "32", "64")}}
        for module in ("sklearn.metrics._dist_metrics", "sklearn.neighbors._dist_metrics")
    },
    "sklearn._loss._loss": _pickled(*_LOSSES),
    "_loss": _pickled(*_LOSSES),
    **{
        module: _pickled("Hinge", "SquaredHinge", "Log", "LogLoss", "SquaredLoss", "Huber", "EpsilonInsensitive",
                         "SquaredEpsilonInsensitive", "ModifiedHuber", "Classification", "Regression")
        for module in ("sklearn.linear_model._sgd_fast",)
    },
    "sklearn.ensemble._hist_gradient_boosting.common": {},
    "sklearn.utils._random": {},
    "sklearn.cluster._hdbscan._tree": {},
    "sklearn.cluster._birch": {},
    "sklearn.gaussian_process.kernels": {},
    "scipy.spatial._ckdtree": {"cKDTree": "tnbx"},
    "scipy.spatial.ckdtree": {"cKDTree": "tnbx"},
    **{
        f"scipy.sparse._{kind}": {f"{kind}_matrix": "tnb" + more, f"{kind}_array": "tnb" + more}
        for kind, more in (("csr", "x"), ("csc", "x"), ("coo", "x"), ("lil", "x"), ("dia", "x"), ("bsr", "x"), ("dok", "i"))
    },
    "scipy.sparse._arrays": {  # scipy 1.8 to 1.10
        f"{kind}_array": "tnbi" if kind == "dok" else "tnbx" for kind in ("csr", "csc", "coo", "lil", "dia", "bsr", "dok")
    },
    "scipy.sparse.dok": {"dok_matrix": "tnbi"},
    "scipy.spatial.transform._rotation": {"Rotation": "tnbx"},  # takes an array of quaternions in __setstate__
    **{f"scipy.sparse.{kind}": {f"{kind}_matrix": "tnbx"} for kind in ("csr", "csc", "coo", "lil", "dia", "bsr")},
    "scipy.interpolate._cubic": dict.fromkeys(("CubicSpline", "PchipInterpolator", "Akima1DInterpolator"), "tnbsx"),
    "scipy.interpolate._ppoly": {},
    "pandas._libs.internals": {"_unpickle_block": "rx:inert", "BlockManager": "tnb", "BlockPlacement": "tnx:inert"},
    "pandas._libs.arrays": {"NDArrayBacked": "tnb", "__pyx_unpickle_NDArrayBacked": "rbx:cython"},
    "pandas._libs.missing": {"NAType": "t", "_create_na": "r:inert", "NA": "t"},
    "pandas._libs.tslibs.timestamps": {"_unpickle_timestamp": "rx:inert", "Timestamp": "tnx:inert"},
    "pandas._libs.tslibs.timedeltas": {"_timedelta_unpickle": "rx:inert", "Timedelta": "tnx:inert"},
    "pandas._libs.tslibs.nattype": {"_nat_unpickle": "rx:inert", "__nat_unpickle": "rx:inert", "NaTType": "t"},
    "pandas._libs.tslibs.period": {"Period": "tnbx:inert", "__pyx_unpickle_PeriodMixin": "rbx:cython"},
    "pandas.core.arrays.string_arrow": dict.fromkeys(("ArrowStringArray", "ArrowStringArrayNumpySemantics"), "tnbx"),
    "pandas.core.arrays.arrow.array": {"ArrowExtensionArray": "tnbx"},
    "pyarrow.lib": {  # makes arrays of buffers that nothing compares: compared here (arrow.py)
        "type_for_alias": "rx:arrow_alias", "py_buffer": "rx:arrow_buffer", "_restore_array": "rx:arrow_array",
        "chunked_array": "rx:inert",
    },
    "hdbscan.dist_metrics": {"newObj": "rb:newobj", **dict.fromkeys((*_DISTANCES, "DistanceMetric"), "tnbx")},
    "pandas._libs.interval": {"Interval": "tnx:inert"},
    "pandas._libs.tslibs.offsets": {
        **dict.fromkeys(
            """Day Hour Minute Second Milli Micro Nano MonthEnd MonthBegin BusinessDay BDay BusinessHour YearEnd YearBegin
            QuarterEnd QuarterBegin BusinessMonthEnd BusinessMonthBegin SemiMonthEnd SemiMonthBegin Week WeekOfMonth
            BYearEnd BYearBegin BQuarterEnd BQuarterBegin CustomBusinessDay CustomBusinessHour Easter DateOffset
            LastWeekOfMonth FY5253 FY5253Quarter BMonthEnd BMonthBegin""".split(), "tnbx:inert"),
        "_offset_unpickle": "rx:inert",
    },
    "pytz": {"_UTC": "rx:inert", "_p": "rx:inert"},
    "pandas.core.indexes.base": {"_new_Index": "rx:index", "Index": "tnbx"},
    "pandas.core.frame": {"DataFrame": "tnb"},
    "pandas.core.series": {"Series": "tnb"},
    "pandas.core.indexes.interval": {"_new_IntervalIndex": "rx:index", "IntervalIndex": "tnbx"},
    **{
        f"pandas.core.indexes.{module}": {name: "tnbx", **more}
        for module, name, more in (
            ("category", "CategoricalIndex", {}), ("timedeltas", "TimedeltaIndex", {"_new_TimedeltaIndex": "rx:index"}), ("multi", "MultiIndex", {}),
            ("range", "RangeIndex", {}), ("numeric", "Int64Index", {"UInt64Index": "tnbx", "Float64Index": "tnbx"}),
            ("datetimes", "DatetimeIndex", {"_new_DatetimeIndex": "rx:index"}),
            ("period", "PeriodIndex", {"_new_PeriodIndex": "rx:index"}),
        )
    },
    **{
        f"pandas.core.arrays.{module}": dict.fromkeys(names.split(), "tnbx")
        for module, names in (
            ("period", "PeriodArray"), ("datetimes", "DatetimeArray"), ("timedeltas", "TimedeltaArray"),
            ("categorical", "Categorical"), ("interval", "IntervalArray"),
            ("sparse.array", "SparseArray"),
        )
    },
    "pandas.core.internals.managers": {"BlockManager": "tnb:inert", "SingleBlockManager": "tnb:inert"},
    "pandas._libs.sparse": dict.fromkeys(("IntIndex", "BlockIndex", "SparseIndex"), "tnbx:inert"),
    **{
        f"pandas.core.arrays.{module}": {
            **dict.fromkeys(dtypes.split(), "tnbx:inert"), **dict.fromkeys(arrays.split(), "tnbx")
        }
        for module, dtypes, arrays in (
            ("integer", "Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype",
             "IntegerArray"),
            ("floating", "Float32Dtype Float64Dtype", "FloatingArray"), ("boolean", "BooleanDtype", "BooleanArray"),
            ("string_", "StringDtype", "StringArray"), ("numpy_", "NumpyEADtype PandasDtype", "NumpyExtensionArray"),
        )
    },
    "pandas.core.dtypes.dtypes": dict.fromkeys(
        ("PeriodDtype", "IntervalDtype", "DatetimeTZDtype", "CategoricalDtype", "SparseDtype", "NumpyEADtype"), "tnbx:inert"),
    "pandas.core.arrays.sparse.dtype": {"SparseDtype": "tnbx:inert"},
    "pandas.core.internals.blocks": {"new_block": "rx:inert"},
    **{  # made from arrays whose shapes are compared; their states set arrays of a declared type and take their addresses
        f"statsmodels.tsa.statespace.{module}": {f"{kind}{name}": _MADE for kind in "sdcz"}
        for module, name in (
            ("_representation", "Statespace"), ("_initialization", "Initialization"), ("_kalman_filter", "KalmanFilter"),
            ("_kalman_smoother", "KalmanSmoother"), ("_simulation_smoother", "SimulationSmoother"),
        )
    },
    "_catboost": {"_CatBoost": "tnbx:inert"},
    "xgboost.core": {},
    "lightgbm.basic": {},
    "torch": {
        **dict.fromkeys(_STORAGES, "tx"),
        **dict.fromkeys(_DTYPES, "tx"),
        "Size": "tnx:inert", "device": "tx:inert", "Tensor": "tnx", "Generator": "t", "dtype": "t", "layout": "t",
        **dict.fromkeys("relu tanh sigmoid softmax nn cat stack sum mean exp log sin cos sqrt abs erf".split(), "r"),
    },
    "torch.storage": {
        "UntypedStorage": "tx", "TypedStorage": "tnbx", "_load_from_bytes": "rx:loader", "_TypedStorage": "tx",
        "_UntypedStorage": "tx",
    },
    "torch._utils": {
        **dict.fromkeys(
            """_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state
            _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor
            _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor
            _rebuild_xla_tensor""".split(), "rx:tensor"),
    },
    "torch._tensor": {"_rebuild_from_type_v2": "rx:rebuild_type", "_rebuild_from_type": "r", "Tensor": "t"},
    "torch.serialization": {"_get_layout": "rx:layout"},
    "torch.nn.parameter": {"Parameter": "tnx", "Buffer": "tnx"},
    "torch._C._nn": dict.fromkeys("gelu relu6 elu silu softplus linear hardtanh leaky_relu mish".split(), "r"),
    "torch.jit._pickle": dict.fromkeys(
        "build_intlist build_doublelist build_boollist build_tensorlist build_tensor_from_id".split(), "rx:inert"),
    "tokenizers": {"Tokenizer": "tnbx:inert", "AddedToken": "tnbx:inert", "Encoding": "tnb:inert"},
    "tokenizers.models": dict.fromkeys(("Model", "BPE", "WordPiece", "WordLevel", "Unigram"), "tnb"),
    "tokenizers.normalizers": {"Normalizer": "tnb:inert"},
    **{
        f"torch.optim.{name.lower()}": {name: "tnb"}
        for name in ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adadelta", "Adamax", "ASGD", "Rprop")
    },
}  # fmt: skip
"""As in ``vetted.py``."""

for _public in ("pandas", "pandas.arrays"):  # since pandas 3 its classes say that they live here
    NAMES[_public] = {
        name: flags
        for module, names in tuple(NAMES.items())
        if module.startswith(("pandas.core.", "pandas._libs.missing"))
        for name, flags in names.items()
        if not name.startswith("_")
    }
