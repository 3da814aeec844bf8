// An OpenID provider that is not ours, in the clothes of Clever or ClassLink. Loopback only; nothing leaves the machine.
//
//     node idp.mjs            reads one line of JSON on standard input (below), prints one line when it is on,
//                             obeys commands, one line of JSON each, and ends when standard input closes
//
// {"vendor": "clever" | "classlink", "people": {id: person, …}, "clients": [{"id", "secret", "redirect_uris"}, …],
//  "port": 0, "issuer": its own address, "keys": ["k1"], "code_seconds": 60, "sends_iss": true, "drop_state": false,
//  "sparse": false}
//
// Commands: {"do": "rotate", "keys": ["k2"]} · {"do": "set", "sends_iss": …, "drop_state": …} · {"do": "report"}.
// Each is answered by one line: {"ok": true, "token_calls": n, "redeemed": n, "refused": n, "authorized": n}.
//
// A browser signs in to the portal at /portal/sign-in?who=ID, and clicks a tile at /portal/tile?client=ID: that is an
// authorization without state, nonce or challenge, as the real portals begin one. /portal lists both as links.

import crypto from 'node:crypto';
import http from 'node:http';
import readline from 'node:readline';
import { Provider } from 'oidc-provider';
import { vendors } from './vendors.mjs';

const HOST = '127.0.0.1';
const SCOPES = ['openid', 'profile', 'email', 'oneroster', 'read:user_id'];
const OF_TILES = 'openid profile email oneroster';
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const told = await lines.next();
const settings = {
  port: 0, keys: ['k1'], code_seconds: 60, sends_iss: true, drop_state: false, sparse: false,
  ...JSON.parse(told.value),
};
const vendor = vendors[settings.vendor];
const cookie = `portal_${settings.vendor}`; // names of cookies tell the portals apart: on one machine they share a jar
const session = `session_${settings.vendor}`;
const report = { token_calls: 0, redeemed: 0, refused: 0, authorized: 0 };
let provider;

const server = http.createServer((request, response) => {
  serve(request, response).catch((broken) => {
    console.error(broken);
    response.writeHead(500).end('this provider is broken');
  });
});
server.listen(settings.port, HOST, async () => {
  const address = `http://${HOST}:${server.address().port}`;
  settings.issuer ??= address;
  provider = begin();
  say({ on: settings.vendor, url: address, issuer: settings.issuer, routes: vendor.routes });
  for await (const line of lines) obey(JSON.parse(line));
  process.exit(0);
});

function say(document) {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

function obey({ do: command, ...told }) {
  Object.assign(settings, told);
  if (command === 'rotate') provider = begin(); // what was begun goes on: codes and sessions outlive a key
  say({ ok: ['rotate', 'set', 'report'].includes(command), ...report });
}

// ---------------------------------------------------------------- the provider

function begin() {
  const made = new Provider(settings.issuer, {
    routes: vendor.routes,
    jwks: { keys: settings.keys.map(key) },
    clients: settings.clients.map(client),
    cookies: { keys: ['of a test'], names: { session } },
    pkce: { required: () => false }, // as at the portals: checked where a challenge came, not demanded
    scopes: SCOPES,
    conformIdTokenClaims: false, // both vendors put the person's claims into the id_token
    claims: { openid: ['sub', ...Object.keys(vendor.claims('', { role: '', tenant: '' }))], profile: [], email: [] },
    ttl: {
      AuthorizationCode: settings.code_seconds, AccessToken: 86400, IdToken: vendor.idTokenSeconds,
      Session: 7200, Grant: 7200, Interaction: 300,
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => settings.people[id] && {
      accountId: id, claims: () => ({ sub: id, ...vendor.claims(id, settings.people[id], settings.sparse) }),
    },
    loadExistingGrant: granted,
  });
  made.on('grant.success', () => { report.redeemed += 1; });
  made.on('grant.error', () => { report.refused += 1; });
  made.on('authorization.success', () => { report.authorized += 1; });
  return made;
}

function key(kid) {
  const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}

function client({ id, secret, redirect_uris }) {
  return {
    client_id: id, client_secret: secret, redirect_uris, response_types: ['code'], grant_types: ['authorization_code'],
    token_endpoint_auth_method: vendor.clientAuthentication,
  };
}

/** No consent: the district decides what is shared, not the person. */
async function granted({ oidc }) {
  const known = oidc.session.grantIdFor(oidc.client.clientId);
  if (known) return oidc.provider.Grant.find(known); // another one would end the codes of this one
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}

// ---------------------------------------------------------------- the portal around it

async function serve(request, response) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (url.pathname === vendor.routes.token) await counted(request);
  if (url.pathname === '/portal') return portal(request, response);
  if (url.pathname === '/portal/sign-in') return signIn(url, response);
  if (url.pathname === '/portal/tile') return tile(url, response);
  if (url.pathname.startsWith('/interaction/')) return known(request, response);
  if (vendor.refusesUrllib && url.pathname === vendor.routes.jwks && /^Python-urllib/.test(request.headers['user-agent'])) {
    return response.writeHead(401).end();
  }
  for (const [path, answer] of vendor.answers) {
    const match = path.exec(url.pathname);
    if (match) return about(request, response, answer, match[1]);
  }
  if (url.pathname === vendor.routes.authorization && vendor.ownScope && !url.searchParams.has('scope')) {
    request.url += `&scope=${vendor.ownScope}`;
  }
  alter(response);
  return provider.callback()(request, response);
}

/** Who is signed in to the portal in this browser. */
function whoIn(request) {
  const found = (request.headers.cookie ?? '').split('; ').find((pair) => pair.startsWith(`${cookie}=`));
  return found && found.slice(cookie.length + 1);
}

function portal(request, response) {
  const link = (path, query, words) => `<li><a href="${path}?${new URLSearchParams(query)}">${words}</a></li>`;
  const people = Object.keys(settings.people).map((id) => link('/portal/sign-in', { who: id }, `sign in as ${id}`));
  const tiles = settings.clients.map(({ id }) => link('/portal/tile', { client: id }, `open ${id}`));
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><title>A portal</title><h1>A portal</h1><p>${whoIn(request) ?? 'nobody'} is signed in</p>
    <ul>${people.join('')}</ul><ul>${tiles.join('')}</ul></html>`);
}

/** A person signs in to the portal; whoever was signed in before is not any more. */
function signIn(url, response) {
  const gone = [session, `${session}.sig`].map((each) => `${each}=; Path=/; Max-Age=0`);
  const who = url.searchParams.get('who');
  response.writeHead(303, { location: '/portal', 'set-cookie': [`${cookie}=${who}; Path=/; HttpOnly; SameSite=Lax`, ...gone] });
  response.end();
}

function tile(url, response) {
  const clicked = settings.clients.find(({ id }) => id === url.searchParams.get('client')) ?? settings.clients[0];
  const asked = new URLSearchParams({
    response_type: 'code', client_id: clicked.id, redirect_uri: clicked.redirect_uris[0], scope: OF_TILES,
  });
  response.writeHead(302, { location: `${vendor.routes.authorization}?${asked}` }).end();
}

/** Whoever is signed in to the portal needs no screen. */
async function known(request, response) {
  const who = whoIn(request);
  if (!settings.people[who]) return response.writeHead(401).end('Find your login page.');
  const login = { login: { accountId: who } };
  return provider.interactionFinished(request, response, login, { mergeWithLastSubmission: false });
}

/** Clever takes a token request as JSON as well; the provider itself reads forms only. */
async function counted(request) {
  report.token_calls += 1;
  if (!vendor.takesJson || !/^application\/json/.test(request.headers['content-type'] ?? '')) return;
  let text = '';
  for await (const piece of request) text += piece;
  request.body = new URLSearchParams(JSON.parse(text)).toString();
  request.headers['content-type'] = 'application/x-www-form-urlencoded';
}

/** Answers of the vendor's API about the bearer of an access token. */
async function about(request, response, answer, asked) {
  const bearer = (request.headers.authorization ?? '').replace(/^bearer /i, '');
  const token = await provider.AccessToken.find(bearer);
  const who = token?.accountId;
  const document = token && answer({ who, person: settings.people[who], asked });
  response.writeHead(token ? (document ? 200 : 404) : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(document || { error: token ? 'not found' : 'invalid_token' }));
}

/** What a portal may leave out of its answer: `iss`, which neither vendor is known to send, and, broken, `state`. */
function alter(response) {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => setHeader(name, name.toLowerCase() === 'location' ? altered(String(value)) : value);
}

function altered(location) {
  const ours = settings.clients.some((each) => each.redirect_uris.some((uri) => location.startsWith(uri)));
  if (!ours) return location;
  const url = new URL(location);
  if (!settings.sends_iss) url.searchParams.delete('iss');
  if (settings.drop_state) url.searchParams.delete('state');
  return url.href;
}
