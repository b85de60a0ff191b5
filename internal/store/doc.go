// Package store keeps tables of records: Iceberg for what is kept, DuckDB for
// what is asked, SQLite for the catalogue and the submissions.
//
// It promises:
//   - a submission is wholly there or wholly absent, whatever kills the process;
//   - what Commit has returned for is on disk: every file and its folder is
//     synced before the commit that names it (neither DuckDB nor iceberg-go does);
//   - nothing expires: a replaced figure is still there as of the day before;
//   - one writer at a time (a lock in the home), any number of readers;
//   - a home can be moved: every kept path is relative to it.
//
// It is general over datasets: it knows the descriptor, not trade. It does not
// judge who may ask, nor what a code means; it does not read profiles. It reads
// delimited text only after room ingest has checked that it is text.
package store
