"""A third reader of an exported table: Apache Spark with Iceberg's own Java
library, which shares no code with ours nor with pyiceberg.

    python spark.py METADATA.json ICEBERG.jar < questions.json > answers.json

Questions and answers are those of read.py.
"""

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def text(value):
    """A key as text: dates as ISO days, booleans in lower case, absent as ""."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def answer(table, question):
    rows = table
    for field, values in question.get("where", {}).items():
        rows = rows.where(F.col(field).isin(values))
    measure, by = question["sum"], question["by"]
    groups = rows.groupBy(*by).agg(F.sum(measure).alias("total"), F.count(F.lit(1)).alias("rows"), F.count(measure).alias("figures"))
    out = []
    for g in groups.collect():
        total = g["total"]
        out.append([text(g[k]) for k in by] + [None if total is None else format(total, "f"), g["rows"], g["figures"]])
    return sorted(out, key=str)


def main():
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", sys.argv[2])
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    table = spark.read.format("iceberg").load(sys.argv[1])
    schema = spark.sparkContext._jvm.org.apache.iceberg.hadoop.HadoopTables(
        spark.sparkContext._jsc.hadoopConfiguration()
    ).load(sys.argv[1]).schema()
    fields = {f.name(): [f.fieldId(), f.type().toString()] for f in schema.columns()}
    out = {"rows": table.count(), "fields": fields, "answers": [answer(table, q) for q in json.load(sys.stdin)]}
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
