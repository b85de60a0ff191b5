"""A second reader of an exported table: pyiceberg, which shares no code with ours.

    python read.py METADATA.json < questions.json > answers.json

A question is {"by": [fields], "sum": measure, "where": {field: [values]}}; its
answer is a list of [key ..., sum, rows, figures], keys as text, "" absent, the
sum as an exact decimal, null when no row has a figure. Beside the answers stand
what the table says of itself: its rows, and the ids and types of its fields.
"""

import json
import sys

from pyiceberg.expressions import AlwaysTrue, And, In
from pyiceberg.table import StaticTable


def where(conditions):
    """The conditions as pyiceberg's own filter, which skips files by their bounds."""
    expr = AlwaysTrue()
    for field, values in conditions.items():
        expr = And(expr, In(field, values))
    return expr


def text(value):
    """A key as text: dates as ISO days, booleans in lower case, absent as ""."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def answer(table, question):
    rows = table.scan(row_filter=where(question.get("where", {}))).to_arrow()
    measure, by = question["sum"], question["by"]
    wanted = [(measure, "sum"), (measure, "count"), ([], "count_all")]
    groups = rows.group_by(by).aggregate(wanted).to_pylist()
    out = []
    for g in groups:
        total = g[measure + "_sum"]
        out.append([text(g[k]) for k in by] + [None if total is None else str(total), g["count_all"], g[measure + "_count"]])
    return sorted(out, key=str)


def main():
    table = StaticTable.from_metadata(sys.argv[1])
    snapshot = table.current_snapshot()
    json.dump(
        {
            "rows": int(snapshot.summary["total-records"]),
            "fields": {f.name: [f.field_id, str(f.field_type)] for f in table.schema().fields},
            "answers": [answer(table, q) for q in json.load(sys.stdin)],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
