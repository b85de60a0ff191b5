package agreement

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"guichet"
)

// flat is a paper as single values by path:
//
//	quota_per_day          of terms[0]: "terms[0].quota_per_day"
//	a thing in a list      by its name, "parties[CA]", or its place
//	a word in a list       "purposes.permitted{research}": lists of words are sets
//	a text                 "audit.en"
//
// What is new in guichet.Agreement is flattened with the rest: nothing that is
// signed can be left out of a Diff.
type flat map[string]string

func flatten(a guichet.Agreement) flat {
	out := flat{}
	out.add("", reflect.ValueOf(a))
	return out
}

func (f flat) add(path string, v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // what is not told apart is a single value
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			f.add(strings.TrimPrefix(path+"."+strings.ToLower(name), "."), v.Field(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			f.add(path+"."+key.String(), v.MapIndex(key))
		}
	case reflect.Slice:
		f.addList(path, v)
	default:
		f[path] = fmt.Sprint(v.Interface())
	}
}

func (f flat) addList(path string, v reflect.Value) {
	seen := map[string]int{}
	for i := range v.Len() {
		item := v.Index(i)
		if item.Kind() == reflect.String {
			f[path+"{"+item.String()+"}"] = item.String()
			continue
		}
		name := nameOf(item)
		seen[name]++
		at := path + "[" + cmp.Or(name, strconv.Itoa(i)) + "]"
		if seen[name] > 1 && name != "" {
			at = path + "[" + name + " " + strconv.Itoa(seen[name]) + "]"
		}
		f[at] = cmp.Or(name, item.Field(0).String())
		f.add(at, item)
	}
}

// nameOf is what a thing in a list goes by, "" for one that goes by its place.
func nameOf(v reflect.Value) string {
	for _, name := range []string{"Member", "Tier", "Name"} {
		if field := v.FieldByName(name); field.IsValid() {
			return field.String()
		}
	}
	return ""
}
