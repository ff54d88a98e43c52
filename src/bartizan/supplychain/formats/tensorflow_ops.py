"""TensorFlow's operators, by what they could do to the machine that runs a graph."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PYTHON = frozenset({"PyFunc", "EagerPyFunc", "PyFuncStateless", "_PyFunc"})
"""Call a Python function of the process."""

WRITES = frozenset(
    {
        "WriteFile", "Save", "SaveSlices", "DistributedSave", "SaveDataset", "SaveDatasetV2", "SnapshotDataset",
        "SnapshotDatasetV2", "CreateSummaryFileWriter", "CreateSummaryDbWriter", "DatasetToTFRecord", "SaveDatasetV1",
        "ExperimentalDatasetToTFRecord", "WriteAudioSummary", "WriteGraphSummary", "WriteRawProtoSummary", "DumpTensor",
    }
)  # fmt: skip
"""Write files."""

READS = frozenset(
    {
        "ReadFile", "MatchingFiles", "MatchingFilesDataset", "ExperimentalMatchingFilesDataset", "ImmutableConst",
        "WholeFileReader", "WholeFileReaderV2", "LMDBReader", "LMDBDataset", "ExperimentalLMDBDataset", "SqlDataset",
        "ExperimentalSqlDataset", "LoadDataset", "LoadDatasetV1", "LoadAndRemapMatrix", "ListSnapshotChunksDataset",
        "SnapshotChunkDataset", "SnapshotDatasetReader", "CSVDataset", "CSVDatasetV2", "ExperimentalCSVDataset",
        "TextLineReader", "TextLineReaderV2", "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader",
        "FixedLengthRecordReaderV2", "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2",
        "FixedLengthRecordDataset",
        "FixedLengthRecordDatasetV2", "GetMinibatchesInCsrWithPhysicalReplica.File",
    }
)  # fmt: skip
"""Read files; a model for inference has no reason to."""

CARRIES_FILES = frozenset(
    {
        "SaveV2", "RestoreV2", "Restore", "RestoreSlice", "MergeV2Checkpoints", "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2", "ShardedFilename", "ShardedFilespec", "DTensorRestoreV2", "CacheDataset",
        "CacheDatasetV2",
    }
)  # fmt: skip
"""Every SavedModel has some of them; harmless while the path comes from outside or stays in the model's folder."""

NETWORK = frozenset(
    {
        "RpcCall", "RpcClient", "RpcServer", "RpcServerStart", "RpcServerRegister", "RpcGetValue", "RemoteCall",
        "FileSystemSetConfiguration", "DataServiceDataset", "DataServiceDatasetV2", "DataServiceDatasetV3",
        "DataServiceDatasetV4", "RegisterDataset", "RegisterDatasetV2", "ConfigureDistributedTPU",
    }
)  # fmt: skip
"""Speak with other machines."""

PRINTS = frozenset(
    {"PrintV2", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount", "DebugNumericSummary"}
)
"""Write where an attribute says, which can be a file or an address."""

NATIVE = frozenset({"TRTEngineOp", "XlaCustomCall", "XlaCustomCallV2", "LoadLibrary", "TPUExecute", "TPUCompile"})
"""Run compiled code."""

BUILT_IN = frozenset(
    {
        "_Arg",
        "_Retval",
        "_ListToArray",
        "_ArrayToList",
        "_FusedConv2D",
        "_FusedMatMul",
        "_SwitchN",
        "_Send",
        "_Recv",
        "_HostSend",
        "_HostRecv",
    }
)
"""Registered by the runtime without a wrapper."""


@cache
def known() -> frozenset[str]:
    """Names of all operators that TensorFlow registers itself."""
    text = (Path(__file__).parent / "tensorflow_ops.txt").read_text(encoding="ascii")
    return BUILT_IN.union(*(line.split() for line in text.splitlines() if not line.startswith("#")))
