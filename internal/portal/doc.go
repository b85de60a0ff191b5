// Package portal makes the pages for people: what an officer, a statistician, a
// steward, an auditor, an operator and a passer-by see in a browser.
//
// It promises: every page is made on the server, in English and in French, and works
// without script; an address can be shared, and says in its path which language it is
// in; what was typed is kept until it is right; a question is put once, when somebody
// presses the button, and what came of it has an address of its own that asks nobody
// again; no page holds a script or a style of its own, nothing comes from elsewhere,
// and what others wrote (labels, sentences of members, names in files) is shown as
// text. What is asked is bounded: of a form, of a search, of what a person has running
// and of what is kept.
//
// It does not decide who may ask what: the members asked do, by their agreements, and
// a page shows what they said. It does not know people: a Door says who has come in,
// and which roles they have. It is no interface for programs; its addresses may change.
//
// # To add a page
//
// A page is a file NAME.go with the struct that its template receives and its handler, a
// file templates/NAME.html, and the words lang/NAME.en.json and lang/NAME.fr.json, whose
// keys all begin with "NAME."; a line in routes (routes.go) says its address, who may see
// it, and whether it stands in the navigation. What the page needs of the house is a small
// interface beside its use, a field of Config, and a few lines in node (node/pages.go).
package portal
