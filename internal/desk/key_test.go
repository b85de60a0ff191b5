package desk_test

import (
	"reflect"
	"testing"
	"time"

	"guichet"
	"guichet/internal/desk"
	"guichet/internal/guichettest"
)

// TestTheKeyHasEveryField: whatever field of a question or a decision changes,
// one that is added later too, the answer held ready is another.
func TestTheKeyHasEveryField(t *testing.T) {
	var q guichet.Question
	var d guichet.Decision
	seen := map[string]string{desk.KeyOf(q, d): "nothing"}
	check := func(name string) {
		t.Helper()
		key := desk.KeyOf(q, d)
		if was, ok := seen[key]; ok {
			t.Errorf("%s: the same key as for %s", name, was)
		}
		seen[key] = name
	}
	eachField(t, "question", reflect.ValueOf(&q).Elem(), check)
	eachField(t, "decision", reflect.ValueOf(&d).Elem(), check)
	a, b := guichet.Question{By: []string{"x", "yz"}}, guichet.Question{By: []string{"xy", "z"}}
	if desk.KeyOf(a, d) == desk.KeyOf(b, d) {
		t.Error("two lists look alike")
	}
}

// notTold are fields that an answer cannot depend on: a remark of a notice is of
// no member but ourselves.
func notTold(name string) bool { return name == "decision.Notices.Member" }

// eachField sets one field after the other, and back.
func eachField(t *testing.T, name string, v reflect.Value, check func(string)) {
	t.Helper()
	if notTold(name) {
		return
	}
	was := reflect.ValueOf(v.Interface())
	set := func(x any) {
		v.Set(reflect.ValueOf(x).Convert(v.Type()))
		check(name)
		v.Set(was)
	}
	switch x := v.Interface().(type) {
	case time.Time:
		set(time.Date(2024, 1, 1, 0, 0, 0, 1, time.UTC))
		return
	case guichet.Span:
		set(guichettest.Period(t, "2024"))
		return
	case *guichet.Decimal:
		one := guichet.DecimalOf(1)
		set(&one)
		return
	case map[string][]string:
		set(map[string][]string{"x": {"y"}})
		set(map[string][]string{"x": {"y", "z"}})
		return
	case []string:
		set([]string{"x"})
		return
	default:
		_ = x
	}
	switch v.Kind() { //nolint:exhaustive // the default fails
	case reflect.String:
		set("x")
	case reflect.Bool:
		set(true)
	case reflect.Int, reflect.Int64:
		set(7)
	case reflect.Struct:
		for i := range v.NumField() {
			eachField(t, name+"."+v.Type().Field(i).Name, v.Field(i), check)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		check(name)
		eachField(t, name, v.Index(0), check)
		v.Set(was)
	default:
		t.Fatalf("%s: a %s is not looked at; say how", name, v.Type())
	}
}
