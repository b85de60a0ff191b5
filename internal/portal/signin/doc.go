// Package signin says who looks at the pages: an officer, a steward, an auditor,
// an operator, or nobody that it knows.
//
// It promises that a person it names was named by the member's own OpenID Connect
// provider (authorization code, PKCE, state, nonce), and carries a role that the
// member's configuration gives; that a session ends when it should, also in a
// cookie that somebody kept, also after a restart; that a form which changes
// something came from one of our own pages; and that what was typed into a form
// whose session had ended is offered again, to the same person. What it keeps of a
// person is a pseudonym that cannot be traced back without the home's secret, the
// name to greet them by, and their roles; never an address.
//
// It does not decide what a role may see: the pages do, by Require and From. It
// makes no page: whoever builds a Door hands it a Render. It trusts no header of a
// proxy. It does not end a session at the provider by itself, nor does it notice
// that a role was taken away there until the person signs in again, or the provider
// says that the session is over.
package signin
