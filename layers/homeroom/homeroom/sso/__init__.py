"""sso: single sign-on from Clever and ClassLink into the products (requirements D1 to D6; design 7).

    tile ─▶ callback: a code without our state, dropped                     `callback` → `launch`
         ─▶ product's initiate address                                      `launch`
         ─▶ provider /authorize: the product's request, a transaction       `authorize`
         ─▶ portal: our own request with state, nonce, challenge            `portals`
         ─▶ callback: transaction used up, code redeemed, token checked     `callback` → `exchange` → `id_token`
            who is it there, whom in the roster, may they                   `subject` → `matching` → `access`
         ─▶ product: a one-time code, redeemed server to server             `handoff` → `token`

Every way that leads nowhere ends on a page of its own (`codes`, `pages`). No module here knows AWS: what is outside
comes as `ports.Outside`. Nothing here imports pydantic or requests: a cold start is felt by a child.
"""
