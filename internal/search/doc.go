// Package search finds codes by everyday words, in English and in French:
// "masque chirurgical" finds 630790, though no label of the HS says mask.
//
// It promises: what is found is explained (which wording matched); accents,
// case, plural and one slip of the pen do not matter; the same index and the
// same words give the same hits in the same order; a query of digits finds the
// codes that begin so.
//
// It does not understand: it compares words. A code that is not found may still
// exist, and a hit is a place to look, not a ruling on how goods are classified.
package search
