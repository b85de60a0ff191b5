package synth

import "strconv"

// appendText adds texts, each after a comma.
func appendText(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = append(b, ',')
		b = append(b, t...)
	}
	return b
}

// appendPadded adds a number with leading zeros to at least width digits, of
// which there are at most twenty.
func appendPadded(b []byte, n uint64, width int) []byte {
	var digits [20]byte
	at := len(digits)
	for n > 0 {
		at--
		digits[at] = '0' + byte(n%10)
		n /= 10
	}
	for at > len(digits)-width {
		at--
		digits[at] = '0'
	}
	return append(b, digits[at:]...)
}

// appendCents adds an amount with two decimals, after a comma.
func appendCents(b []byte, cents int64) []byte {
	b = append(b, ',')
	b = strconv.AppendInt(b, cents/100, 10)
	rest := cents % 100
	return append(b, '.', '0'+byte(rest/10), '0'+byte(rest%10)) //nolint:gosec // digits
}

// appendWhole adds an amount of cents as whole units, after a comma.
func appendWhole(b []byte, cents int64) []byte {
	return strconv.AppendInt(append(b, ','), (cents+50)/100, 10)
}

// appendMilli adds thousandths with as many decimals as they need, after a
// comma.
func appendMilli(b []byte, milli int64) []byte {
	b = strconv.AppendInt(append(b, ','), milli/1000, 10)
	rest := milli % 1000
	if rest == 0 {
		return b
	}
	b = append(b, '.', '0'+byte(rest/100), '0'+byte(rest/10%10), '0'+byte(rest%10)) //nolint:gosec // digits
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

func decimalText(cents int64) string { return string(appendCents(nil, cents)[1:]) }

func milliText(milli int64) string { return string(appendMilli(nil, milli)[1:]) }

// appendConsignment names a consignment: "C0000000042".
func appendConsignment(b []byte, n uint64) []byte { return appendPadded(append(b, 'C'), n, 10) }

// documentDigits are the digits of a transport document's number.
const documentDigits = 11

// appendDocument writes the number of a bill of lading or air waybill; the "G"
// makes it nobody's. 0 was left out.
func appendDocument(b []byte, s *shipment, number uint64) []byte {
	if number == 0 {
		return b
	}
	if s.mode == air {
		b = append(b, "GAWB"...)
	} else {
		b = append(b, "GBOL"...)
	}
	return appendPadded(b, number%100_000_000_000, documentDigits)
}

func documentText(s *shipment) string { return string(appendDocument(nil, s, s.document)) }

// mistype changes one digit of a number: the one at the place, from the right.
func mistype(number uint64, place int64) uint64 {
	unit := uint64(1)
	for range place {
		unit *= 10
	}
	number %= 100_000_000_000
	if number/unit%10 == 9 {
		return number - unit
	}
	return number + unit
}
