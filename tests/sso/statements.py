"""What a sign-in must do, row by row, in our own words: three lists, whose numbers tests carry (`tests.sso.proves`).

`LEFT_OUT` are rows without a test, each with its reason; `REMARKS` say more about a row that has one.
"""

from __future__ import annotations

from collections.abc import Mapping

LISTS: Mapping[str, str] = {
    "C": "What our side must do",
    "T": "Threats, and what stops them",
    "K": "Clever's own rules about sign-in",
}

_OURS = (
    "A callback with a code and no state asks no token endpoint.",
    "It is answered with 303 to the initiate address of the product in the path; `iss` and `login_hint` are ours.",
    "A callback with nothing in it shows page 101 and changes nothing.",
    "An unknown portal or app in the path is 404, and leads nowhere.",
    "Three restarts within a minute end on page 108.",
    "What is not a navigation of a whole page has no effect.",
    "HEAD and POST on the callback are 405.",
    "State, nonce, verifier and binding value have 256 random bits each and depend on nothing.",
    "Authorize address, client id and redirect address come from configuration alone.",
    "A challenge (S256) is sent where the app has it on; the verifier is sent once.",
    "A transaction ends after 600 seconds, though its item may still be there.",
    "Cookies are `__Host-`, Secure, HttpOnly, Lax, Path=/, without Domain, for 600 seconds.",
    "Two tabs may sign in at once, and both get in.",
    "A state without its cookie: page 104, no token endpoint asked, the transaction stands.",
    "A state used or expired: no token endpoint asked; begun anew, or page 105.",
    "Of twenty equal callbacks at once one asks the token endpoint.",
    "A parameter that comes twice: page 106.",
    "A wrong `iss` in the answer: page 107 and an alarm. None at all is taken.",
    "A state of Clever at ClassLink's callback is refused.",
    "Errors of the portal are mapped by a list; no page shows a word of the request.",
    "The token request: Clever Basic, ClassLink in the body; form, TLS checked, no redirects, 8 seconds at most.",
    "A token request that ran out of time is not repeated with the same code.",
    "An app with OIDC that gets no id_token ends on page 109, without another way.",
    "Every call to a portal carries our own User-Agent.",
    "Only RS256; none, HS256 and ES256 are refused.",
    "An unknown key is refused and fetched at most once a minute; a rotated key works without a restart.",
    "A token without `kid` is taken with one key, refused with two.",
    "`iss` exact; `aud` is the client id of this product; several audiences are refused.",
    "`exp`, the age of `iat` (300 s, 60 s of skew), `nbf` where it is there.",
    "A nonce that is missing or wrong is refused.",
    "Userinfo of another subject or tenant is refused.",
    "Without its JWKS, kept keys serve for a day; then page 103.",
    "An unknown tenant is page 201; a known one reads keys of its own district alone.",
    "The same id or email in another district never matches.",
    "Finding by email is off, and never for students.",
    "Two candidates 204, archived 205, nobody 203 and a run is asked for, at most every 15 minutes.",
    "Roles come from the roster; the portal's adds none; student against staff is 304.",
    "Licence and role are looked at in every launch.",
    "/authorize with an unknown client or redirect address shows a page and never redirects.",
    "/authorize without state, nonce or an S256 challenge is refused.",
    "The one-time code: 43 characters, kept hashed, 60 s, used once, bound to client, address and challenge.",
    "/token wants the client's secret and the right verifier; all failures of a code look alike.",
    "The id_token has exactly its claims, nothing personal, and lives 120 s.",
    "The JWKS shows the current and the next key; every token's `kid` is in it; old tokens verify in a rotation.",
    "A standard client library completes the flow by configuration alone.",
    "A new launch as somebody else replaces the product's session; the old one and a stale tab are refused.",
    "Every answer has its security headers; every redirect is a 303 to a place of configuration.",
    "Every page of a failure has a code, a reference and a working button; none needs JavaScript.",
    "No secret and nothing personal is found in logs, metrics or history.",
    "With a store, KMS or the secrets down the page is 501 or 103, and nothing is issued.",
)

_THREATS = (
    "Login CSRF by a callback address of the attacker, without state",
    "Login CSRF by code and state of the attacker's own sign-in",
    "Session fixation by a planted cookie",
    "Login CSRF at the product by the attacker's one-time code",
    "A code of another sign-in injected at ours",
    "A portal's code used again",
    "Our one-time code used again",
    "Our one-time code at another product",
    "Our one-time code too late",
    "A challenge left out, or `plain`",
    "An answer of one portal at the callback of the other",
    "A token for one of our products at another",
    "`alg: none`",
    "HS256 with the public key",
    "A key in the header (`jwk`, `jku`, `x5u`)",
    "A `crit` header",
    "Invented `kid`s, to make us hammer the portal",
    "An old id_token, valid for a day",
    "A token of the future",
    "An issuer that looks alike",
    "A poisoned discovery document",
    "Userinfo of somebody else",
    "A rogue district with the same ids and emails",
    "Another tenant in my/info",
    "A role that only the portal claims",
    "Archived, but still in the portal",
    "A product without licence, by its address",
    "Open redirects",
    "A redirect that repeats a body (307)",
    "A code that leaks by Referer or history",
    "Clickjacking",
    "Markup in an error page",
    "A parameter twice",
    "Images, frames, prefetching and scanners",
    "A shared device: the next student in the session of the one before",
    "A loop of restarts",
    "A client secret stolen",
    "Tokens or personal data in a log",
    "A comparison whose time tells",
    "Our server made to call somewhere else",
    "Somebody else as a client at /token",
    "A token of a megabyte",
    "A store or KMS down, and the door left open",
    "A second account of a portal that claims a linked person",
)

_CLEVER: Mapping[int, str] = {
    46: "A callback without state exchanges no code and starts again.",
    47: "A callback with a wrong state makes no session.",
    48: "At most one restart by itself; then a page with a button.",
    49: "A code is exchanged at most once; a repeated callback shows somebody who is in no error.",
    50: "The token request: Basic, the same redirect address, the body that Clever takes.",
    51: "A session of somebody else is replaced, and its id changes.",
    52: "People are found by Clever's id, then by the legacy id; by email only where the district wants it.",
    53: "Somebody unknown gets a page that says what to do.",
    54: "`error=…`, an expired code and a 5xx each give a friendly page with a reference and a way on.",
    55: "Somebody of a district that is not connected is refused politely.",
    56: "Signature, iss, aud, exp and nonce of the id_token are checked.",
    57: "The log-out button ends our own session alone.",
    58: "The page shows name and role of who is signed in.",
    59: "A redirect after sign-in leads to addresses of the registration alone.",
    60: "A missing email or name never keeps anybody out.",
}

STATEMENTS: Mapping[str, str] = {
    **{f"C{number}": text for number, text in enumerate(_OURS, 1)},
    **{f"T{number}": text for number, text in enumerate(_THREATS, 1)},
    **{f"K{number}": text for number, text in _CLEVER.items()},
}
"""Row → what it says."""

LEFT_OUT: Mapping[str, str] = {}
"""Rows without a test: why."""

REMARKS: Mapping[str, str] = {
    "C10": "Whether a portal looks at the challenge is not known; cookie and nonce stop a stolen code too.",
    "C21": "Clever gets JSON, as K50 asks, and ClassLink a form: data of the portal (ADR 33).",
    "C36": "Two people with one value are 203: the roster keeps no link for it. 204: links that disagree (ADR 34).",
    "C40": "State and nonce may have 16 characters: a common library makes 20, and 22 were asked for (ADR 35).",
    "C45": "With Authlib the product compares the answer's `iss` itself.",
    "C49": "The portal's subject stands in the links table alone, where a roster does not hold it (ADR 34).",
    "K49": "A reload within 30 seconds shows page 105; the product's session stays, and the button leads back in.",
    "T7": "A code used again raises an alarm; the session that began with it is not ended by us.",
    "T26": "Sessions that run end by the product's copy of the roster; an event of ours is a later phase.",
    "T36": "Where cookies are blocked and the portal loses every state, the browser's own limit stops it.",
    "T41": "Alarms, and nobody is locked out: client ids are no secret.",
}
"""More about rows that have one."""
