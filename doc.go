// Package guichet holds the words of the single window: what is exchanged,
// how it is described, asked for and answered.
//
// It promises types and pure functions that every room may use: datasets and
// their fields, periods, exact decimals, profiles of national files, the
// verdicts of harmonising, submissions, questions and answers, and the one
// error type that crosses rooms and, later, borders.
//
// It does not open a file, ask a clock, speak SQL or know trade: package trade
// describes the first dataset, package travel the second, package hs the Harmonized System, package codes
// the other code lists.
//
// One word per thing:
//
//	dataset     a described table: its fields, their concepts and code lists
//	field       a column of a dataset: dimension, measure or attribute
//	cube        the table of an office that a file belongs to; an answer is drawn from one
//	profile     how an office's file is read as records of a dataset
//	submission  one file taken in: its identity, totals, coverage and what was put aside
//	unit        what one submission replaces or adds to: reporter, flow, period and scope
//	verdict     what harmonising says of one distinct key
//	remark      a coded sentence about figures
//	gap         why an answer has no figure
package guichet
