package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const maxRolesRead = 1000 // of one person

// identity is what a verified ID token says.
type identity struct {
	issuer, subject string
	name            string
	roles           []string // the provider's names
	sid             string   // the provider's name for the session, if it tells
	raw             string   // the token itself, to sign out there
}

// redeem turns a code into an identity. Every check that the standard asks for is
// here or in the library: the signature there, the rest here.
func (d *Door) redeem(ctx context.Context, known *discovered, code string, f *flow) (*identity, *failure) {
	ctx, cancel := d.provider.context(ctx)
	defer cancel()
	token, err := known.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, exchangeFailure(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, &failure{status: http.StatusBadGateway, key: "signin.untrusted", cause: errors.New("no ID token beside the access token")}
	}
	before := d.provider.unheard.Load()
	id, err := known.verifier.Verify(ctx, raw)
	switch {
	case err != nil && d.provider.unheard.Load() != before:
		return nil, unreachable(err)
	case err != nil:
		return nil, &failure{status: http.StatusBadGateway, key: "signin.untrusted", cause: err}
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, &failure{status: http.StatusBadGateway, key: "signin.untrusted", cause: err}
	}
	if f := d.judge(id, claims, f.Nonce); f != nil {
		return nil, f
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, &failure{status: http.StatusBadGateway, key: "signin.untrusted", cause: err}
		}
	}
	who := &identity{issuer: id.Issuer, subject: id.Subject, raw: raw, name: nameOf(claims), sid: text(claims["sid"])}
	names, told := rolesAt(claims, d.config.RolesClaim)
	if !told && known.oidc.UserInfoEndpoint() != "" {
		info, err := known.oidc.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, unreachable(err)
		}
		more := map[string]any{}
		// An answer about somebody else gives no role.
		if info.Subject == id.Subject && info.Claims(&more) == nil {
			names, _ = rolesAt(more, d.config.RolesClaim)
		}
	}
	who.roles = names
	return who, nil
}

// judge looks at what an ID token says of its own use.
func (d *Door) judge(id *oidc.IDToken, claims map[string]any, nonce string) *failure {
	now := d.clock()
	notBefore := time.Time{}
	if nbf, ok := claims["nbf"].(float64); ok {
		notBefore = time.Unix(int64(nbf), 0)
	}
	azp := text(claims["azp"])
	switch {
	case id.Subject == "":
		return &failure{status: http.StatusBadGateway, key: "signin.untrusted", cause: errors.New("an ID token without a subject")}
	case !slices.Contains(id.Audience, d.config.ClientID), azp != "" && azp != d.config.ClientID, len(id.Audience) > 1 && azp == "":
		return &failure{
			status: http.StatusBadGateway, key: "signin.audience", values: map[string]string{"client": d.config.ClientID},
			cause: fmt.Errorf("audience %q, authorised party %q", id.Audience, azp),
		}
	case !same(id.Nonce, nonce):
		return &failure{status: http.StatusBadRequest, key: "signin.nonce", next: SignInPath}
	case id.IssuedAt.After(now.Add(clockSlip)), notBefore.After(now.Add(clockSlip)):
		return clockFailure(now, id.IssuedAt)
	// It was made a moment ago: one that is over already was made by another clock.
	case id.Expiry.Before(now.Add(-clockSlip)):
		return clockFailure(now, id.IssuedAt)
	}
	return nil
}

func clockFailure(now, theirs time.Time) *failure {
	values := map[string]string{"ours": now.UTC().Format(time.RFC3339), "theirs": theirs.UTC().Format(time.RFC3339)}
	return &failure{status: http.StatusBadGateway, key: "signin.clock", values: values, cause: fmt.Errorf("an ID token of %s at %s", values["theirs"], values["ours"])}
}

func unreachable(cause error) *failure {
	return &failure{status: http.StatusServiceUnavailable, key: "signin.unreachable", next: SignInPath, cause: cause}
}

// exchangeFailure says why a code got no token. What the provider wrote besides its
// error's code is not passed on.
func exchangeFailure(err error) *failure {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return unreachable(err)
	}
	status := 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	cause := fmt.Errorf("the token endpoint says %d %q", status, clip(refused.ErrorCode, 60))
	switch {
	case status >= http.StatusInternalServerError:
		return unreachable(cause)
	case refused.ErrorCode == "invalid_grant":
		return &failure{status: http.StatusBadRequest, key: "signin.code", next: SignInPath, cause: cause}
	default:
		return &failure{status: http.StatusBadGateway, key: "signin.client", cause: cause}
	}
}

// rolesAt reads the names of roles at a claim, or at a path into claims; false when
// there is nothing at all. A claim whose own name has dots is found first.
func rolesAt(claims map[string]any, path string) ([]string, bool) {
	at, ok := claims[path]
	if !ok {
		at = any(claims)
		for step := range strings.SplitSeq(path, ".") {
			inside, is := at.(map[string]any)
			if !is {
				return nil, false
			}
			if at, ok = inside[step]; !ok {
				return nil, false
			}
		}
	}
	switch at := at.(type) {
	case string:
		return []string{at}, true
	case []any:
		var names []string
		for _, x := range at[:min(len(at), maxRolesRead)] {
			if name := text(x); name != "" {
				names = append(names, name)
			}
		}
		return names, true
	default:
		return nil, false
	}
}

// nameOf is how to greet somebody. A login that is an address of e-mail is not shown,
// nor kept.
func nameOf(claims map[string]any) string {
	for _, name := range []string{
		text(claims["name"]),
		strings.TrimSpace(text(claims["given_name"]) + " " + text(claims["family_name"])),
		text(claims["preferred_username"]),
	} {
		name = strings.Join(strings.Fields(strings.Map(printable, clip(name, maxName))), " ")
		if name != "" && !strings.Contains(name, "@") {
			return name
		}
	}
	return ""
}

func text(claim any) string {
	s, _ := claim.(string)
	return s
}
