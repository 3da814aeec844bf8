// A second product, in another language with another library: openid-client, certified, by configuration alone.
//
//   node openid_client.mjs '{"issuer":…,"client_id":…,"client_secret":…,"redirect_uri":…,"login_hint":…,"first":…}'
//
// `first`, if there is one, is opened before: the portal, where somebody signs in.
//
// Prints one line: {"claims": {…}} of the verified id_token, or {"error": …} and why the library refused. Where the
// browser would follow redirects, `visited` does, with a browser's cookies.
import { get } from "node:http"
import * as client from "openid-client"

const asked = JSON.parse(process.argv[2])
const MOST_STEPS = 20

const cookies = new Map()

// One request as a browser's navigation: fetch would say that a script asks, and nothing would be opened for that.
const opened = (address, cookie) => new Promise((done, failed) => {
  const headers = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", ...(cookie ? { cookie } : {}) }
  get(address, { headers }, (answer) => answer.resume().on("end", () => done(answer))).on("error", failed)
})

async function visited(address, ends = asked.redirect_uri) {
  for (let step = 0; step < MOST_STEPS; step++) {
    if (address.href.startsWith(ends)) return address
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
    const answer = await opened(address, cookie)
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      if (value) cookies.set(name, value)
      else cookies.delete(name)
    }
    const next = answer.headers.location
    if (!next && answer.statusCode === 200 && ends !== asked.redirect_uri) return address
    if (!next) throw new Error(`no way on: ${answer.statusCode} at ${address.pathname}`)
    address = new URL(next, address)
  }
  throw new Error("too many redirects")
}

async function signedIn() {
  const config = await client.discovery(
    new URL(asked.issuer), asked.client_id, { id_token_signed_response_alg: "RS256" },
    client.ClientSecretBasic(asked.client_secret),
    // http, on the loopback address alone; and the signature is checked although the token came from server to server
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  )
  if (asked.first) await visited(new URL(asked.first), "nowhere")
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = client.randomNonce()
  const begin = client.buildAuthorizationUrl(config, {
    redirect_uri: asked.redirect_uri, scope: "openid", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    ...(asked.login_hint ? { login_hint: asked.login_hint } : {}),
  })
  const answered = await visited(begin)
  const tokens = await client.authorizationCodeGrant(config, answered, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  })
  return tokens.claims()
}

try {
  console.log(JSON.stringify({ claims: await signedIn() }))
} catch (error) {
  const why = error.cause?.message ?? error.cause?.error ?? ""
  console.log(JSON.stringify({ error: error.code ?? error.name, message: error.message, why: String(why) }))
}
