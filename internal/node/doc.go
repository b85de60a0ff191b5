// Package node is the house: it builds the rooms, hands each what it needs,
// and is the only package that knows them all.
package node
