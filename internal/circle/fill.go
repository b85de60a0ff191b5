package circle

import "reflect"

// filled returns a copy of a paper in which every absent list is an empty one.
// JSON writes the first as null and the second as [], and one paper must have
// one spelling whether it came from YAML, from JSON or from a program.
func filled[T any](paper T) T {
	v := reflect.New(reflect.TypeFor[T]()).Elem()
	fill(v, reflect.ValueOf(paper))
	return v.Interface().(T) //nolint:forcetypeassert // v was made of type T
}

func fill(to, from reflect.Value) {
	switch from.Kind() { //nolint:exhaustive // the other kinds go by default
	case reflect.Struct:
		to.Set(from) // times keep their private fields
		for i := range from.NumField() {
			if from.Type().Field(i).IsExported() {
				fill(to.Field(i), from.Field(i))
			}
		}
	case reflect.Slice:
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			fill(to.Index(i), from.Index(i))
		}
	case reflect.Map:
		to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
		for _, k := range from.MapKeys() {
			inner := reflect.New(from.Type().Elem()).Elem()
			fill(inner, from.MapIndex(k))
			to.SetMapIndex(k, inner)
		}
	default:
		to.Set(from)
	}
}
