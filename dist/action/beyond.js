export const id = "beyond";
export const ids = ["beyond"];
export const modules = {

/***/ "./lib/beyond.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  grant: () => (/* reexport */ grant),
  post: () => (/* reexport */ post)
});

var action_error = load_("./lib/lib/action-error.js");
var lib_text = load_("./lib/lib/text.js");
;// MODULE ./lib/auth/guards.js

/** Throws `lifetime-too-short` unless the token is known to live as long as was asked. */
function requireLifetime(token, guards, request) {
	const asked = guards.minLifetimeSeconds;
	const has = token.expiresInSeconds;
	if (asked === undefined || (has !== undefined && has >= asked))
		return;
	const lives = has === undefined ? 'for a time that the platform did not say' : `for ${(0,lib_text/* inWords */.r4)(has)} (${has} s)`;
	throw new action_error/* ActionError */.l('lifetime-too-short', `The token lives ${lives}, and min-lifetime asks for ${(0,lib_text/* inWords */.r4)(asked)} (${asked} s).`, whereItIsSet(request.exchange));
}
function whereItIsSet(exchange) {
	switch (exchange) {
		case 'genesys-login':
		case 'genesys-api':
			return 'The lifetime is set on the OAuth client: Admin, Integrations, OAuth, Token Duration, from 5 minutes to 48 hours.';
		case 'genesys-long-lived':
			return 'How long such a token lives is not documented: leave min-lifetime out for it, or use token-kind: access.';
		default:
			return 'A token of NICE CXone lives for one hour, and nothing sets it longer: request one in each job, close to its use.';
	}
}
/** Throws `organization-not-allowed` unless the token belongs to one of the organisations, where any are named. */
function requireOrganization({ id, name }, guards) {
	const allowed = guards.allowedOrganizationIds;
	if (allowed.length === 0 || allowed.includes(id.toLowerCase()))
		return;
	throw new action_error/* ActionError */.l('organization-not-allowed', `The token belongs to the organisation ${id}${name === undefined ? '' : ` (${name})`}, which allowed-organization-ids does not name.`, 'The credentials are of another organisation than you meant: check which secret this job gets. Nothing was handed on.');
}

;// MODULE ./lib/http/types.js
/** Returns the request as errors and log lines name it: method, origin and path, never the query. */
function named(request) {
	return `${request.method} ${request.url.origin}${request.url.pathname}`;
}

var lib_secret = load_("./lib/lib/secret.js");
;// MODULE ./lib/auth/token-response.js

/** Fewer or more characters than these are no token (a header must still hold it). */
const SHORTEST_TOKEN = 16;
const LONGEST_TOKEN = 32 * 1024;
/** No token has lines; an enemy's might have any number, and each costs a mask. */
const MOST_LINES = 100;
/** Ten years: a longer life is no life but a broken clock. */
const LONGEST_LIFE_SECONDS = 10 * 366 * 86_400;
/** Returns the answer's body as a JSON object; `undefined` if it is none. */
function jsonObject(body) {
	try {
		const value = JSON.parse(body);
		return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
	}
	catch {
		return undefined;
	}
}
/** Returns the body of a 200 as a JSON object; throws `bad-response` if it is none. */
function requireJson(answer, wire) {
	const json = jsonObject(answer.body);
	if (json === undefined)
		throw badResponse(answer, wire, 'whose body is not a JSON object');
	return json;
}
/** Returns the error for an answer that came whole but cannot be used; nothing of its body is quoted. */
function badResponse(answer, wire, whatIsWrong) {
	return new action_error/* ActionError */.l('bad-response', `${answered(answer, wire)}, ${whatIsWrong}${trail(answer, wire)}.`, 'Nothing was published. A login page of a proxy or gateway often answers so; check base-url and the way to ' +
		'the platform. If it lasts, show the platform’s support this message.');
}
/** Returns `POST https://… answered 400`. */
function answered(answer, wire) {
	return `${(0,lib_text/* shown */.SP)(named(answer.request), text => wire.hide(text), 300)} answered ${answer.status}`;
}
/** Returns the end of such a sentence: the platform's correlation id, if it sent one, and the attempts made. */
function trail(answer, wire) {
	const id = wire.hide(answer.headers['inin-correlation-id'] ?? '');
	const correlation = /^[A-Za-z0-9*._-]{1,64}$/.test(id) ? `, correlation id ${id}` : '';
	return `${correlation}, ${(0,lib_text/* counted */.hS)(answer.attempts, 'attempt')}${answer.givenUp}`;
}
function keepTokens(answer, events) {
	const json = jsonObject(answer.body) ?? {};
	for (const name of ['access_token', 'refresh_token', 'id_token']) {
		const text = json[name];
		const lines = typeof text === 'string' ? text.split(/[\p{Cc}\p{Zl}\p{Zp}]+/u, MOST_LINES) : [];
		for (const line of lines.filter(line => line.length >= lib_secret/* SHORTEST_SECRET */.c3))
			events.secret(new lib_secret/* Secret */.zh(line));
	}
}
function readToken(answer, kind, credentials, wire) {
	const json = requireJson(answer, wire);
	const text = json['access_token'];
	if (typeof text === 'string' && credentials.some(credential => credential.hideIn(text) !== text)) {
		throw badResponse(answer, wire, 'with an access_token that holds one of the credentials');
	}
	if (typeof text !== 'string')
		throw badResponse(answer, wire, 'with no access_token in it');
	if (!isToken(text)) {
		throw badResponse(answer, wire, 'with an access_token that is not 16 characters to 32 KiB of visible ASCII');
	}
	const value = new lib_secret/* Secret */.zh(text);
	return { value, kind, ...lifetime(json['expires_in'], answer.sentAt) };
}
function isToken(text) {
	return text.length >= SHORTEST_TOKEN && text.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(text);
}
/** A lifetime that is no sensible number of seconds is one that the platform did not say. */
function lifetime(expiresIn, from) {
	const said = typeof expiresIn === 'string' && /^\d{1,12}$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
	if (typeof said !== 'number' || !(said >= 1 && said <= LONGEST_LIFE_SECONDS))
		return {};
	const expiresInSeconds = Math.floor(said);
	return { expiresInSeconds, expiresAt: new Date(from.getTime() + expiresInSeconds * 1000) };
}

;// MODULE ./lib/auth/errors.js

const FORBIDDEN = 'Where the organisation allows certain addresses only, add the runner’s: hosted runners have no fixed one, a ' +
	'self-hosted runner or a larger runner with a static address has. Otherwise check the client’s roles.';
/** Returns the error for an answer other than 200, by the platform's own word first and by the status second. */
function rejection(answer, advice, wire) {
	const { error, words } = platformWords(answer, wire);
	const code = codeOf(answer, error, advice);
	return new action_error/* ActionError */.l(code, `${answered(answer, wire)}${words}${trail(answer, wire)}.`, hintOf(code, answer, advice));
}
function codeOf(answer, error, advice) {
	const { status } = answer;
	if (status < 400)
		return 'bad-response';
	if (answer.throttled)
		return 'rate-limited';
	if (status >= 500)
		return 'unavailable';
	if (status === 401 || error === 'invalid_client' || error === 'invalid_grant')
		return 'credentials-rejected';
	if (status === 403)
		return 'forbidden';
	if ((status === 404 || status === 405) && advice.notOffered !== undefined)
		return 'not-offered';
	return 'bad-request';
}
function hintOf(code, answer, advice) {
	switch (code) {
		case 'credentials-rejected':
			return advice.credentialsRejected;
		case 'forbidden':
			return advice.forbidden ?? FORBIDDEN;
		case 'not-offered':
			return advice.notOffered ?? '';
		case 'rate-limited':
			return 'Too many tokens were requested in this minute. Start fewer jobs at once, or again in a minute.';
		case 'unavailable':
			return 'The platform has trouble of its own: see its status page, and run the job again later.';
		case 'bad-response':
			return `Only 200 is the answer that is looked for here. Check base-url, and what stands between the runner and ${answer.request.url.host}.`;
		default:
			return 'The platform does not accept the request as it is: its words above say why. Check the inputs against them.';
	}
}
/** Returns what the platform says in its own words, in one bounded and clean line, and its error for deciding. */
function platformWords(answer, wire) {
	const json = jsonObject(answer.body) ?? {};
	const first = (...names) => {
		const found = names.map(name => json[name]).find(value => typeof value === 'string' && value !== '');
		return (0,lib_text/* shown */.SP)(typeof found === 'string' ? found : '', text => wire.hide(text), 200);
	};
	const error = first('error', 'code');
	const description = first('error_description', 'errorDescription', 'description', 'message');
	const explained = error !== '' && description !== '' ? `${error} (${description})` : error || description;
	return { error, words: explained === '' ? '' : ` ${explained}` };
}

;// MODULE ./lib/auth/request-body.js

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
function place(origin, path, baseUrl) {
	const url = new URL(baseUrl ?? origin);
	url.pathname = path;
	return url;
}
/** Returns the Basic header of a client, already told to the events. */
function basic(client, events) {
	const blob = basicBlob(client);
	events.secret(blob);
	return blob.map(text => `Basic ${text}`);
}
/** Returns what no token may hold: a broken server that echoes its request would have it published. */
function credentialsOf(client, accessKey) {
	const secrets = [
		...(client === undefined ? [] : [client.secret, basicBlob(client)]),
		...(accessKey === undefined ? [] : [accessKey.secret])
	];
	return secrets.flatMap(secret => [secret, ...secret.otherSpellings()]);
}
function basicBlob(client) {
	return client.secret.map(secret => Buffer.from(`${client.id}:${secret}`).toString('base64'));
}
/** Returns a form whose last field is a secret; each value in the spelling that forms demand. */
function request_body_form(fields, name, secret) {
	return secret.map(text => `${formText(fields)}&${name}=${(0,lib_secret/* formEncode */.pm)(text)}`);
}
/** Returns a form without a secret in it. */
function formText(fields) {
	return Object.entries(fields)
		.filter(([, value]) => value !== undefined)
		.map(([name, value]) => `${name}=${(0,lib_secret/* formEncode */.pm)(value ?? '')}`)
		.join('&');
}
/** Returns a JSON object with one secret in it, as its last member. */
function json(fields, name, secret) {
	return secret.map(text => JSON.stringify({ ...fields, [name]: text }));
}

;// MODULE ./lib/auth/throttling.js

function isThrottled({ status, body }) {
	if (status !== 400)
		return status === 429;
	const json = jsonObject(body);
	return [json?.['description'], json?.['error_description']].some(words => typeof words === 'string' && /^rate limit exceeded/i.test(words));
}

var hosts = load_("./lib/auth/cxone/hosts.js");
;// MODULE ./lib/auth/cxone/exchange.js

/** Returns a token of NICE CXone, with the API's origin where the exchange tells it; throws an `ActionError`. */
function exchangeCxone(request, wire, events) {
	switch (request.exchange) {
		case 'cxone-application':
			return byApplication(request, wire, events);
		case 'cxone-access-key':
			return byAccessKey(request, wire, events);
		case 'cxone-client':
			return byClient(request, wire, events);
	}
}
async function byApplication(request, wire, events) {
	const { client, accessKey, scope } = request;
	const authorization = basic(client, events);
	const tokenEndpoint = await discover(request, wire, events);
	const answer = await wire.send({
		isThrottled: isThrottled,
		method: 'POST',
		url: tokenEndpoint,
		headers: { Authorization: authorization, 'Content-Type': FORM },
		body: request_body_form({ grant_type: 'password', username: accessKey.id, scope }, 'password', accessKey.secret)
	});
	const token = tokenIn(answer, request, APPLICATION_ADVICE, wire, events);
	const tenantId = tenantOf(token, wire);
	if (tenantId === undefined)
		throw badResponse(answer, wire, 'with an access_token that names no tenant');
	return { token, ...(await configuration(request, tenantId, wire, events)) };
}
/** B: an access key alone, at its area's UserHub; documented in the vendor's developer portal. */
async function byAccessKey(request, wire, events) {
	const { accessKey, area, baseUrl } = request;
	const answer = await wire.send({
		isThrottled: isThrottled,
		whenHostUnknown: `No area seems to be called ${area}; the nearest known one is ${(0,hosts/* nearestCxoneArea */.j_)(area)}.`,
		method: 'POST',
		url: place(`https://${area}.nice-incontact.com`, '/authentication/v1/token/access-key', baseUrl),
		headers: { 'Content-Type': JSON_TYPE },
		body: json({ accessKeyId: accessKey.id }, 'accessKeySecret', accessKey.secret)
	});
	const token = tokenIn(answer, request, ACCESS_KEY_ADVICE, wire, events);
	return { token, region: area, apiUrl: place(`https://api-${area}.niceincontact.com`, '/', baseUrl).origin };
}
/** C: the tutorial's client credentials at a realm; no artefact of the vendor's shows it. */
async function byClient(request, wire, events) {
	const { client, realm, scope, baseUrl } = request;
	const answer = await wire.send({
		isThrottled: isThrottled,
		whenHostUnknown: `No realm seems to be called ${realm}.`,
		method: 'POST',
		url: place(`https://${realm}.api.niceincontact.com`, '/oauth/token', baseUrl),
		headers: { 'Content-Type': FORM },
		body: request_body_form({ grant_type: 'client_credentials', client_id: client.id, scope }, 'client_secret', client.secret)
	});
	return { token: tokenIn(answer, request, CLIENT_ADVICE, wire, events) };
}
/** Returns the token endpoint that the issuer's discovery names; throws `bad-response` if it is not on the list. */
async function discover(request, wire, events) {
	const answer = await wire.send({
		method: 'GET',
		url: place(`https://${request.issuer}`, '/.well-known/openid-configuration', request.baseUrl),
		headers: {}
	});
	return endpointIn(answer, 'token_endpoint', request, wire, events);
}
/** Returns where the tenant's API is; nothing but this configuration says it. */
async function configuration(request, tenantId, wire, events) {
	const url = place(`https://${request.issuer}`, '/.well-known/cxone-configuration', request.baseUrl);
	url.searchParams.set('tenantId', tenantId);
	const answer = await wire.send({ method: 'GET', url, headers: {} });
	const { origin } = endpointIn(answer, 'api_endpoint', request, wire, events);
	const { area, domain } = requireJson(answer, wire);
	return {
		apiUrl: origin,
		...(isName(area, wire) ? { region: area } : {}),
		...(isName(domain, wire) ? { domain } : {})
	};
}
/** Returns an endpoint out of an issuer's answer, with its origin replaced where a base URL is given. */
function endpointIn(answer, name, request, wire, events) {
	keepTokens(answer, events);
	if (answer.status !== 200)
		throw rejection(answer, DISCOVERY_ADVICE, wire);
	const endpoint = (0,hosts/* trustedEndpoint */.nh)(request.issuer, requireJson(answer, wire)[name]);
	if (endpoint === undefined || wire.hide(endpoint.href) !== endpoint.href) {
		throw badResponse(answer, wire, `whose ${name} is not a plain https address on port 443 under ${request.issuer}’s own domains`);
	}
	return place(endpoint.origin, endpoint.pathname, request.baseUrl);
}
function tokenIn(answer, { client, accessKey }, advice, wire, events) {
	keepTokens(answer, events);
	if (answer.status !== 200)
		throw rejection(answer, advice, wire);
	const token = readToken(answer, 'access', credentialsOf(client, accessKey), wire);
	events.issued({ token }); // nothing revokes it: an access key is deactivated instead
	return token;
}
function tenantOf(token, wire) {
	const said = token.value.inspect(jwt => {
		const claims = jsonObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
		return claims?.['tenantId'];
	});
	const isOne = typeof said === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(said) && wire.hide(said) === said;
	return isOne ? said : undefined;
}
/** What the platform echoes of a secret is no name. */
function isName(value, wire) {
	return typeof value === 'string' && /^[a-z0-9.-]{1,100}$/i.test(value) && wire.hide(value) === value;
}
const APPLICATION_ADVICE = {
	credentialsRejected: 'The host was asked for a back-end application with an access key: check client-id and client-secret, then ' +
		'access-key-id and access-key-secret (it ends in ====), and that region leads to the issuer that registered them.'
};
const DISCOVERY_ADVICE = {
	credentialsRejected: 'This document is public and the request carried no credentials: something between the runner and the platform ' +
		'asks for them. Check base-url and the way to the platform.'
};
const ACCESS_KEY_ADVICE = {
	credentialsRejected: 'Check access-key-id and access-key-secret (it ends in ====), that the key is active, and that region is the ' +
		'area of its tenant: in another area it is unknown.'
};
const CLIENT_ADVICE = {
	credentialsRejected: 'Check client-id and client-secret, and that region is their realm: in another realm they are unknown.',
	notOffered: 'This request is the tutorial’s and not documented by NICE. Give the access key of a user too (client-id, ' +
		'client-secret, access-key-id, access-key-secret), or the access key alone: both are documented.'
};

var regions = load_("./lib/auth/genesys/regions.js");
;// MODULE ./lib/auth/genesys/exchange.js

async function exchangeGenesys(request, wire, events) {
	const token = await tokenFor(request, wire, events);
	const { region } = request;
	return {
		token,
		apiUrl: apiUrl(request),
		domain: region.domain,
		...(region.code === undefined ? {} : { region: region.code })
	};
}
function tokenFor(request, wire, events) {
	switch (request.exchange) {
		case 'genesys-login':
			return atLoginHost(request, wire, events);
		case 'genesys-api':
			return atApiHost(request, wire, events);
		case 'genesys-long-lived':
			return generate(request, wire, events);
	}
}
/** The documented request, as the official JavaScript, Go and Python SDKs and the official CLI send it. */
async function atLoginHost(request, wire, events) {
	const { client, region, scope, baseUrl } = request;
	const answer = await wire.send({
		isThrottled: isThrottled,
		whenHostUnknown: whenHostUnknown(request.region),
		method: 'POST',
		url: place(`https://login.${region.domain}`, '/oauth/token', baseUrl),
		headers: { Authorization: basic(client, events), 'Content-Type': FORM },
		body: formText({ grant_type: 'client_credentials', scope })
	});
	return exchange_tokenIn(answer, request, { kind: 'access', advice: advice(request) }, wire, events);
}
/** The tutorial's request; no artefact of the vendor's shows it. */
async function atApiHost(request, wire, events) {
	const { client, baseUrl } = request;
	const answer = await wire.send({
		isThrottled: isThrottled,
		whenHostUnknown: whenHostUnknown(request.region),
		method: 'POST',
		url: place(apiHost(request), '/api/v2/oauth/token', baseUrl),
		headers: { 'Content-Type': JSON_TYPE },
		body: json({ grant_type: 'client_credentials', client_id: client.id }, 'client_secret', client.secret)
	});
	const notOffered = 'This request is the tutorial’s and not documented by Genesys. Leave out token-endpoint: the documented ' +
		'request at the login host is the default.';
	return exchange_tokenIn(answer, request, { kind: 'access', advice: { ...advice(request), notOffered } }, wire, events);
}
/** The tutorial's request for a token that lives for a year; no artefact of the vendor's shows it. */
async function generate(request, wire, events) {
	const initial = await tokenFor(request.initial, wire, events);
	const answer = await wire.send({
		isThrottled: isThrottled,
		whenHostUnknown: whenHostUnknown(request.region),
		repeat: 'if-not-carried-out', // it makes a token that lives for a year, and nobody would know of a second one
		method: 'POST',
		url: place(apiHost(request), '/api/v2/oauth/token/generate', request.baseUrl),
		headers: { Authorization: initial.value.map(token => `Bearer ${token}`), 'Content-Type': JSON_TYPE },
		body: JSON.stringify({ grant_type: 'client_credentials', resource_owner: request.serviceAccountId })
	});
	const sent = [initial.value];
	return exchange_tokenIn(answer, request, { kind: 'long-lived', advice: GENERATE_ADVICE, sent }, wire, events);
}
function exchange_tokenIn(answer, request, expected, wire, events) {
	const { kind, advice, sent = [] } = expected;
	keepTokens(answer, events);
	const { client } = request.exchange === 'genesys-long-lived' ? request.initial : request;
	const received = () => {
		const token = readToken(answer, kind, [...credentialsOf(client, undefined), ...sent], wire);
		events.issued({ token, revocationBaseUrl: apiUrl(request) });
		return token;
	};
	if (answer.status === 200 || (kind === 'long-lived' && answer.status === 201))
		return received();
	try {
		if (answer.status > 200 && answer.status < 300)
			received();
	}
	catch {
	}
	throw rejection(answer, advice, wire);
}
function apiHost({ region }) {
	return `https://api.${region.domain}`;
}
function apiUrl(request) {
	return place(apiHost(request), '/', request.baseUrl).origin;
}
function whenHostUnknown({ code, domain }) {
	if (code !== undefined)
		return `${domain} is the domain of ${code}, so it is the runner’s DNS that does not know it.`;
	const near = (0,regions/* nearestGenesysRegion */.HH)(domain);
	return `No region of Genesys Cloud seems to be at ${domain}; the nearest known one is ${near.code} (${near.domain}).`;
}
function advice({ region }) {
	const here = region.code ?? region.domain;
	return {
		credentialsRejected: `Check that the client belongs to ${here}: a client of another region is unknown here and gets this very ` +
			'answer. Then check the secret for a missing piece, and that its grant type is Client Credentials.'
	};
}
const GENERATE_ADVICE = {
	credentialsRejected: 'The initial token was refused, or service-account-id names a wrong or inactive service account. Check the ' +
		'id, and that the account is active in the same organisation as the client.',
	forbidden: 'The client lacks the permission admin:api_token. Add it to a role of the OAuth client (Admin, Integrations, ' +
		'OAuth, the client’s Roles), in the division of the service account.',
	notOffered: 'This organisation does not offer the request, which is the tutorial’s and not documented by Genesys. Use ' +
		'token-kind: access: an access token lives up to 48 hours (SCIM clients: 450 days) by a setting on its OAuth client.'
};

;// MODULE ./lib/auth/genesys/tokens.js

async function identifyGenesys(token, apiUrl, wire) {
	const url = new URL('/api/v2/tokens/me?preserveIdleTTL=true', apiUrl);
	const answer = await wire.send({ method: 'GET', url, headers: { Authorization: bearer(token) } });
	if (answer.status !== 200)
		throw rejection(answer, ADVICE, wire);
	const json = requireJson(answer, wire);
	const { id, name } = objectIn(json, 'organization');
	if (!isId(id) || wire.hide(id) !== id)
		throw badResponse(answer, wire, 'with no organization in it');
	const { id: clientId } = objectIn(json, 'OAuthClient');
	return {
		id,
		...(typeof name === 'string' ? { name: (0,lib_text/* shown */.SP)(name, text => wire.hide(text), 200) } : {}),
		...(isId(clientId) ? { clientId } : {})
	};
}
async function revokeGenesys(token, apiUrl, wire) {
	const url = new URL('/api/v2/tokens/me', apiUrl);
	const answer = await wire.send({ method: 'DELETE', url, headers: { Authorization: bearer(token) } });
	if (answer.status >= 200 && answer.status < 300)
		return 'revoked';
	if (answer.status === 401 || answer.status === 404)
		return 'already gone';
	throw rejection(answer, ADVICE, wire);
}
function objectIn(json, name) {
	const value = json[name];
	return typeof value === 'object' && value !== null ? value : {};
}
function isId(value) {
	return typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
}
function bearer(token) {
	return token.map(text => `Bearer ${text}`);
}
const ADVICE = {
	credentialsRejected: 'The token that was issued a moment ago is refused by the API: check that base-url leads to one platform alone.'
};

;// MODULE ./lib/auth/index.js

function exchange(request, wire, events) {
	switch (request.exchange) {
		case 'genesys-login':
		case 'genesys-api':
		case 'genesys-long-lived':
			return exchangeGenesys(request, wire, events);
		case 'cxone-application':
		case 'cxone-access-key':
		case 'cxone-client':
			return exchangeCxone(request, wire, events);
	}
}
async function identify(request, grant, wire) {
	const { token, apiUrl } = grant;
	if (request.exchange.startsWith('genesys') && apiUrl !== undefined)
		return identifyGenesys(token.value, apiUrl, wire);
	const id = tenantOf(token, wire);
	if (id !== undefined)
		return { id };
	throw new action_error/* ActionError */.l('bad-response', 'The token that was issued names no tenant, so whose it is cannot be established.', 'Leave verify and allowed-organization-ids out for this exchange (in rotate: verify: false), or use a client with an access key: its tokens name their tenant.');
}
/** Ends a token of a platform that can. Returns whether it was still there; throws an `ActionError`. */
function revoke(token, revocationBaseUrl, wire) {
	return revokeGenesys(token, revocationBaseUrl, wire);
}

;// MODULE ./lib/auth/obtain.js

/** Exchanges, and checks what came of it; throws an `ActionError`. What was issued by then, the events knows. */
async function obtain({ request, guards }, wire, events) {
	const grant = await exchange(request, wire, events);
	requireLifetime(grant.token, guards, request);
	if (!guards.verify)
		return { grant, organization: undefined };
	const organization = await identify(request, grant, wire);
	requireOrganization(organization, guards);
	return { grant, organization };
}

var external_node_diagnostics_channel_ = load_("node:diagnostics_channel");
var lib = load_("./node_modules/@actions/http-client/lib/index.js");
;// MODULE ./lib/http/errors.js
/** An attempt without a whole answer. Its message holds nothing that came from the other side but an error's code. */
class AttemptError extends Error {
	name = 'AttemptError';
	kind;
	/** The system's error code, such as `ECONNREFUSED`, where there is one. */
	systemCode;
	/** No connection was made, so the request cannot have been carried out. */
	neverSent;
	constructor(kind, message, from = {}) {
		super(message);
		this.kind = kind;
		this.systemCode = from.systemCode ?? '';
		this.neverSent = from.neverSent ?? false;
	}
	/** The fault in a few words, for the log. */
	get summary() {
		return this.systemCode === '' ? this.message : `${this.message} (${this.systemCode})`;
	}
	/** Returns what Node or the client threw as a fault; a fault stays itself. */
	static from(error) {
		if (error instanceof AttemptError)
			return error;
		const { code, syscall, message } = describe(error);
		const noTunnel = /tunneling socket could not be established, (?:statusCode=(\d{3})|cause=.*?\b(E[A-Z_]{3,}))?/.exec(message);
		if (noTunnel && /cause=.*(certificate|altnames|SSL routines)/i.test(message))
			return new AttemptError('tls', 'the certificate of the proxy is not trusted here', { neverSent: true });
		if (noTunnel)
			return tunnelFault(noTunnel[1], noTunnel[2]);
		if (isTls(code))
			return new AttemptError('tls', TLS_WORDS[code] ?? 'the TLS handshake failed', {
				systemCode: code,
				neverSent: true
			});
		if (code === 'HPE_HEADER_OVERFLOW')
			return new AttemptError('too-large', 'its headers are larger than 16 KiB');
		if (code.startsWith('HPE_'))
			return new AttemptError('not-http', 'the answer is not HTTP', { systemCode: code });
		return new AttemptError('network', NETWORK_WORDS[code] ?? 'the connection failed', {
			systemCode: code,
			neverSent: isNeverSent(code, syscall, message)
		});
	}
}
/** The client's tunnel tells what went wrong between runner and proxy in the text of its error alone. */
function tunnelFault(status, systemCode = '') {
	const from = { systemCode, neverSent: true };
	if (status === undefined)
		return new AttemptError('network', 'the proxy was not reached', from);
	const message = `the proxy answered ${status} to CONNECT`;
	return new AttemptError(status.startsWith('4') ? 'proxy-refused' : 'network', message, from);
}
/** The same codes come from a connection that stands: then the request may have gone. */
function isNeverSent(code, syscall, message) {
	if (syscall === 'read' || syscall === 'write')
		return false;
	return NEVER_SENT.has(code) || syscall === 'connect' || message.includes('before secure TLS connection');
}
const NEVER_SENT = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
const NETWORK_WORDS = {
	ENOTFOUND: 'its name is unknown to DNS',
	EAI_AGAIN: 'DNS gave no answer',
	ECONNREFUSED: 'the connection was refused',
	ECONNRESET: 'the connection was reset',
	EPIPE: 'the connection was closed',
	ETIMEDOUT: 'no connection was made in time',
	EHOSTUNREACH: 'there is no route to it',
	ENETUNREACH: 'there is no route to it'
};
const TLS_WORDS = {
	DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
	SELF_SIGNED_CERT_IN_CHAIN: 'its certificate leads to an authority that is not trusted here',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate leads to an authority that is not trusted here',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate leads to an authority that is not trusted here',
	CERT_HAS_EXPIRED: 'its certificate has expired',
	CERT_NOT_YET_VALID: 'its certificate is not valid yet',
	ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name'
};
function isTls(code) {
	return (code in TLS_WORDS ||
		/^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERROR_IN_C|UNABLE_TO_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|UNSPECIFIED$|EPROTO$)/.test(code));
}
function describe(error) {
	const { code, syscall, message, errors } = (error ?? {});
	const inner = Array.isArray(errors) ? errors[0] : undefined;
	return {
		code: String(code ?? inner?.['code'] ?? ''),
		syscall: String(syscall ?? inner?.['syscall'] ?? ''),
		message: String(message ?? '')
	};
}

;// MODULE ./lib/http/client.js

/** A larger body is no answer to a token request. */
const LARGEST_BODY_BYTES = 1024 * 1024;
const USER_AGENT = 'cc-token-action';
class Connections {
	#clients = new Map();
	constructor() {
		delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
		process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:1';
	}
	async attempt(request, timeoutMs) {
		const { client, aborter } = this.#clientFor(request.url.origin);
		const abort = new AbortController();
		aborter.signal = abort.signal;
		const watch = new Watch(request);
		let timer;
		const timedOut = new Promise((_, reject) => {
			timer = setTimeout(() => reject(watch.isConnected
				? new AttemptError('timeout', `no whole answer within ${timeoutMs} ms`)
				: new AttemptError('timeout', `no connection within ${timeoutMs} ms`, { neverSent: true })), timeoutMs);
		});
		const answered = send(client, request);
		answered.catch(() => { }); // when the timer has won, the late failure is nobody's
		try {
			return await Promise.race([answered, timedOut]);
		}
		catch (error) {
			abort.abort();
			throw AttemptError.from(error);
		}
		finally {
			clearTimeout(timer);
			watch.end();
		}
	}
	/** Closes every connection that was kept. */
	close() {
		for (const { client } of this.#clients.values())
			client.dispose();
		this.#clients.clear();
	}
	#clientFor(origin) {
		let kept = this.#clients.get(origin);
		if (kept === undefined) {
			const aborter = new Aborter();
			const client = new lib/* HttpClient */.Qq(USER_AGENT, [aborter], { keepAlive: true, allowRedirects: false });
			kept = { client, aborter };
			this.#clients.set(origin, kept);
		}
		return kept;
	}
}
/** Node tells of each request here once it has a socket, be it connected or not; the client tells of none. */
const STARTED = 'http.client.request.start';
/** Watches how far one request comes: what was not even connected cannot have been carried out. */
class Watch {
	#listener;
	#started;
	constructor({ method, url }) {
		this.#listener = message => {
			const { request } = message;
			if (request.method === method && request.path === url.pathname + url.search)
				this.#started = request;
		};
		(0,external_node_diagnostics_channel_.subscribe)(STARTED, this.#listener);
	}
	/** Whether there is a connection, its TLS included, that the request may have gone through. */
	get isConnected() {
		const socket = this.#started?.socket;
		return socket != null && socket.connecting !== true && socket.authorized !== false;
	}
	end() {
		(0,external_node_diagnostics_channel_.unsubscribe)(STARTED, this.#listener);
	}
}
/** Hands the abort signal of the coming request to Node's `http`; the client has no parameter for it. */
class Aborter {
	signal;
	prepareRequest(options) {
		options.signal = this.signal;
	}
	canHandleAuthentication() {
		return false;
	}
	handleAuthentication() {
		return Promise.reject(new Error('no authentication is handled here'));
	}
}
async function send(client, request) {
	const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, plain(value)]));
	const body = request.body === undefined ? null : plain(request.body);
	const { message } = await client.request(request.method, request.url.href, body, headers);
	return {
		status: message.statusCode ?? 0,
		headers: firstValues(message),
		body: (await readWhole(message)).toString('utf8'),
		reused: message.req?.reusedSocket === true
	};
}
function plain(value) {
	return value instanceof lib_secret/* Secret */.zh ? value.reveal() : value;
}
function firstValues(message) {
	return Object.fromEntries(Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.[0]]));
}
/** Reads the body to its end. The client's own `readBody` never settles when the body is cut short. */
function readWhole(message) {
	return new Promise((resolve, reject) => {
		const chunks = [];
		let size = 0;
		const cutShort = () => reject(new AttemptError('cut-short', 'the body was cut short'));
		message.on('data', (chunk) => {
			size += chunk.length;
			if (size > LARGEST_BODY_BYTES) {
				reject(new AttemptError('too-large', `the body is larger than ${LARGEST_BODY_BYTES} bytes`));
				message.destroy();
			}
			else
				chunks.push(chunk);
		});
		message.on('end', () => (message.complete ? resolve(Buffer.concat(chunks)) : cutShort()));
		message.on('error', cutShort);
		message.on('close', cutShort);
	});
}

var lib_proxy = load_("./node_modules/@actions/http-client/lib/proxy.js");
;// MODULE ./lib/http/proxy.js

/** Returns the proxy's host and port for a request there; `undefined` where none is used. Never its credentials. */
function proxyFor(url) {
	return (0,lib_proxy/* getProxyUrl */.s)(url)?.host || undefined;
}
function requireReadableProxy(request) {
	const { url } = request;
	const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
	const name = names.find(variable => process.env[variable]);
	if (name === undefined || (0,lib_proxy/* checkBypass */.H)(url))
		return;
	let proxy;
	try {
		proxy = (0,lib_proxy/* getProxyUrl */.s)(url);
	}
	catch {
	}
	if (proxy?.host && /^https?:$/.test(proxy.protocol))
		return;
	throw new action_error/* ActionError */.l('network', `${named(request)} was not sent: the proxy that ${name} names cannot be used, for its value is no http or https URL, 0 attempts.`, 'Write it as http://host:port or http://user:password@host:port, with special characters percent-encoded (% is %25, # is %23).');
}

;// MODULE ./lib/http/failures.js

const CODE = {
	timeout: 'timeout',
	network: 'network',
	'proxy-refused': 'network',
	tls: 'tls',
	'cut-short': 'bad-response',
	'too-large': 'bad-response',
	'not-http': 'bad-response'
};
const HINT = {
	timeout: 'Check that the runner reaches this host: a firewall that drops packets looks just like this.',
	network: 'Check the region, the runner’s DNS, and its way out to this host: a firewall, or a proxy that must be used.',
	'proxy-refused': 'The proxy of HTTPS_PROXY or HTTP_PROXY refuses the way to this host. 401 or 407: its user or password in that variable is ' +
		'wrong or missing. 403: its rules do not allow the host. NO_PROXY goes around it.',
	tls: 'If a proxy or gateway with a certificate of its own stands between, name its CA file in the runner’s ' +
		'NODE_EXTRA_CA_CERTS. Checking certificates cannot be turned off here.',
	'cut-short': 'Something between the runner and the platform ends answers early: a proxy, a gateway or the network.',
	'too-large': 'This is no answer to a token request. Check base-url, and what stands between the runner and the platform.',
	'not-http': 'Something else than a web server answers there. Check base-url and the proxy.'
};
/** No whole answer came; `untouched` where no attempt can have been carried out. */
class Unanswered extends action_error/* ActionError */.l {
	untouched = false;
}
/** Returns the error for a request that brought no whole answer. */
function unanswered(request, fault, attempts, givenUp) {
	return new Unanswered(CODE[fault.kind], `${named(request)} failed: ${fault.summary}${throughProxy(request.url)}, ${(0,lib_text/* counted */.hS)(attempts, 'attempt')}${givenUp}.`, hintFor(request, fault), { cause: fault });
}
function hintFor(request, fault) {
	const unknown = fault.systemCode === 'ENOTFOUND' && proxyFor(request.url) === undefined;
	const about = unknown ? (request.whenHostUnknown ?? '') : '';
	return `${about} ${HINT[fault.kind]}`.trim();
}
/** Returns the error for a redirect: credentials go to the host that was chosen, and to no other. */
function redirected(answer, hide) {
	return new action_error/* ActionError */.l('redirected', `${named(answer.request)} answered ${answer.status}, a redirect to ${target(answer, hide)}${throughProxy(answer.request.url)}, ` +
		`${(0,lib_text/* counted */.hS)(answer.attempts, 'attempt')}.`, answer.request.whenRedirected ??
		'Redirects are never followed, for a token request carries credentials. A login page of a proxy or a ' +
			'gateway often answers so: let the runner reach the host directly, or correct base-url.');
}
function throughProxy(url) {
	const proxy = proxyFor(url);
	return proxy === undefined ? '' : `, through the proxy ${proxy}`;
}
function target({ headers, request }, hide) {
	const location = headers['location'] ?? '';
	const host = URL.canParse(location, request.url.href) ? new URL(location, request.url).host : '';
	return (0,lib_text/* shown */.SP)(host, hide, 100) || 'nowhere';
}

;// MODULE ./lib/http/retry.js
const TRANSIENT_STATUS = new Set([408, 425, 500, 502, 503, 504]);
const TRANSIENT_FAULT = new Set(['timeout', 'network', 'cut-short']);
const SECOND = 1000;
const LONGEST_FAULT_WAIT = 20 * SECOND;
const LONGEST_THROTTLE_WAIT = 60 * SECOND;
/** A year; whoever asks for more means never. */
const LONGEST_ASKED_SECONDS = 366 * 86_400;
/** What an attempt needs at the least: with less time left, none is started. */
const SHORTEST_ATTEMPT = SECOND;
/** A throttled request is tried a last time this long before the deadline, at the earliest. */
const LAST_TRY = 5 * SECOND;
function decide(outcome, repeat, tally, maxAttempts, timeLeftMs, random) {
	if (!mayPass(outcome, repeat))
		return { again: false, because: 'final' };
	const throttled = outcome.kind === 'answer' && outcome.throttled;
	if (!throttled && tally.faults >= maxAttempts)
		return { again: false, because: 'attempts' };
	const room = timeLeftMs - SHORTEST_ATTEMPT;
	const askedMs = outcome.kind === 'answer' ? (outcome.retryAfterMs ?? 0) : 0;
	if (askedMs > 0) {
		if (askedMs > room)
			return { again: false, because: 'retry-after' };
		return { again: true, waitMs: Math.min(askedMs + random() * askedJitter(askedMs, tally.throttles), room) };
	}
	if (room <= 0)
		return { again: false, because: 'time' };
	const waitMs = throttled ? throttleWait(tally.throttles, random) : faultWait(tally.faults, random);
	if (waitMs <= room)
		return { again: true, waitMs };
	if (!throttled)
		return { again: true, waitMs: room * (0.5 + random() / 2) };
	if (room <= LAST_TRY)
		return { again: false, because: 'time' };
	return { again: true, waitMs: room - random() * Math.min(LAST_TRY, room - LAST_TRY) };
}
function mayPass(outcome, repeat) {
	if (outcome.kind === 'fault')
		return TRANSIENT_FAULT.has(outcome.fault) && (repeat === 'always' || outcome.neverSent);
	return outcome.throttled || (repeat === 'always' && TRANSIENT_STATUS.has(outcome.status));
}
function throttleWait(throttles, random) {
	if (throttles <= 1)
		return (5 + 10 * random()) * SECOND;
	return LONGEST_THROTTLE_WAIT * (0.5 + random() / 2);
}
function askedJitter(askedMs, throttles) {
	const little = Math.max(SECOND, askedMs / 10);
	if (askedMs >= 10 * SECOND || throttles <= 1)
		return little;
	return Math.max(little, Math.min(30 * SECOND, 5 * SECOND * 2 ** (throttles - 2)));
}
/** Exponential, with full jitter. */
function faultWait(faults, random) {
	return random() * Math.min(LONGEST_FAULT_WAIT, SECOND * 2 ** (faults - 1));
}
function retryAfterMs(header, nowMs) {
	const text = header?.trim() ?? '';
	if (/^\d+$/.test(text))
		return Math.min(Number(text), LONGEST_ASKED_SECONDS) * SECOND || undefined;
	const [date] = /^[A-Z][a-z]{2,8}, .* GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/.exec(text) ?? [''];
	const waitMs = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`) - nowMs;
	return waitMs > 0 ? waitMs : undefined;
}

;// MODULE ./lib/http/session.js

/** The way to the platforms: requests go in, whole answers come out, and nothing takes longer than allowed. */
class HttpSession {
	#connections = new Connections();
	#surroundings;
	#deadlineMs;
	#requests = 0;
	#sent = 0;
	/** The time that `limits.timeoutMs` allows starts now. */
	constructor(surroundings) {
		this.#surroundings = surroundings;
		this.#deadlineMs = surroundings.clock.now() + surroundings.limits.timeoutMs;
	}
	/** How many requests were made so far, each counted once. */
	get requests() {
		return this.#requests;
	}
	/** How often anything was sent so far: every attempt counts. */
	get sent() {
		return this.#sent;
	}
	/** Returns the text without any secret known so far. */
	hide(text) {
		return this.#surroundings.hide(text);
	}
	async send(request) {
		requireReadableProxy(request);
		this.#requireTime(request);
		this.#requests += 1;
		const { clock, limits } = this.#surroundings;
		const tally = { throttles: 0, faults: 0 };
		let untouched = true;
		for (let attempts = 1;; attempts++) {
			const sentAt = new Date(clock.now());
			const { reply, outcome } = await this.#attempt(request, sentAt);
			const isOnlyOutcome = untouched;
			const throttled = outcome.kind === 'answer' && outcome.throttled;
			untouched &&= throttled || (reply instanceof AttemptError && reply.neverSent);
			tally[throttled ? 'throttles' : 'faults'] += 1;
			const decision = decide(outcome, request.repeat ?? 'always', tally, limits.maxAttempts, this.#timeLeftMs(), clock.random);
			if (decision.again) {
				const bound = tally.faults === attempts ? ' of' : `, failure ${tally.faults} of`;
				const counted = `attempt ${attempts}${throttled ? '' : `${bound} ${limits.maxAttempts}`}`;
				this.#announce(request, reply, throttled, counted, decision.waitMs);
				if (untouched)
					request.whileUntouched?.();
				await clock.sleep(decision.waitMs);
				request.beforeNext?.();
				continue;
			}
			const givenUp = this.#reason(decision, outcome);
			if (reply instanceof AttemptError) {
				throw Object.assign(unanswered(request, reply, attempts, givenUp), { untouched });
			}
			const answer = { request, ...reply, throttled, sentAt, attempts, isOnlyOutcome, givenUp };
			if (answer.status >= 300 && answer.status < 400)
				throw redirected(answer, this.#surroundings.hide);
			return answer;
		}
	}
	/** Closes the connections that were kept for the next request. */
	close() {
		this.#connections.close();
	}
	#timeLeftMs() {
		return this.#deadlineMs - this.#surroundings.clock.now();
	}
	/** A request that makes something is not started where nobody could wait for its answer. */
	#requireTime(request) {
		const { timeoutMs } = this.#surroundings.limits;
		const writes = request.method === 'PUT' ? Math.min(5 * SHORTEST_ATTEMPT, timeoutMs / 4) : 1;
		const needed = request.repeat === 'if-not-carried-out' ? SHORTEST_ATTEMPT : writes;
		if (this.#timeLeftMs() >= needed)
			return;
		const error = unanswered(request, new AttemptError('timeout', `it was not sent, for the timeout of ${(0,lib_text/* inWords */.r4)(timeoutMs / 1000)} is used up`), 0, '');
		throw Object.assign(error, { untouched: true });
	}
	async #attempt(request, sentAt) {
		const timeoutMs = Math.max(1, Math.min(this.#surroundings.limits.attemptTimeoutMs, this.#timeLeftMs()));
		this.#sent += 1;
		try {
			const reply = await this.#connections.attempt(request, timeoutMs);
			this.#trace(request, sentAt, `${reply.status}, ${reply.reused ? 'kept' : 'new'} connection`);
			const throttled = (request.isThrottled ?? (({ status }) => status === 429))(reply);
			const waitAsked = request.waitAskedMs ?? (({ headers }, now) => retryAfterMs(headers['retry-after'], now));
			const wait = waitAsked(reply, this.#surroundings.clock.now());
			const asksToWait = wait !== undefined && (throttled || reply.status === 503);
			return {
				reply,
				outcome: {
					kind: 'answer',
					status: reply.status,
					throttled,
					...(asksToWait ? { retryAfterMs: wait } : {})
				}
			};
		}
		catch (error) {
			const fault = AttemptError.from(error);
			this.#trace(request, sentAt, fault.systemCode || fault.kind);
			return { reply: fault, outcome: { kind: 'fault', fault: fault.kind, neverSent: fault.neverSent } };
		}
	}
	#trace(request, sentAt, what) {
		const { clock, debug, hide } = this.#surroundings;
		debug(hide(`${named(request)}: ${what}, ${clock.now() - sentAt.getTime()} ms`));
	}
	#announce({ url }, reply, throttled, counted, waitMs) {
		const what = reply instanceof AttemptError ? reply.summary : `it answered ${reply.status}`;
		const why = throttled ? `${what}, which says that too much is asked for` : what;
		const seconds = (waitMs / 1000).toFixed(1);
		this.#surroundings.say(`${url.host}: ${why}, ${counted}; waiting ${seconds} s before the next attempt.`);
	}
	#reason(decision, outcome) {
		const bound = `timeout of ${(0,lib_text/* inWords */.r4)(this.#surroundings.limits.timeoutMs / 1000)}`;
		switch (decision.because) {
			case 'retry-after': {
				const asked = outcome.kind === 'answer' ? Math.ceil((outcome.retryAfterMs ?? 0) / 1000) : 0;
				return `, asking to wait ${(0,lib_text/* inWords */.r4)(asked)}, which reaches past the ${bound}`;
			}
			case 'time':
				return `, with no time left of the ${bound}`;
			default:
				return '';
		}
	}
}

;// MODULE ./lib/auth/revocation.js

/** Cleaning has bounds of its own, beside the step's: ten seconds in all, of which the process takes its part. */
const LIMITS = { timeoutMs: 9_000, attemptTimeoutMs: 4_000, maxAttempts: 10 };
/** Returns a wire with the ten seconds that setting things right has of its own, beside the step's time. */
function cleaningWire({ hide, debug }, clock) {
	return new HttpSession({ limits: LIMITS, clock, hide, say: debug, debug });
}
/** Revokes all of the tokens at once, within 10 seconds in all. Returns what came of each, in their order; never throws. */
async function revokeAll(tokens, console, clock) {
	const wire = cleaningWire(console, clock);
	try {
		return await Promise.allSettled(tokens.map(({ value, revocationBaseUrl }) => revoke(value, revocationBaseUrl, wire)));
	}
	finally {
		wire.close();
	}
}
/** Ends what was issued to a step that failed: nobody is going to use it. Returns whether all of it is ended. */
async function endIssued(issued, tokenState, console, clock) {
	const tokens = issued.map(({ token, revocationBaseUrl }) => ({ value: token.value, revocationBaseUrl }));
	const ends = await revokeAll(tokens, console, clock);
	for (const [index, one] of issued.entries())
		if (ends[index]?.status === 'fulfilled')
			release(one, tokenState);
	return ends.every(({ status }) => status === 'fulfilled');
}
/** A state that cannot be written costs the post step a request, and must not hide why the step failed. */
function release(one, tokenState) {
	try {
		tokenState.release(one);
	}
	catch {
	}
}

var messages = load_("./lib/runner/messages.js");
var external_node_fs_ = load_("node:fs");
var stdout = load_("./lib/step/stdout.js");
var file_command = load_("./node_modules/@actions/core/lib/file-command.js");
;// MODULE ./lib/step/toolkit/files.js
/** The official toolkit's way to the runner's command files. It loads `crypto`, so it is loaded when it is needed. */

const setOutput = (name, value) => (0,file_command/* issueFileCommand */.n)('OUTPUT', (0,file_command/* prepareKeyValueMessage */.v)(name, value));
const saveState = (name, value) => (0,file_command/* issueFileCommand */.n)('STATE', (0,file_command/* prepareKeyValueMessage */.v)(name, value));
function exportVariable(name, value) {
	process.env[name] = value;
	(0,file_command/* issueFileCommand */.n)('ENV', (0,file_command/* prepareKeyValueMessage */.v)(name, value));
}
const addToSummary = (html) => (0,file_command/* issueFileCommand */.n)('STEP_SUMMARY', html);

var external_node_crypto_ = load_("node:crypto");
var external_node_path_ = load_("node:path");
;// MODULE ./lib/runner/token-file.js

/** Returns the folder that the token's file will have to itself; nothing is made yet, so it can be saved first. */
function chooseFolder(runnerTemp) {
	return (0,external_node_path_.join)(runnerTemp, `cc-token-${(0,external_node_crypto_.randomUUID)()}`);
}
function writeTokenFile(folder, token) {
	(0,external_node_fs_.mkdirSync)(folder, { mode: 0o700 });
	const path = (0,external_node_path_.join)(folder, 'token');
	const file = (0,external_node_fs_.openSync)(path, 'wx', 0o600);
	try {
		(0,external_node_fs_.writeFileSync)(file, token.reveal());
	}
	finally {
		(0,external_node_fs_.closeSync)(file);
	}
	return path;
}
/** Removes the folder with the file. Returns whether it was still there; never follows a link out of it. */
function removeTokenFile(folder) {
	const isOurs = /^cc-token-[0-9a-f-]{36}$/.test((0,external_node_path_.basename)(folder));
	if (!isOurs || (0,external_node_fs_.lstatSync)(folder, { throwIfNoEntry: false }) === undefined)
		return false;
	(0,external_node_fs_.rmSync)(folder, { recursive: true, force: true });
	return true;
}

var runner_variables = load_("./lib/runner/variables.js");
;// MODULE ./lib/runner/outputs.js

function publish(granted, asked, tokenState, console) {
	if (console.isClosed)
		throw new Error('the step is ending');
	if ((0,stdout/* isMaskLost */.F)()) {
		throw new action_error/* ActionError */.l('internal-error', 'The token is not handed on, for the runner did not take all of the masks that hide it.', 'Nothing was published. The log took nothing for two seconds: run the job again, on a runner with less to do.');
	}
	const { handOver } = asked;
	const variables = (0,runner_variables/* variablesOf */.h)(granted.grant, asked);
	const folder = handOver.tokenFile ? chooseFolder(process.env['RUNNER_TEMP'] ?? '') : undefined;
	const cutBack = remember(['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY']);
	const undo = () => {
		cutBack();
		if (folder !== undefined)
			attempt(() => removeTokenFile(folder));
		attempt(() => tokenState.takeBack());
	};
	try {
		if (folder !== undefined)
			tokenState.takeFolder(folder);
		const file = folder === undefined ? '' : writeTokenFile(folder, granted.grant.token.value);
		for (const [name, value] of outputsOf(granted, file))
			setOutput(name, value);
		for (const [name, value] of variables) {
			const before = Object.hasOwn(process.env, name) ? (process.env[name] ?? '') : '';
			if (before !== '' && before !== value) {
				console.warn(`The variable ${name} had another value; later steps get the one of this step.`);
			}
			exportVariable(name, value);
		}
		tokenState.handOn(asked.revoke);
	}
	catch (error) {
		undo();
		throw error;
	}
	return undo;
}
/** Returns what later steps read, in order. What the platform did not say is empty. */
function outputsOf({ grant, organization }, file) {
	const { token, apiUrl, region, domain } = grant;
	return [
		['token', token.value.reveal()],
		['token-type', 'Bearer'],
		['expires-in', token.expiresInSeconds?.toString() ?? ''],
		['expires-at', token.expiresAt?.toISOString() ?? ''],
		['api-url', apiUrl ?? ''],
		['region', region ?? ''],
		['domain', domain ?? ''],
		['organization-id', organization?.id ?? ''],
		['organization-name', organization?.name ?? ''],
		['token-file', file]
	];
}
/** Remembers how long the runner's files are, and returns a function that cuts them back to that. */
function remember(names) {
	const lengths = names
		.map(name => process.env[name] ?? '')
		.filter(external_node_fs_.existsSync)
		.map(file => ({ file, length: (0,external_node_fs_.statSync)(file).size }));
	return () => {
		for (const { file, length } of lengths)
			attempt(() => (0,external_node_fs_.truncateSync)(file, length));
	};
}
/** What is taken back is taken back whole: one part that cannot be does not keep the others. */
function attempt(part) {
	try {
		part();
	}
	catch {
	}
}

;// MODULE ./lib/runner/summary.js

function summarise(granted, asked, console) {
	const file = process.env['GITHUB_STEP_SUMMARY'] ?? '';
	if (!asked.handOver.summary || !(0,external_node_fs_.existsSync)(file))
		return;
	const html = (piece) => typeof piece === 'string' ? summary_plain(console.hide(piece)) : `<code>${html(piece.code)}</code>`;
	const rows = rowsOf(granted, asked).map(([name, ...pieces]) => {
		const known = pieces.filter(piece => piece !== undefined);
		return `<tr><td><strong>${html(name)}</strong></td><td>${known.map(html).join(' ')}</td></tr>`;
	});
	try {
		addToSummary(`<h3>${titleOf(granted, asked)}</h3>\n<table>${rows.join('')}</table>`);
	}
	catch {
		console.debug('The job summary could not be written.');
	}
}
function titleOf({ grant }, { request }) {
	const platform = request.exchange.startsWith('cxone') ? 'NICE CXone' : 'Genesys Cloud';
	return `${platform} ${grant.token.kind === 'access' ? 'access' : 'long-lived'} token`;
}
function rowsOf(granted, asked) {
	const { grant, organization, at } = granted;
	const { kind, expiresAt, expiresInSeconds } = grant.token;
	const { request } = asked;
	return [
		...(organization === undefined ? [] : [ownerOf(organization, request)]),
		placeOf(request, grant.region),
		...(grant.apiUrl === undefined ? [] : [['API', { code: grant.apiUrl }]]),
		['Exchange', capitalised(messages/* CREDENTIALS */.tG[request.exchange])],
		['Granted', `${(0,messages/* minute */.Vc)(at)}, after ${(0,messages/* effortOf */.yf)(granted)}`],
		[
			'Expires',
			expiresAt === undefined || expiresInSeconds === undefined
				? 'The platform did not say'
				: `${(0,messages/* minute */.Vc)(expiresAt)}, in ${(0,lib_text/* inWords */.r4)(expiresInSeconds)}`
		],
		['Clean-up', capitalised((0,messages/* endOf */.pJ)(kind, asked).replace(/^It (?:is )?|\.$/g, ''))]
	];
}
function ownerOf({ id, name }, { exchange }) {
	return [exchange.startsWith('cxone') ? 'Tenant' : 'Organisation', name, { code: id }];
}
/** Returns where on its platform the token is of use, as far as the request or the platform says it. */
function placeOf(request, area) {
	switch (request.exchange) {
		case 'cxone-application': {
			const issuer = { code: request.issuer };
			return area === undefined ? ['Issuer', issuer] : ['Area', { code: area }, 'of', issuer];
		}
		case 'cxone-access-key':
			return ['Area', { code: request.area }];
		case 'cxone-client':
			return ['Realm', { code: request.realm }];
		default: {
			const { code, domain } = request.region;
			return ['Region', code === undefined ? undefined : { code }, { code: domain }];
		}
	}
}
function capitalised(text) {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
/** Names are data from outside: within the table's HTML, which is one line, no tag and no Markdown comes of them. */
function summary_plain(text) {
	return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`);
}

var saved_state = load_("./lib/runner/saved-state.js");
;// MODULE ./lib/runner/token-state.js

/** Knows every token that the step was issued, and keeps the post step's knowledge of them up to date. */
class TokenState {
	#issued = [];
	/** What is answered for, in the order of issue. */
	get issued() {
		return this.#issued;
	}
	/** Leaves the token to the post step, whatever becomes of this one; one that nobody can end is left to nobody. */
	take = (issued) => {
		const { token, revocationBaseUrl } = issued;
		if (revocationBaseUrl === undefined)
			return;
		const endable = { token, revocationBaseUrl };
		this.#issued.push(endable);
		this.retake(endable);
	};
	/** The token is ended; the post step has nothing to do with it any more. */
	release(issued) {
		saveState((0,saved_state/* tokenName */.vb)(this.#issued.indexOf(issued)), '');
	}
	/** The token could not be ended; the post step is to go on with it. */
	retake(issued) {
		saveState((0,saved_state/* tokenName */.vb)(this.#issued.indexOf(issued)), (0,saved_state/* savedText */.Xm)(issued));
	}
	/** Leaves a folder to the post step, before it is made. */
	takeFolder(folder) {
		saveState(saved_state/* FOLDER */.L7, folder);
	}
	/** Says what is to become of the tokens now that they are handed on. */
	handOn(policy) {
		if (this.#issued.length === 0)
			return; // with nothing to end, the post step starts nothing
		saveState(saved_state/* HANDED_ON */.BT, policy);
	}
	/** The tokens are not handed on after all: the post step ends them all. */
	takeBack() {
		saveState(saved_state/* HANDED_ON */.BT, '');
	}
}

;// MODULE ./lib/granting.js

/** Does what was asked. Returns how to take it back; throws an `ActionError`. */
async function grant(asked, { console, clock }) {
	const { mask, hide, info, debug } = console;
	const tokenState = new TokenState();
	const wire = new HttpSession({ limits: asked.limits, clock, hide, say: info, debug });
	try {
		const obtained = await obtain(asked, wire, { secret: mask, issued: tokenState.take });
		const granted = { ...obtained, requests: wire.requests, attempts: wire.sent, at: new Date(clock.now()) };
		return handOn(granted, asked, tokenState, console);
	}
	catch (error) {
		await discard(tokenState, console, clock);
		throw error;
	}
	finally {
		wire.close();
	}
}
/** Publishes the token and tells of it, without a pause in which a signal could be heard. */
function handOn(granted, asked, tokenState, console) {
	const undo = publish(granted, asked, tokenState, console);
	try {
		(0,messages/* handedOn */.Uz)(granted, asked, console);
		summarise(granted, asked, console);
		return undo;
	}
	catch (error) {
		undo();
		throw error;
	}
}
/** Ends what was issued, where the platform can, and says so. */
async function discard(tokenState, console, clock) {
	if (tokenState.issued.length === 0)
		return;
	if (await endIssued(tokenState.issued, tokenState, console, clock)) {
		console.info('The token is not handed on; it is revoked.');
	}
	else
		console.warn('The token is not handed on; revoking it failed and is tried again when the job ends.');
}

;// MODULE ./lib/post.js

async function post(saved, { console, clock }) {
	for (const { value } of saved.tokens)
		console.mask(value);
	const file = endFile(saved);
	const ends = [...(await endTokens(saved, console, clock)), ...file];
	const words = `Clean-up: ${ends.map(end => end.words).join('; ') || 'nothing to do'}.`;
	if (ends.some(({ failed }) => failed))
		console.warn(words);
	else
		console.info(words);
}
async function endTokens(saved, console, clock) {
	const fates = saved.tokens.map(token => ({ token, spared: spared(token, saved, clock.now()) }));
	const doomed = fates.flatMap(({ token, spared }) => (spared === undefined ? [token] : []));
	const ends = await revokeAll(doomed, console, clock);
	return [
		...fates.flatMap(({ token, spared }) => spared === undefined ? [] : [{ words: `${nameOf(token)} ${spared}` }]),
		...doomed.map((token, index) => endOf(token, ends[index]))
	];
}
/** Returns why a token is left alone, in words; `undefined` if it is to be revoked. */
function spared(token, { handedOn }, now) {
	if (token.expiresAtMs !== undefined && token.expiresAtMs <= now)
		return 'expired already';
	if (handedOn === 'false')
		return 'left alone, as revoke: false asks';
	if (handedOn === 'auto' && token.kind === 'long-lived')
		return 'left alone, for it is made to outlive the job';
	return undefined;
}
function endOf(token, end) {
	if (end?.status === 'fulfilled')
		return { words: `${nameOf(token)} ${end.value}` };
	const why = end?.reason instanceof Error ? ` (${end.reason.message.replace(/\.$/, '')})` : '';
	const until = token.expiresAtMs === undefined ? 'it expires' : new Date(token.expiresAtMs).toISOString();
	return { words: `${nameOf(token)} not revoked${why}, and lives until ${until}`, failed: true };
}
function endFile({ folder }) {
	if (folder === undefined)
		return [];
	try {
		return [{ words: removeTokenFile(folder) ? 'token file removed' : 'token file already gone' }];
	}
	catch {
		return [{ words: 'token file not removed', failed: true }];
	}
}
function nameOf({ kind }) {
	return kind === 'access' ? 'access token' : 'long-lived token';
}

;// MODULE ./lib/beyond.js
/** What takes the network, and all that it loads: validation does without, and so does a post step with nothing to do. */

/***/ }),

/***/ "./stand-ins/undici/index.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  k: () => (/* binding */ ProxyAgent)
});
class ProxyAgent {
  constructor() {
	throw new Error('undici is not in this bundle: a request was about to leave by fetch')
  }
}

/***/ })

};
