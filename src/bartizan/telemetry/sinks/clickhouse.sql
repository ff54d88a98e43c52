-- Rows that were sent twice have the same sorting key: merges keep one of them, and SELECT … FINAL shows one.
-- The window lets a table without replicas recognise a batch that was just sent again.
CREATE TABLE IF NOT EXISTS {table}
(
    `id` String,
    `at` DateTime64(6, 'UTC'),
    `kind` LowCardinality(String),
    `request` String,
    `principal` String,
    `session` String,
    `client` String,
    `route` LowCardinality(String),
    `model` LowCardinality(String),
    `action` LowCardinality(String),
    `rule` LowCardinality(String),
    `status` UInt16,
    `record` String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`at`)
ORDER BY (`kind`, `at`, `id`)
SETTINGS non_replicated_deduplication_window = 1000
