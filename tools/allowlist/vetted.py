"""What was looked at by hand: bases without sources, methods that the analysis does not understand, and single names.

Each entry of ``NAMES`` was read in the library's source or documentation; the remark says why the permission is right.
"""

from __future__ import annotations

BASES = {
    **dict.fromkeys(
        ("object", "abc.ABC", "ABC", "typing.Generic", "Generic", "typing.Protocol", "Protocol", "typing.NamedTuple",
         "Exception", "ValueError", "typing_extensions.Protocol", "typing_extensions.Generic",
         "numpy.ndarray", "np.ndarray", "numbers.Number"), "plain"),
    **dict.fromkeys(
        ("dict", "list", "set", "collections.OrderedDict", "collections.UserDict", "collections.abc.MutableMapping",
         "collections.abc.Mapping", "UserDict", "OrderedDict", "collections.abc.MutableSequence",
         "collections.defaultdict", "collections.Counter"), "items"),
    **dict.fromkeys(("collections.UserList", "UserList"), "plain"),
    **dict.fromkeys(("tuple", "str", "int", "float"), "plain"),
    **dict.fromkeys(("enum.Enum", "Enum", "enum.IntEnum", "IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"), "enum"),
    **dict.fromkeys(
        ("transformers.utils.PushToHubMixin", "sklearn.base._OneToOneFeatureMixin", "pandas._libs.arrays.NDArrayBacked",
         "pandas._libs.internals.Block", "pandas._libs.internals.BlockManager", "UserWarning", "RuntimeWarning",
         "RuntimeError", "scipy.interpolate.PPoly", "TypeError", "AttributeError", "_ckdtree.cKDTree",
         "scipy.spatial._ckdtree.cKDTree", "pandas._libs.tslibs.dtypes.PeriodDtypeBase", "collections.abc.Sequence",
         "collections.abc.Iterable", "collections.abc.Sized", "collections.abc.Hashable", "collections.abc.Callable",
         "PeriodDtypeBase", "transformers.utils.hub.PushToHubMixin", "NDArrayBacked", "libinternals.Block"), "plain"),
    **dict.fromkeys(("torch._C.Generator", "torch._C._NodeBase"), "plain"),
}  # fmt: skip
"""Ancestors whose source is not read: built-in and compiled ones."""

METHODS = {
    "torch.nn.modules.module.Module.__setstate__": "updates __dict__ and fills in missing dictionaries",
    "torch.nn.modules.module.Module.__getattr__": "looks a name up in three dictionaries",
    "torch.nn.modules.module.Module.__setattr__": "only reached from methods that a stream cannot call",
    "torch.optim.optimizer.Optimizer.__setstate__": "updates __dict__, wraps a method of its own for profiling",
    "torch.optim.optimizer.Optimizer._patch_step_function": "wraps a method of its own for profiling",
    "scipy.stats._distn_infrastructure.rv_generic.__setstate__":
        "runs _parse_arg_template as source: the state is compared with what scipy itself would write (states.py)",
    "scipy.stats._distn_infrastructure.rv_generic._attach_methods": "see __setstate__",
    "scipy.stats._distn_infrastructure.rv_continuous._attach_methods": "see rv_generic.__setstate__",
    "scipy.stats._distn_infrastructure.rv_discrete._attach_methods": "see rv_generic.__setstate__",
    "scipy.stats._distn_infrastructure.rv_sample._attach_methods": "see rv_generic.__setstate__",
    "scipy.stats._distn_infrastructure.rv_generic._attach_argparser_methods": "see __setstate__",
    "xgboost.core.Booster.__setstate__": "hands the bytes of the state to the native library's model parser",
    "xgboost.core.Booster.__del__": "frees the handle that __setstate__ itself has made",
    "lightgbm.basic.Booster.__setstate__": "hands the text of the state to the native library's model parser",
    "lightgbm.basic.Booster.__del__": "frees a handle",
    "lightgbm.basic.Booster._free_handle": "frees a handle",
    "lightgbm.basic.Booster.free_network": "closes sockets that only set_network opens",
    "catboost.core._CatBoostBase.__setstate__": "hands the bytes of the state to the native library's model parser",
    "sklearn.base.BaseEstimator.__setstate__": "compares versions, warns, updates __dict__",
    "pandas.core.generic.NDFrame.__setstate__": "sets the block manager, flags and the attributes that _metadata names",
    "pandas.core.generic.NDFrame.__getattr__": "looks columns up",
    "pandas.core.generic.NDFrame.__setattr__": "sets an attribute or a column",
    "pandas.core.indexes.base.Index.__new__": "makes an index of the data it is handed",
    "transformers.tokenization_utils_base.BatchEncoding.__getattr__": "looks a key up in its data",
    "transformers.tokenization_utils_base.BatchEncoding.__setstate__": "takes data and encodings",
    "transformers.configuration_utils.PretrainedConfig.__getattribute__": "maps names of attributes",
    "transformers.configuration_utils.PretrainedConfig.__setattr__": "maps names of attributes",
    "sklearn.utils._metadata_requests.MetadataRequest.__getattr__": "makes a default request for a method's name",
    "sklearn.isotonic.IsotonicRegression._build_f": "makes an interpolation of two arrays",
    "torch.optim.lr_scheduler.LRScheduler.__setstate__": "updates __dict__",
    "sklearn.gaussian_process.kernels.Kernel.__eq__": "compares parameters",
    "scipy.interpolate._fitpack2.UnivariateSpline.__setstate__": "never defined: plain attributes",
    "pandas.core.arrays._mixins.NDArrayBackedExtensionArray.__setstate__": "takes array, dtype and attributes",
    "pandas.core.arrays.datetimes.DatetimeArray.__setstate__": "as NDArrayBacked",
    "pandas.core.arrays.sparse.array.SparseArray.__new__": "keeps the array and index it is handed",
    "pandas.core.dtypes.dtypes.PeriodDtype.__new__": "parses the name of a frequency",
    "pandas.core.dtypes.dtypes.IntervalDtype.__new__": "parses the name of a dtype",
    "pandas.core.dtypes.dtypes.PeriodDtype.__setstate__": "calls its own __new__ of the same class with one string",
    "pandas.core.dtypes.dtypes.DatetimeTZDtype.__setstate__": "sets unit and time zone",
    "pandas.core.dtypes.dtypes.IntervalDtype.__setstate__": "sets the subtype and the closed side",
    "pandas.core.dtypes.dtypes.CategoricalDtype.__setstate__": "sets categories and the flag for their order",
    "pandas.core.internals.managers.BlockManager.__setstate__": "rebuilds blocks of arrays",
    "pandas.core.indexes.datetimes.DatetimeIndex.__new__": "makes an index of dates",
    "pandas.core.indexes.timedeltas.TimedeltaIndex.__new__": "makes an index of durations",
    "pandas.core.indexes.period.PeriodIndex.__new__": "makes an index of periods",
    "pandas.core.indexes.interval.IntervalIndex.__new__": "makes an index of intervals",
    "pandas.core.indexes.category.CategoricalIndex.__new__": "makes an index of categories",
    "pandas.core.indexes.range.RangeIndex.__new__": "makes an index of a range",
    "pandas.core.indexes.multi.MultiIndex.__new__": "makes an index of codes and levels",
    "statsmodels.base.data.ModelData.__setstate__":
        "evaluates the formula of its state: only formulas of names and plain terms are let through (states.py)",
    "statsmodels.base.wrapper.ResultsWrapper.__getattribute__": "looks a name up in itself and in its results",
    "statsmodels.base.wrapper.ResultsWrapper.__setstate__": "updates __dict__",
    "numpy.ma.core.MaskedArray.__setstate__": "sets shape, data, mask and fill value",
}  # fmt: skip
"""Methods that were read by hand and do nothing but what is said."""

NAMES: dict[str, dict[str, str]] = {
    "builtins": {
        **dict.fromkeys(("set", "frozenset", "list", "tuple", "dict"), "tnix:items"),
        **dict.fromkeys(("int", "float", "complex", "bool", "str", "bytes", "bytearray", "slice", "range", "object"),
                        "tnx:inert"),
        **dict.fromkeys(("type", "Exception", "ValueError", "TypeError", "Ellipsis", "NotImplemented"), "t"),
        **dict.fromkeys(("len", "sum", "min", "max", "abs", "round", "sorted", "hash"), "r"),
        "getattr": "r:method",
    },
    "copyreg": {"_reconstructor": "r:reconstructor", "__newobj__": "r:newobj"},
    "_codecs": {"encode": "r:encode"},
    "collections": {
        "OrderedDict": "tnbix:items", "defaultdict": "tnix:factory", "deque": "tnix:items", "Counter": "tnix:items",
        "UserDict": "tnbi", "UserList": "tnbi",
    },
    "functools": {"partial": "tb:partial"},
    "datetime": {**dict.fromkeys(("datetime", "date", "time", "timedelta", "timezone"), "tnx:inert")},
    "decimal": {"Decimal": "tnx:inert"},
    "fractions": {"Fraction": "tnx:inert"},
    "uuid": {"UUID": "tnbsx", "SafeUUID": "t:enum"},
    **dict.fromkeys(  # the second since Python 3.13
        ("pathlib", "pathlib._local"),
        dict.fromkeys(("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"), "tx:inert"),
    ),
    "argparse": {"Namespace": "tnb"},
    "types": {"SimpleNamespace": "tnb:inert"},
    "random": {"Random": "tnb"},
    "re": {"_compile": "r:inert"},
    "zoneinfo": {"ZoneInfo": "t"},
    "gensim.utils": {"call_on_class_only": "r", "identity": "r"},
    "joblib.memory": {"Memory": "tnb"},  # a folder for results; making one from its state opens nothing
    "numpy.rec": {"recarray": "tnbx", "record": "t"},
    "torch.nn.modules.linear": {"_LinearWithBias": "tnb"},  # torch 1.6 to 1.8; a Linear without methods of its own
    "math": dict.fromkeys(("exp", "log", "sqrt", "sin", "cos", "tanh", "log1p", "expm1"), "r"),
    "numpy": {
        "vectorize": "tnb",
        "ndarray": "tnbx", "dtype": "tx:dtype", "matrix": "tnbx", "memmap": "t", "recarray": "tnbx", "record": "t",
        **dict.fromkeys(
            """float16 float32 float64 float128 longdouble int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ bool
            object_ str_ bytes_ complex64 complex128 datetime64 timedelta64 void intp uintp int_ float_ integer floating
            number generic single double half longlong ulonglong intc uintc""".split(), "t"),
        **dict.fromkeys(
            """log log2 log10 log1p exp expm1 exp2 sqrt cbrt square abs absolute fabs sin cos tan arcsin arccos arctan sinh
            cosh tanh arcsinh arccosh arctanh floor ceil rint trunc sign negative positive reciprocal add subtract multiply
            divide true_divide power maximum minimum fmax fmin mean median std var sum prod min max amin amax nanmean
            nanmedian nanstd nansum nanmin nanmax isnan isfinite isinf clip where argmax argmin argsort sort dot matmul
            cumsum cumprod average percentile quantile nan_to_num hypot deg2rad rad2deg degrees radians logaddexp round
            around round_ ravel reshape squeeze transpose identity ones zeros ones_like zeros_like log1p count_nonzero
            ptp unique diff asarray array concatenate hstack vstack stack real imag conj angle mod remainder floor_divide
            greater less equal not_equal greater_equal less_equal logical_and logical_or logical_not logical_xor""".split(),
            "r"),
    },
    **{
        module: {"_reconstruct": "rx:array", "scalar": "rx:scalar"}
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    },
    **{module: {"_frombuffer": "rx:buffer"} for module in ("numpy.core.numeric", "numpy._core.numeric")},
    **{
        module: {"_ufunc_reconstruct": "r:ufunc", "_DType_reconstruct": "r:inert"}
        for module in ("numpy.core", "numpy._core")
    },
    "numpy.ma": {"MaskedArray": "tnbx"},
    "scipy._lib.array_api_compat.numpy._aliases": {"asarray": "r"},
    "sklearn.externals.array_api_compat.numpy._aliases": {"asarray": "r"},
    **dict.fromkeys(
        ("numpy.core._multiarray_umath", "numpy._core._multiarray_umath"),
        dict.fromkeys(
            """log log2 log10 log1p exp expm1 exp2 sqrt cbrt square absolute fabs sin cos tan arcsin arccos arctan sinh cosh
            tanh arcsinh arccosh arctanh floor ceil rint trunc sign negative positive reciprocal add subtract multiply
            divide power maximum minimum fmax fmin logaddexp hypot isnan isfinite isinf""".split(), "r"),
    ),
    **dict.fromkeys(
        ("scipy.special", "scipy.special._ufuncs"),
        dict.fromkeys(
            """expit logit erf erfc erfinv gamma gammaln digamma polygamma xlogy xlog1py entr log1p expm1 boxcox boxcox1p
            inv_boxcox inv_boxcox1p logsumexp softmax log_softmax ndtr ndtri beta betaln""".split(), "r"),
    ),
    "numpy.ma.core": {"_mareconstruct": "rbx:inert", "MaskedArray": "tnbx", "MaskedConstant": "tn"},
    "numpy.matrixlib.defmatrix": {"matrix": "tnbx"},
    "numpy.dtypes": {},
    "numpy.random._pickle": {
        "__randomstate_ctor": "rbx:generator", "__generator_ctor": "rbx:generator",
        "__bit_generator_ctor": "rbx:generator",
    },
    **{
        f"numpy.random.{module}": {name: "tnbx"}
        for module, name in (("_mt19937", "MT19937"), ("_pcg64", "PCG64"), ("_pcg64", "PCG64"), ("_philox", "Philox"),
                             ("_sfc64", "SFC64"), ("mtrand", "RandomState"), ("_generator", "Generator"))
    },
    "numpy.random.bit_generator": {"SeedSequence": "tnbx", "__pyx_unpickle_SeedSequence": "rbx:cython"},
    "sklearn.impute._iterative": {"_ImputerTriplet": "tnp"},
    "statsmodels.base.data": dict.fromkeys(("ModelData", "PandasData", "PatsyData"), "tnb"),
    **{module: {"OptimizeResult": "tnbi"} for module in ("scipy.optimize._optimize", "scipy.optimize.optimize")},
    **{module: {"LbfgsInvHessProduct": "tnb"} for module in ("scipy.optimize._lbfgsb_py", "scipy.optimize.lbfgsb")},
    "joblib.numpy_pickle": {"NumpyArrayWrapper": "tnb"},
    "sklearn.externals.joblib.numpy_pickle": {"NumpyArrayWrapper": "tnb"},
}  # fmt: skip
"""Single names: flags and predicate (see ``permissions.py``)."""
