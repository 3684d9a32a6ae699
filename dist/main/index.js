import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 770:
/***/ ((module, __unused_webpack_exports, __nccwpck_require__) => {

module.exports = __nccwpck_require__(218);


/***/ }),

/***/ 218:
/***/ ((__unused_webpack_module, exports, __nccwpck_require__) => {

var __webpack_unused_export__;


var net = __nccwpck_require__(278);
var tls = __nccwpck_require__(756);
var http = __nccwpck_require__(611);
var https = __nccwpck_require__(692);
var events = __nccwpck_require__(434);
var assert = __nccwpck_require__(613);
var util = __nccwpck_require__(23);


exports.httpOverHttp = httpOverHttp;
exports.httpsOverHttp = httpsOverHttp;
exports.httpOverHttps = httpOverHttps;
exports.httpsOverHttps = httpsOverHttps;


function httpOverHttp(options) {
  var agent = new TunnelingAgent(options);
  agent.request = http.request;
  return agent;
}

function httpsOverHttp(options) {
  var agent = new TunnelingAgent(options);
  agent.request = http.request;
  agent.createSocket = createSecureSocket;
  agent.defaultPort = 443;
  return agent;
}

function httpOverHttps(options) {
  var agent = new TunnelingAgent(options);
  agent.request = https.request;
  return agent;
}

function httpsOverHttps(options) {
  var agent = new TunnelingAgent(options);
  agent.request = https.request;
  agent.createSocket = createSecureSocket;
  agent.defaultPort = 443;
  return agent;
}


function TunnelingAgent(options) {
  var self = this;
  self.options = options || {};
  self.proxyOptions = self.options.proxy || {};
  self.maxSockets = self.options.maxSockets || http.Agent.defaultMaxSockets;
  self.requests = [];
  self.sockets = [];

  self.on('free', function onFree(socket, host, port, localAddress) {
    var options = toOptions(host, port, localAddress);
    for (var i = 0, len = self.requests.length; i < len; ++i) {
      var pending = self.requests[i];
      if (pending.host === options.host && pending.port === options.port) {
        // Detect the request to connect same origin server,
        // reuse the connection.
        self.requests.splice(i, 1);
        pending.request.onSocket(socket);
        return;
      }
    }
    socket.destroy();
    self.removeSocket(socket);
  });
}
util.inherits(TunnelingAgent, events.EventEmitter);

TunnelingAgent.prototype.addRequest = function addRequest(req, host, port, localAddress) {
  var self = this;
  var options = mergeOptions({request: req}, self.options, toOptions(host, port, localAddress));

  if (self.sockets.length >= this.maxSockets) {
    // We are over limit so we'll add it to the queue.
    self.requests.push(options);
    return;
  }

  // If we are under maxSockets create a new one.
  self.createSocket(options, function(socket) {
    socket.on('free', onFree);
    socket.on('close', onCloseOrRemove);
    socket.on('agentRemove', onCloseOrRemove);
    req.onSocket(socket);

    function onFree() {
      self.emit('free', socket, options);
    }

    function onCloseOrRemove(err) {
      self.removeSocket(socket);
      socket.removeListener('free', onFree);
      socket.removeListener('close', onCloseOrRemove);
      socket.removeListener('agentRemove', onCloseOrRemove);
    }
  });
};

TunnelingAgent.prototype.createSocket = function createSocket(options, cb) {
  var self = this;
  var placeholder = {};
  self.sockets.push(placeholder);

  var connectOptions = mergeOptions({}, self.proxyOptions, {
    method: 'CONNECT',
    path: options.host + ':' + options.port,
    agent: false,
    headers: {
      host: options.host + ':' + options.port
    }
  });
  if (options.localAddress) {
    connectOptions.localAddress = options.localAddress;
  }
  if (connectOptions.proxyAuth) {
    connectOptions.headers = connectOptions.headers || {};
    connectOptions.headers['Proxy-Authorization'] = 'Basic ' +
        new Buffer(connectOptions.proxyAuth).toString('base64');
  }

  debug('making CONNECT request');
  var connectReq = self.request(connectOptions);
  connectReq.useChunkedEncodingByDefault = false; // for v0.6
  connectReq.once('response', onResponse); // for v0.6
  connectReq.once('upgrade', onUpgrade);   // for v0.6
  connectReq.once('connect', onConnect);   // for v0.7 or later
  connectReq.once('error', onError);
  connectReq.end();

  function onResponse(res) {
    // Very hacky. This is necessary to avoid http-parser leaks.
    res.upgrade = true;
  }

  function onUpgrade(res, socket, head) {
    // Hacky.
    process.nextTick(function() {
      onConnect(res, socket, head);
    });
  }

  function onConnect(res, socket, head) {
    connectReq.removeAllListeners();
    socket.removeAllListeners();

    if (res.statusCode !== 200) {
      debug('tunneling socket could not be established, statusCode=%d',
        res.statusCode);
      socket.destroy();
      var error = new Error('tunneling socket could not be established, ' +
        'statusCode=' + res.statusCode);
      error.code = 'ECONNRESET';
      options.request.emit('error', error);
      self.removeSocket(placeholder);
      return;
    }
    if (head.length > 0) {
      debug('got illegal response body from proxy');
      socket.destroy();
      var error = new Error('got illegal response body from proxy');
      error.code = 'ECONNRESET';
      options.request.emit('error', error);
      self.removeSocket(placeholder);
      return;
    }
    debug('tunneling connection has established');
    self.sockets[self.sockets.indexOf(placeholder)] = socket;
    return cb(socket);
  }

  function onError(cause) {
    connectReq.removeAllListeners();

    debug('tunneling socket could not be established, cause=%s\n',
          cause.message, cause.stack);
    var error = new Error('tunneling socket could not be established, ' +
                          'cause=' + cause.message);
    error.code = 'ECONNRESET';
    options.request.emit('error', error);
    self.removeSocket(placeholder);
  }
};

TunnelingAgent.prototype.removeSocket = function removeSocket(socket) {
  var pos = this.sockets.indexOf(socket)
  if (pos === -1) {
    return;
  }
  this.sockets.splice(pos, 1);

  var pending = this.requests.shift();
  if (pending) {
    // If we have pending requests and a socket gets closed a new one
    // needs to be created to take over in the pool for the one that closed.
    this.createSocket(pending, function(socket) {
      pending.request.onSocket(socket);
    });
  }
};

function createSecureSocket(options, cb) {
  var self = this;
  TunnelingAgent.prototype.createSocket.call(self, options, function(socket) {
    var hostHeader = options.request.getHeader('host');
    var tlsOptions = mergeOptions({}, self.options, {
      socket: socket,
      servername: hostHeader ? hostHeader.replace(/:.*$/, '') : options.host
    });

    // 0 is dummy port for v0.6
    var secureSocket = tls.connect(0, tlsOptions);
    self.sockets[self.sockets.indexOf(socket)] = secureSocket;
    cb(secureSocket);
  });
}


function toOptions(host, port, localAddress) {
  if (typeof host === 'string') { // since v0.10
    return {
      host: host,
      port: port,
      localAddress: localAddress
    };
  }
  return host; // for v0.11 or later
}

function mergeOptions(target) {
  for (var i = 1, len = arguments.length; i < len; ++i) {
    var overrides = arguments[i];
    if (typeof overrides === 'object') {
      var keys = Object.keys(overrides);
      for (var j = 0, keyLen = keys.length; j < keyLen; ++j) {
        var k = keys[j];
        if (overrides[k] !== undefined) {
          target[k] = overrides[k];
        }
      }
    }
  }
  return target;
}


var debug;
if (process.env.NODE_DEBUG && /\btunnel\b/.test(process.env.NODE_DEBUG)) {
  debug = function() {
    var args = Array.prototype.slice.call(arguments);
    if (typeof args[0] === 'string') {
      args[0] = 'TUNNEL: ' + args[0];
    } else {
      args.unshift('TUNNEL:');
    }
    console.error.apply(console, args);
  }
} else {
  debug = function() {};
}
__webpack_unused_export__ = debug; // for test


/***/ }),

/***/ 613:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("assert");

/***/ }),

/***/ 434:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("events");

/***/ }),

/***/ 611:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("http");

/***/ }),

/***/ 692:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("https");

/***/ }),

/***/ 278:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("net");

/***/ }),

/***/ 24:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");

/***/ }),

/***/ 756:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("tls");

/***/ }),

/***/ 23:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("util");

/***/ }),

/***/ 130:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   $o: () => (/* binding */ requireOrganization),
/* harmony export */   Tw: () => (/* binding */ describeIdleTime),
/* harmony export */   jY: () => (/* binding */ requireLifetime)
/* harmony export */ });
/* unused harmony export requireIdleTime */
/* harmony import */ var _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(18);
/* harmony import */ var _lib_text_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(924);


/** Throws `lifetime-too-short` unless the token is known to live at least as long as `min-lifetime`. */
function requireLifetime({ expiresInSeconds }, { minLifetimeSeconds }, advice) {
    if (minLifetimeSeconds === undefined)
        return;
    if (expiresInSeconds !== undefined && expiresInSeconds >= minLifetimeSeconds)
        return;
    const lives = expiresInSeconds === undefined
        ? 'The platform did not say how long the token lives'
        : `The token lives for ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .formatDuration */ .a3)(expiresInSeconds)} (${expiresInSeconds} s)`;
    throw new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('lifetime-too-short', `${lives}, but min-lifetime requires ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .formatDuration */ .a3)(minLifetimeSeconds)} (${minLifetimeSeconds} s).`, advice);
}
/** Returns a sentence about a token that becomes invalid before it expires if nothing uses it; undefined if it does not. */
function describeIdleTime({ expiresAt }, { idlesAt }) {
    if (idlesAt === undefined || (expiresAt !== undefined && idlesAt >= expiresAt))
        return undefined;
    return `The organisation has an idle timeout: if nothing uses the token, it becomes invalid at ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .formatMinute */ .Yi)(idlesAt)}`;
}
/**
 * Throws `lifetime-too-short` if the idle timeout of the organisation is shorter than `min-lifetime`: a stored token waits
 * unused.
 */
function requireIdleTime({ idlesAt }, { minLifetimeSeconds }, nowMs) {
    if (idlesAt === undefined || minLifetimeSeconds === undefined)
        return;
    if (idlesAt.getTime() >= nowMs + minLifetimeSeconds * 1000)
        return;
    throw new ActionError('lifetime-too-short', `If nothing uses the token, it becomes invalid at ${formatMinute(idlesAt)}, but min-lifetime requires ${formatDuration(minLifetimeSeconds)} (${minLifetimeSeconds} s).`, 'The organisation has an idle timeout. Request a token in each job instead of storing one, or rotate more often than ' +
        'the idle timeout.');
}
/** Throws `organization-not-allowed` unless the token belongs to one of the allowed organisations. */
function requireOrganization({ id, name }, { allowedOrganizationIds }, ownerNoun) {
    if (allowedOrganizationIds.length === 0 || allowedOrganizationIds.includes(id.toLowerCase()))
        return;
    throw new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('organization-not-allowed', `The token belongs to ${ownerNoun} ${name === undefined ? id : `${name} (${id})`}, which is not in allowed-organization-ids.`, `The credentials belong to another ${ownerNoun} than expected: check which secret this job uses. Nothing was published.`);
}


/***/ }),

/***/ 266:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  x: () => (/* binding */ PROVIDERS)
});

// EXTERNAL MODULE: ./lib/lib/action-error.js
var action_error = __nccwpck_require__(18);
// EXTERNAL MODULE: ./lib/lib/input-reader.js
var input_reader = __nccwpck_require__(451);
;// CONCATENATED MODULE: ./lib/lib/json.js
/** Returns the text as a JSON object; undefined if it is anything else. */
function parseJsonObject(text) {
    try {
        return asJsonObject(JSON.parse(text));
    }
    catch {
        return undefined;
    }
}
/** Returns the value if it is a JSON object; undefined if it is anything else. */
function asJsonObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

;// CONCATENATED MODULE: ./lib/auth/base-url.js


const ALLOWED = 'Allowed: an https URL, or http on loopback, with an optional path: https://gateway.example.com, http://127.0.0.1:8080/genesys. ' +
    'No user, query or fragment, and no “..”, “//”, “%” or backslash in the path.';
/** Returns the base URL in an input, if one is given. Throws `invalid-input`. */
function readBaseUrl(reader, input = 'base-url') {
    const text = reader.text(input);
    if (text === '')
        return undefined;
    const url = parseBaseUrl(text);
    if (url !== undefined)
        return { input, url };
    // A user or a query can contain a credential: do not repeat such a value.
    if (/[@?#]/.test(text)) {
        throw new action_error/* ActionError */.l('invalid-input', `Input ${input} contains a user, a query or a fragment.`, ALLOWED);
    }
    throw (0,input_reader/* invalidInput */.aY)(input, text, ALLOWED);
}
/** Returns the URL of a request: at the platform's host, or at the base URL that replaces it. */
function endpointUrl(origin, path, baseUrl) {
    const url = new URL(baseUrl?.url ?? origin);
    // Set, not resolved: resolving a path that begins with `//` would change the host.
    url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
    return url;
}
/** Returns the base URL of an API, without a slash at its end. */
function apiBaseUrl(origin, baseUrl) {
    return baseUrl?.url ?? origin;
}
/** Rejects anything that `new URL` would silently correct (a backslash, a tab, a user, `..`). */
function parseBaseUrl(text) {
    const [, origin = '', path = ''] = /^(https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)((?:\/[\w.~!$&'()*+,;=:-]+)*)\/?$/i.exec(text) ?? [];
    if (!URL.canParse(origin) || path.split('/').some(segment => /^\.{1,2}$/.test(segment)))
        return undefined;
    const url = new URL(origin);
    return url.protocol === 'https:' || isLoopback(url.hostname) ? `${url.origin}${path}` : undefined;
}
function isLoopback(host) {
    return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

// EXTERNAL MODULE: ./lib/http/errors.js
var errors = __nccwpck_require__(729);
// EXTERNAL MODULE: ./lib/lib/redactor.js + 1 modules
var redactor = __nccwpck_require__(811);
// EXTERNAL MODULE: ./lib/lib/secret.js
var lib_secret = __nccwpck_require__(395);
;// CONCATENATED MODULE: ./lib/lib/token.js
/** Token length in characters. The upper bound keeps a token within common header limits. */
const MIN_LENGTH = 16;
const MAX_TOKEN_LENGTH = 32 * 1024;
/** Returns whether the text can be a token: 16 characters to 32 KiB of visible ASCII. */
function isToken(text) {
    return text.length >= MIN_LENGTH && text.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(text);
}

;// CONCATENATED MODULE: ./lib/auth/token-response.js






/** Masks for one response. A platform sends three tokens at most, of one line each; a hostile response may have more. */
const MAX_MASKS = 8;
/** A longer lifetime is taken for an error of the platform. */
const MAX_LIFETIME_SECONDS = 10 * 366 * 86_400;
/** Returns the response's body as a JSON object. Throws `bad-response`. */
function requireJson(response) {
    const json = parseJsonObject(response.body);
    if (json === undefined)
        throw badResponse(response, 'its body is not a JSON object');
    return json;
}
/** Returns the error for a response that arrived complete but cannot be used. It quotes nothing of the body. */
function badResponse(response, problem) {
    return new action_error/* ActionError */.l('bad-response', `${(0,errors/* responseWithStatus */.cN)(response)}, but ${problem}${(0,errors/* responseTrail */.iP)(response)}.`, 'Nothing was published. The login page of a proxy or gateway often causes this: check base-url and the network ' +
        'path to the platform. If it persists, show this message to the support of the platform.');
}
/**
 * Reports every token in a response to the events, whatever the status, so that an error that quotes the response cannot
 * show one, and so that a token is revoked even if the step does not accept the response.
 */
function reportTokens(response, sentAt, { expected, events }) {
    maskTokens(response, events);
    const json = parseJsonObject(response.body) ?? {};
    const token = parseToken(json, sentAt, expected);
    if (typeof token === 'string')
        return;
    const isRejected = !expected.acceptedStatus.includes(response.status);
    events.onToken(isRejected ? { ...token, isRejected } : token);
}
/** Reports every token in a response to `onSecret`. The runner masks each line separately. */
function maskTokens(response, { onSecret }) {
    for (const line of tokenLines(response).slice(0, MAX_MASKS))
        onSecret(new lib_secret/* Secret */.zh(line));
}
/** Returns whether every token in the response is masked. Otherwise no error may quote it. */
function areTokensMasked(response) {
    return tokenLines(response).length <= MAX_MASKS;
}
/** Returns the token in a response, as `reportTokens` reported it. Throws `bad-response`. */
function readToken(response, expected) {
    const token = parseToken(requireJson(response), response.sentAt, expected);
    if (typeof token === 'string')
        throw badResponse(response, token);
    return token;
}
/** Returns the token, or why it cannot be used. */
function parseToken(json, sentAt, expected) {
    const { access_token: text, expires_in: expiresIn } = json;
    if (typeof text !== 'string')
        return 'there is no access_token in it';
    if (!isToken(text))
        return 'its access_token is not 16 characters to 32 KiB of visible ASCII';
    const { kind, credentials, revocationBaseUrl } = expected;
    if (new redactor/* Redactor */.p(credentials).matches(text))
        return 'its access_token contains one of the credentials';
    const lifetime = readLifetime(expiresIn, sentAt);
    const token = { value: new lib_secret/* Secret */.zh(text), kind, ...lifetime };
    return revocationBaseUrl === undefined ? token : { ...token, revocationBaseUrl };
}
/** Returns the lines of all tokens in a response, without those too short to mask and too long to be a token. */
function tokenLines({ body }) {
    const json = parseJsonObject(body) ?? {};
    return ['access_token', 'refresh_token', 'id_token'].flatMap(name => {
        const text = json[name];
        const lines = typeof text === 'string' ? text.split(/[\p{Cc}\p{Zl}\p{Zp}]+/u) : [];
        return lines.filter(line => line.length >= lib_secret/* MIN_SECRET_LENGTH */.vb && line.length <= MAX_TOKEN_LENGTH);
    });
}
/** Returns nothing unless the value is a sensible number of seconds. */
function readLifetime(value, sentAt) {
    const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
    if (typeof seconds !== 'number' || !(seconds >= 1 && seconds <= MAX_LIFETIME_SECONDS))
        return {};
    const expiresInSeconds = Math.floor(seconds);
    return { expiresInSeconds, expiresAt: new Date(sentAt.getTime() + expiresInSeconds * 1000) };
}

;// CONCATENATED MODULE: ./lib/auth/errors.js



/** Returns the error for a response that a token request does not accept: decided by `error` first, then by the status. */
function rejection(response, hints) {
    const { error, words } = readError(response);
    const code = codeOf(response, error, hints);
    const hint = hintFor(code, response, { hints, words });
    // Words that may contain a token which is not masked are not quoted.
    return (0,errors/* responseError */.U3)(response, { code, words: areTokensMasked(response) ? words : '', hint });
}
/**
 * Returns whether the response says that too many tokens were requested: 429, or HTTP 400 with `rate limit exceeded…`
 * as Genesys Cloud's token endpoint answers (source: the official Terraform provider).
 */
function isThrottled({ status, body }) {
    if (status !== 400)
        return status === 429;
    const json = parseJsonObject(body);
    return [json?.['description'], json?.['error_description']].some(words => typeof words === 'string' && /^rate limit exceeded/i.test(words));
}
function codeOf(response, error, hints) {
    const code = (0,errors/* statusToCode */.h1)(response, { 401: 'credentials-rejected', 403: 'forbidden' });
    if (response.status >= 500 || code === 'rate-limited')
        return code;
    if (response.status >= 400 && (error === 'invalid_client' || error === 'invalid_grant'))
        return 'credentials-rejected';
    const isUnknownRequest = response.status === 404 || response.status === 405;
    return isUnknownRequest && hints.notOffered !== undefined ? 'not-offered' : code;
}
function hintFor(code, { request }, { hints, words }) {
    switch (code) {
        case 'credentials-rejected': {
            const hint = hints.credentialsRejected;
            return typeof hint === 'string' ? hint : hint(words);
        }
        case 'forbidden':
            return (hints.forbidden ??
                'If the organisation allows only certain addresses, add the address of the runner. Hosted runners have no fixed ' +
                    'address; self-hosted runners and larger runners with a static address do. Otherwise check the roles of the client.');
        case 'not-offered':
            return hints.notOffered ?? '';
        case 'rate-limited':
            return 'Too many tokens were requested within a minute. Start fewer jobs at once, or raise timeout.';
        case 'unavailable':
            return 'The platform has a problem. See its status page, and run the job again later.';
        case 'bad-response':
            return `Expected HTTP 200. Check base-url, and what is between the runner and ${request.url.host}.`;
        default:
            return 'The platform rejected the request; its message above says why. Check the inputs.';
    }
}
/** Returns the platform's error, and its own words, not redacted. */
function readError(response) {
    const json = parseJsonObject(response.body) ?? {};
    const first = (...names) => {
        const found = names.map(name => json[name]).find(value => typeof value === 'string' && value !== '');
        return typeof found === 'string' ? found : '';
    };
    const error = first('error', 'code');
    const description = first('error_description', 'errorDescription', 'description', 'message');
    return {
        error,
        words: error !== '' && description !== '' ? `${error} (${description})` : error || description
    };
}

;// CONCATENATED MODULE: ./lib/auth/oauth.js


const FORM_TYPE = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
/** Returns the input `scope`, if given. Throws `invalid-input` unless it has the form of RFC 6749, section 3.3. */
function readScope(reader) {
    const scope = reader.text('scope');
    if (scope === '')
        return {};
    const isScope = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope);
    if (!isScope || scope.length > 2000)
        throw (0,input_reader/* invalidInput */.aY)('scope', scope, 'Allowed: names separated by single spaces.');
    return { scope };
}
/** Returns the Basic header of a client; its value is reported to `onSecret` first. */
function basicAuthorization(client, { onSecret }) {
    const credentials = basicCredentials(client);
    onSecret(credentials);
    return credentials.map(text => `Basic ${text}`);
}
function bearerAuthorization(token) {
    return token.map(text => `Bearer ${text}`);
}
/** Returns every spelling of the credentials that a server could echo in place of a token. */
function spellingsOf({ client, accessKey }) {
    const secrets = [
        ...(client === undefined ? [] : [client.secret, basicCredentials(client)]),
        ...(accessKey === undefined ? [] : [accessKey.secret])
    ];
    return secrets.flatMap(secret => [secret, ...secret.otherSpellings()]);
}
/** Returns a form without a secret in it. Undefined fields are left out. */
function formBody(fields) {
    return Object.entries(fields)
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${(0,lib_secret/* formEncode */.pm)(value)}`]))
        .join('&');
}
/** Returns a form whose last field is a secret. */
function secretFormBody(fields, [name, secret]) {
    return secret.map(text => `${formBody(fields)}&${name}=${(0,lib_secret/* formEncode */.pm)(text)}`);
}
/** Returns a JSON object whose last member is a secret. */
function secretJsonBody(fields, [name, secret]) {
    return secret.map(text => JSON.stringify({ ...fields, [name]: text }));
}
function basicCredentials({ id, secret }) {
    return secret.map(text => Buffer.from(`${id}:${text}`).toString('base64'));
}

;// CONCATENATED MODULE: ./lib/lib/hostname.js
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = `${LABEL}(?:\\.${LABEL})*`;
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const HOST_OR_URL = new RegExp(`^(?:https?://(${NAME})(?::443)?(?:[/?#][\\x21-\\x7e]*)?|(${NAME}))$`);
/** Returns whether the text is one label of a host name, in lower case. */
function isDnsLabel(text) {
    return DNS_LABEL.test(text);
}
/**
 * Returns the host of a host name or an http(s) URL, both in lower case; undefined for anything else. Rejects what
 * `new URL` would silently correct: a user, a backslash, a port other than 443.
 */
function parseHost(text) {
    const match = text.length > 2048 ? null : HOST_OR_URL.exec(text);
    return match?.[1] ?? match?.[2];
}
/** Returns whether the host is the domain or a subdomain of it. */
function isSubdomain(host, domain) {
    return host === domain || host.endsWith(`.${domain}`);
}

// EXTERNAL MODULE: ./lib/lib/text.js
var lib_text = __nccwpck_require__(924);
;// CONCATENATED MODULE: ./lib/auth/cxone/hosts.js


const COMMERCIAL = 'cxone.niceincontact.com';
const GOVERNMENT = 'cxone-gov.niceincontact.com';
const NICE_DOMAINS = ['niceincontact.com', 'nice-incontact.com'];
const ISSUERS = [
    { host: COMMERCIAL, domains: NICE_DOMAINS },
    { host: GOVERNMENT, domains: NICE_DOMAINS },
    { host: 'nicecxone-sov1.au', domains: ['nicecxone-sov1.au'] },
    { host: 'nicecxone-sov1.eu', domains: ['nicecxone-sov1.eu'] },
    { host: 'nicecxone-sov1.uk', domains: ['nicecxone-sov1.uk'] },
    { host: 'nicecxone-sov2.uk', domains: ['nicecxone-sov2.uk'], provisional: true },
    { host: 'nicecxone-fed.com', domains: ['nicecxone-fed.com'], provisional: true }
];
const ISSUER_OF_AREA = {
    na1: COMMERCIAL,
    eu1: COMMERCIAL,
    uk1: COMMERCIAL,
    au1: COMMERCIAL,
    ca1: COMMERCIAL,
    jp1: COMMERCIAL,
    na2: GOVERNMENT
};
/** No source says which issuer serves na3. */
const KNOWN_AREAS = [...Object.keys(ISSUER_OF_AREA), 'na3'];
const AREA = /^[a-z]{2}[0-9]{1,3}$/;
/** Used if no region is given. */
const DEFAULT_ISSUER = COMMERCIAL;
/** Used if no region is given. */
const DEFAULT_REALM = 'us-22';
const CXONE_ISSUERS = ISSUERS.map(({ host }) => host);
/** Returns the issuer of an area, or the issuer with that domain; undefined for anything else. */
function parseCxoneIssuer(text) {
    const given = text.toLowerCase();
    if (given === 'uk3')
        return parseCxoneIssuer('nicecxone-sov2.uk'); // seen in one public integration
    if (AREA.test(given)) {
        const name = ISSUER_OF_AREA[given];
        if (name !== undefined)
            return { name };
        return {
            name: DEFAULT_ISSUER,
            warning: `The CXone area ${given} is not in the list; using the issuer ${DEFAULT_ISSUER}.`
        };
    }
    const host = parseHost(given);
    const issuer = ISSUERS.find(one => one.host === host);
    if (issuer === undefined)
        return undefined;
    if (!issuer.provisional)
        return { name: issuer.host };
    return {
        name: issuer.host,
        warning: `The CXone issuer ${issuer.host} is not confirmed by anything that NICE publishes.`
    };
}
/** Returns the issuer of an area; the default issuer if the area is not in the list. */
function issuerOfArea(area) {
    return ISSUER_OF_AREA[area] ?? DEFAULT_ISSUER;
}
/** Returns the area in lower case; undefined if the text does not have the form of an area. */
function parseCxoneArea(text) {
    const name = text.toLowerCase();
    if (!AREA.test(name))
        return undefined;
    return KNOWN_AREAS.includes(name)
        ? { name }
        : { name, warning: `The CXone area ${name} is not in the list of known areas.` };
}
/** Returns the known area that is spelled most like the text. */
function nearestCxoneArea(text) {
    return (0,lib_text/* findNearest */.qg)(text.toLowerCase(), KNOWN_AREAS, area => area);
}
/** Returns the realm in lower case; undefined if it is not a DNS label. */
function parseCxoneRealm(text) {
    const name = text.toLowerCase();
    return isDnsLabel(name) ? name : undefined;
}
/** Port 443 and a path of plain segments: nothing that `new URL` would correct or resolve. */
const ENDPOINT = /^https:\/\/[A-Za-z0-9.-]{1,253}(?::443)?((?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,100}){0,10}\/?)$/;
/**
 * Returns the endpoint that discovery named, if it is https on port 443 and under the issuer's own domains; otherwise
 * undefined, and no credential may be sent there.
 */
function trustedEndpoint(issuer, text) {
    const path = typeof text === 'string' ? ENDPOINT.exec(text)?.[1] : undefined;
    if (path === undefined || !URL.canParse(String(text)))
        return undefined;
    const url = new URL(String(text));
    const domains = ISSUERS.find(({ host }) => host === issuer)?.domains ?? [];
    const isTrusted = url.pathname === (path || '/') && domains.some(domain => isSubdomain(url.hostname, domain));
    return isTrusted ? url : undefined;
}

;// CONCATENATED MODULE: ./lib/auth/cxone/tenant.js



/**
 * Returns the tenant that a login response names: in its access token, otherwise in its `id_token`. Throws `bad-response`
 * if the two differ.
 */
function readTenant(response, accessToken) {
    const idToken = parseJsonObject(response.body)?.['id_token'];
    const tenants = [accessToken, new lib_secret/* Secret */.zh(typeof idToken === 'string' ? idToken : '')].map(tenantOf);
    const [fromAccessToken, fromIdToken] = tenants;
    if (fromAccessToken !== undefined && fromIdToken !== undefined && fromAccessToken !== fromIdToken)
        throw badResponse(response, 'its access_token and its id_token name different tenants');
    return fromAccessToken ?? fromIdToken;
}
/** The token came over TLS from its issuer a moment ago, so it is decoded without checking its signature. */
function tenantOf(token) {
    return token.inspect(jwt => {
        const claims = parseJsonObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
        const tenantId = claims?.['tenantId'];
        return typeof tenantId === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(tenantId) ? tenantId : undefined;
    });
}

;// CONCATENATED MODULE: ./lib/auth/cxone/exchange.js







/** Returns a NICE CXone token. Throws ActionError. */
function exchangeCxone(request, session, events) {
    switch (request.exchange) {
        case 'cxone-application':
            return loginByApplication(request, session, events);
        case 'cxone-access-key':
            return loginByAccessKey(request, session, events);
        case 'cxone-client':
            return loginByClient(request, session, events);
    }
}
/**
 * A, documented: discovery, password grant, tenant configuration. Source: NICE's developer portal, "Getting Started",
 * back-end applications.
 */
async function loginByApplication(request, session, events) {
    const { client, accessKey, scope } = request;
    // Before discovery: its response must not be able to show the header of an earlier run.
    const authorization = basicAuthorization(client, events);
    const discovery = await session.send({
        method: 'GET',
        url: endpointUrl(`https://${request.issuer}`, '/.well-known/openid-configuration', request.baseUrl),
        headers: {},
        onResponse: found => maskTokens(found, events)
    });
    const expected = expectedToken(request);
    const response = await session.send({
        method: 'POST',
        url: readEndpoint(discovery, 'token_endpoint', request),
        headers: { Authorization: authorization, 'Content-Type': FORM_TYPE },
        body: secretFormBody({ grant_type: 'password', username: accessKey.id, scope }, [
            'password',
            accessKey.secret
        ]),
        isThrottled: isThrottled,
        onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events })
    });
    const result = acceptToken(response, expected, APPLICATION_HINTS);
    const { ownerId } = result;
    if (ownerId === undefined)
        throw badResponse(response, 'its tokens do not name a tenant');
    const configuration = await requestConfiguration(request, ownerId, { session, events });
    return { ...result, ...readConfiguration(configuration, request) };
}
/** B, documented: an access key without a client. Source: NICE's developer portal. */
async function loginByAccessKey(request, session, events) {
    const { accessKey, area, baseUrl } = request;
    const expected = expectedToken(request);
    const response = await session.send({
        method: 'POST',
        url: endpointUrl(`https://${area}.nice-incontact.com`, '/authentication/v1/token/access-key', baseUrl),
        headers: { 'Content-Type': JSON_TYPE },
        body: secretJsonBody({ accessKeyId: accessKey.id }, ['accessKeySecret', accessKey.secret]),
        isThrottled: isThrottled,
        onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
        hintIfHostUnknown: `There seems to be no CXone area ${area}. The nearest known area is ${nearestCxoneArea(area)}.`
    });
    const result = acceptToken(response, expected, ACCESS_KEY_HINTS);
    return { ...result, region: area, apiUrl: await findApiUrl(request, result.ownerId, { session, events }) };
}
/**
 * Returns the address of the API from the tenant's configuration. Falls back to the address that is usual for the area,
 * with a warning. Throws `bad-response` if the configuration names an endpoint that is not trusted.
 */
async function findApiUrl(request, tenantId, connection) {
    const fallback = apiBaseUrl(`https://api-${request.area}.niceincontact.com`, request.baseUrl);
    const warn = (problem) => {
        connection.events.onWarning(`${problem}, so the address of the API is a guess from the area: ${fallback}.`);
        return fallback;
    };
    if (tenantId === undefined)
        return warn('The token does not name its tenant');
    const response = await requestConfiguration(request, tenantId, connection).catch(() => undefined);
    const json = response?.status === 200 ? parseJsonObject(response.body) : undefined;
    if (response === undefined || typeof json?.['api_endpoint'] !== 'string')
        return warn('The configuration of the tenant could not be read');
    return readConfiguration(response, request).apiUrl;
}
/** C, undocumented: client credentials at a realm. */
async function loginByClient(request, session, events) {
    const { client, realm, scope, baseUrl } = request;
    const expected = expectedToken(request);
    const response = await session.send({
        method: 'POST',
        url: endpointUrl(`https://${realm}.api.niceincontact.com`, '/oauth/token', baseUrl),
        headers: { 'Content-Type': FORM_TYPE },
        body: secretFormBody({ grant_type: 'client_credentials', client_id: client.id, scope }, [
            'client_secret',
            client.secret
        ]),
        isThrottled: isThrottled,
        onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
        hintIfHostUnknown: `There seems to be no CXone realm ${realm}.`
    });
    return acceptToken(response, expected, CLIENT_HINTS);
}
/** Requests where the API of a tenant is. The request needs no credentials. B sends it once: it can do without. */
function requestConfiguration(request, tenantId, { session, events }) {
    const url = endpointUrl(`https://${request.issuer}`, '/.well-known/cxone-configuration', request.baseUrl);
    url.searchParams.set('tenantId', tenantId);
    return session.send({
        method: 'GET',
        url,
        headers: {},
        retry: request.exchange === 'cxone-access-key' ? 'never' : 'always',
        onResponse: found => maskTokens(found, events)
    });
}
function readConfiguration(response, request) {
    const { origin } = readEndpoint(response, 'api_endpoint', request);
    const { area, domain } = requireJson(response);
    return {
        apiUrl: apiBaseUrl(origin, request.baseUrl),
        ...(isName(area) ? { region: area } : {}),
        ...(isName(domain) ? { domain } : {})
    };
}
/** Returns an endpoint that an issuer names, at the base URL if one is given. Throws ActionError if it is not trusted. */
function readEndpoint(response, name, request) {
    if (response.status !== 200)
        throw rejection(response, DISCOVERY_HINTS);
    const endpoint = trustedEndpoint(request.issuer, requireJson(response)[name]);
    if (endpoint === undefined)
        throw badResponse(response, `its ${name} is not a plain https address on port 443 under the domains of ${request.issuer}`);
    return endpointUrl(endpoint.origin, endpoint.pathname, request.baseUrl);
}
function expectedToken(request) {
    return { kind: 'access', acceptedStatus: [200], credentials: spellingsOf(request) };
}
/** Returns the token in the response. Throws ActionError. */
function acceptToken(response, expected, hints) {
    if (response.status !== 200)
        throw rejection(response, hints);
    const token = readToken(response, expected);
    const ownerId = readTenant(response, token.value);
    return ownerId === undefined ? { token } : { token, ownerId };
}
function isName(value) {
    return typeof value === 'string' && /^[a-z0-9.-]{1,100}$/i.test(value);
}
/** NICE answers `invalid_grant` if it does not accept the access key, and `invalid_client` for the client. */
const ACCESS_KEY_REJECTED = 'Check access-key-id and access-key-secret (it ends in ====). The access key may be inactive, or its employee ' +
    'deactivated, or locked after days without a login.';
const APPLICATION_HINTS = {
    credentialsRejected: words => words.startsWith('invalid_grant')
        ? ACCESS_KEY_REJECTED
        : `Check client-id and client-secret, and that region leads to the issuer where they were created. ${ACCESS_KEY_REJECTED}`
};
const DISCOVERY_HINTS = {
    credentialsRejected: 'This document is public, and the request had no credentials: a proxy or gateway asks for them. Check base-url and ' +
        'the network path to the platform.'
};
const ACCESS_KEY_HINTS = {
    credentialsRejected: `Check that region is the area of the tenant. ${ACCESS_KEY_REJECTED}`
};
const CLIENT_HINTS = {
    credentialsRejected: 'Check client-id and client-secret, and that region is their realm.',
    notOffered: 'NICE does not document this request, and your tenant may not support it. Add the access key of a user ' +
        '(access-key-id, access-key-secret), or use the access key without the client: both are documented.'
};

;// CONCATENATED MODULE: ./lib/auth/cxone/request.js





const REGION_VARIABLES = ['CXONE_REALM', 'CXONE_REGION'];
const CLIENT = {
    id: 'client-id',
    secret: 'client-secret',
    variables: [{ id: 'CXONE_CLIENT_ID', secret: 'CXONE_CLIENT_SECRET' }]
};
const ACCESS_KEY = {
    id: 'access-key-id',
    secret: 'access-key-secret',
    variables: [{ id: 'CXONE_ACCESS_KEY_ID', secret: 'CXONE_ACCESS_KEY_SECRET' }]
};
const ISSUER_RULE = `With a client and an access key, region is an area (two letters and digits: na1) or the domain of an issuer: ${(0,lib_text/* joinWords */.yZ)(CXONE_ISSUERS)}. ` +
    `The default is ${DEFAULT_ISSUER}.`;
const AREA_RULE = 'With an access key and no client, region is required: the area of the tenant, two letters and digits, such as na1 or eu1.';
const REALM_RULE = `With a client and no access key, region is a realm: one DNS label, by default ${DEFAULT_REALM}.`;
/** Returns the request that the inputs describe; the credentials decide which exchange it is. Throws ActionError. */
function readCxoneRequest(reader) {
    const client = reader.credential(CLIENT);
    const accessKey = reader.credential(ACCESS_KEY);
    reader.refuse(['token-kind', 'service-account-id', 'token-endpoint', 'login-base-url'], 'it applies to Genesys Cloud only');
    const region = reader.textOrVariable('region', REGION_VARIABLES);
    const base = { baseUrl: readBaseUrl(reader) };
    if (client && accessKey) {
        const issuer = region === '' ? DEFAULT_ISSUER : accept(reader, parseCxoneIssuer(region), { region, rule: ISSUER_RULE });
        return { exchange: 'cxone-application', issuer, client, accessKey, ...readScope(reader), ...base };
    }
    if (accessKey) {
        reader.refuse(['scope'], 'the request for an access key has no scope');
        const area = accept(reader, parseCxoneArea(region), { region, rule: AREA_RULE });
        return { exchange: 'cxone-access-key', area, issuer: issuerOfArea(area), accessKey, ...base };
    }
    if (client) {
        const realm = parseCxoneRealm(region || DEFAULT_REALM);
        if (realm === undefined)
            throw (0,input_reader/* invalidInput */.aY)(reader.withOrigin('region', REGION_VARIABLES), region, REALM_RULE);
        return { exchange: 'cxone-client', realm, client, ...readScope(reader), ...base };
    }
    throw (0,input_reader/* missingCredential */.ax)([CLIENT, ACCESS_KEY]);
}
function accept(reader, parsed, { region, rule }) {
    if (parsed === undefined) {
        const near = region === '' ? '' : `The nearest known area is ${nearestCxoneArea(region)}. `;
        throw (0,input_reader/* invalidInput */.aY)(reader.withOrigin('region', REGION_VARIABLES), region, `${near}${rule}`);
    }
    if (parsed.warning !== undefined)
        reader.warn(parsed.warning);
    return parsed.name;
}

;// CONCATENATED MODULE: ./lib/auth/cxone/provider.js




const CREDENTIALS = {
    'cxone-application': 'client credentials and an access key',
    'cxone-access-key': 'an access key',
    'cxone-client': 'client credentials (undocumented request)'
};
const cxone = {
    name: 'NICE CXone',
    aliases: ['cxone', 'nice-cxone'],
    credentialVariables: (0,input_reader/* variablesOf */.ht)([CLIENT, ACCESS_KEY]),
    ownerNoun: 'tenant',
    regionNoun: 'area',
    toolVariables: [
        { name: 'CXONE_ACCESS_TOKEN', value: ({ token }) => token.value },
        { name: 'CXONE_API_URL', value: ({ apiUrl }) => apiUrl }
    ],
    unknownExpiry: 'an hour after it was issued',
    noRevocationAdvice: 'The token expires after an hour. To end it sooner, deactivate the access key.',
    readInputs: readCxoneRequest,
    describe(request) {
        const { baseUrl } = request;
        return {
            credentials: CREDENTIALS[request.exchange],
            location: locationOf(request),
            credentialId: 'client' in request
                ? { label: 'Client', value: request.client.id }
                : { label: 'Access key', value: request.accessKey.id },
            baseUrls: baseUrl === undefined ? [] : [baseUrl]
        };
    },
    lifetimeAdvice() {
        return 'A NICE CXone token lives for one hour, and no setting extends it: request one in each job, close to its use.';
    },
    exchange: exchangeCxone,
    /** Sends no request: the login response names the tenant. */
    async identify({ ownerId }) {
        if (ownerId !== undefined)
            return { id: ownerId };
        throw new action_error/* ActionError */.l('bad-response', 'The token does not name a tenant, so its owner is unknown.', 'Remove verify and allowed-organization-ids (in rotate: set verify: false), or use a client with an access key: its ' +
            'tokens name their tenant.');
    }
};
function locationOf(request) {
    switch (request.exchange) {
        case 'cxone-application':
            return { label: 'Issuer', values: [request.issuer] };
        case 'cxone-access-key':
            return { label: 'Area', values: [request.area] };
        case 'cxone-client':
            return { label: 'Realm', values: [request.realm] };
    }
}

;// CONCATENATED MODULE: ./lib/auth/genesys/current-token.js




const HINTS = {
    credentialsRejected: 'The API rejected a token that was issued a moment ago. Check that base-url leads to one platform only.'
};
/** Longer names are ignored. */
const MAX_NAME_LENGTH = 1000;
/**
 * Returns the owner of a Genesys Cloud token: `GET /api/v2/tokens/me` (source: official SDKs). It needs no permission;
 * `preserveIdleTTL` keeps the request from counting as use of the token. Throws ActionError.
 */
async function identify(token, apiUrl, session) {
    const url = new URL(`${apiUrl}/api/v2/tokens/me?preserveIdleTTL=true`);
    const response = await session.send({
        method: 'GET',
        url,
        headers: { Authorization: bearerAuthorization(token) }
    });
    if (response.status !== 200)
        throw rejection(response, HINTS);
    const json = requireJson(response);
    const organization = asJsonObject(json['organization']);
    const id = organization?.['id'];
    if (!isId(id))
        throw badResponse(response, 'there is no organization in it');
    const name = organization?.['name'];
    const clientId = asJsonObject(json['OAuthClient'])?.['id'];
    return {
        id,
        ...(typeof name === 'string' && name.length <= MAX_NAME_LENGTH ? { name } : {}),
        ...(isId(clientId) ? { clientId } : {}),
        ...readIdleTime(json['dateTokenIdles'])
    };
}
/**
 * Revokes a Genesys Cloud token: `DELETE /api/v2/tokens/me` deletes the token that makes the request (source: official
 * SDKs). Throws ActionError unless the platform confirms that the token is gone.
 */
async function revoke(token, revocationBaseUrl, session) {
    const url = new URL(`${revocationBaseUrl}/api/v2/tokens/me`);
    const response = await session.send({
        method: 'DELETE',
        url,
        headers: { Authorization: bearerAuthorization(token) }
    });
    // A page of a gateway is not an answer of the platform.
    const isAnswer = response.body.trim() === '' || parseJsonObject(response.body) !== undefined;
    if (isAnswer && (response.status === 200 || response.status === 204))
        return 'revoked';
    if (isAnswer && response.status === 401)
        return 'already-invalid';
    throw rejection(response, HINTS);
}
/** Returns when an unused token becomes invalid; nothing if the organisation has no idle timeout. */
function readIdleTime(value) {
    const idlesAt = new Date(typeof value === 'string' && value.length <= 40 ? value : '');
    return Number.isNaN(idlesAt.getTime()) ? {} : { idlesAt };
}
function isId(value) {
    return typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
}

;// CONCATENATED MODULE: ./lib/auth/genesys/regions.js


/** Source: the official JavaScript SDK and the official Terraform provider. */
const GENESYS_REGIONS = [
    { code: 'us-east-1', domain: 'mypurecloud.com' },
    { code: 'us-east-2', domain: 'use2.us-gov-pure.cloud' },
    { code: 'us-west-2', domain: 'usw2.pure.cloud' },
    { code: 'ca-central-1', domain: 'cac1.pure.cloud' },
    { code: 'sa-east-1', domain: 'sae1.pure.cloud' },
    { code: 'mx-central-1', domain: 'mxc1.pure.cloud' },
    { code: 'eu-west-1', domain: 'mypurecloud.ie' },
    { code: 'eu-west-2', domain: 'euw2.pure.cloud' },
    { code: 'eu-central-1', domain: 'mypurecloud.de' },
    { code: 'eu-central-2', domain: 'euc2.pure.cloud' },
    { code: 'eusc-de-east-1', domain: 'edee1.eusc-pure.cloud' },
    { code: 'me-central-1', domain: 'mec1.pure.cloud' },
    { code: 'ap-south-1', domain: 'aps1.pure.cloud' },
    { code: 'ap-southeast-1', domain: 'apse1.pure.cloud' },
    { code: 'ap-southeast-2', domain: 'mypurecloud.com.au' },
    { code: 'ap-northeast-1', domain: 'mypurecloud.jp' },
    { code: 'ap-northeast-2', domain: 'apne2.pure.cloud' },
    { code: 'ap-northeast-3', domain: 'apne3.pure.cloud' }
];
/** New regions appear below these domains. An unknown subdomain is accepted with a warning. */
const PARENT_DOMAINS = ['pure.cloud', 'us-gov-pure.cloud', 'eusc-pure.cloud'];
/** Hosts that every region has; they are not names of regions. */
const SERVICE_NAMES = new Set(['login', 'api', 'apps', 'www']);
/**
 * Returns the region of a code, a domain or a URL, in any case; undefined for anything else. A region without a code
 * is not in the list.
 */
function parseGenesysRegion(text) {
    const given = text.toLowerCase();
    const byCode = GENESYS_REGIONS.find(({ code }) => code === given);
    if (byCode)
        return byCode;
    const host = parseHost(given);
    if (host === undefined)
        return undefined;
    return GENESYS_REGIONS.find(({ domain }) => isSubdomain(host, domain)) ?? unlistedRegion(host);
}
/** Returns the known region whose code or domain is spelled most like the text. */
function nearestGenesysRegion(text) {
    const given = text.toLowerCase().slice(0, 64);
    const spellings = GENESYS_REGIONS.flatMap(region => [
        { region, spelling: region.code },
        { region, spelling: region.domain }
    ]);
    return (0,lib_text/* findNearest */.qg)(given, spellings, ({ spelling }) => spelling).region;
}
function unlistedRegion(host) {
    const parent = PARENT_DOMAINS.find(domain => host.endsWith(`.${domain}`));
    if (parent === undefined)
        return undefined;
    const name = host
        .slice(0, -parent.length - 1)
        .split('.')
        .at(-1);
    return name === undefined || SERVICE_NAMES.has(name) ? undefined : { domain: `${name}.${parent}` };
}

;// CONCATENATED MODULE: ./lib/auth/genesys/exchange.js







/** Returns a Genesys Cloud token: two requests for a long-lived token, otherwise one. Throws ActionError. */
async function exchangeGenesys(request, session, events) {
    const { token, correlationId } = await requestToken(request, session, events);
    const { code, domain } = request.region;
    return {
        token,
        apiUrl: apiUrl(request),
        domain,
        ...(code === undefined ? {} : { region: code }),
        ...(correlationId === undefined ? {} : { correlationId })
    };
}
function requestToken(request, session, events) {
    switch (request.exchange) {
        case 'genesys-login':
            return loginAtLoginHost(request, session, events);
        case 'genesys-api':
            return loginAtApiHost(request, session, events);
        case 'genesys-long-lived':
            return generateLongLived(request, session, events);
    }
}
/** Documented. Source: the official JavaScript, Go and Python SDKs and the official CLI. */
async function loginAtLoginHost(request, session, events) {
    const { client, region, scope, loginBaseUrl } = request;
    const expected = exchange_expectedToken(request, { acceptedStatus: [200], credentials: spellingsOf(request) });
    const response = await session.send({
        method: 'POST',
        url: endpointUrl(`https://login.${region.domain}`, '/oauth/token', loginBaseUrl),
        headers: { Authorization: basicAuthorization(client, events), 'Content-Type': FORM_TYPE },
        body: formBody({ grant_type: 'client_credentials', scope }),
        isThrottled: isThrottled,
        onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
        hintIfHostUnknown: hintIfHostUnknown(region)
    });
    return exchange_acceptToken(response, expected, loginHints(request));
}
/** Undocumented. */
async function loginAtApiHost(request, session, events) {
    const { client, region, baseUrl } = request;
    const expected = exchange_expectedToken(request, { acceptedStatus: [200], credentials: spellingsOf(request) });
    const response = await session.send({
        method: 'POST',
        url: endpointUrl(apiOrigin(region), '/api/v2/oauth/token', baseUrl),
        headers: { 'Content-Type': JSON_TYPE },
        body: secretJsonBody({ grant_type: 'client_credentials', client_id: client.id }, [
            'client_secret',
            client.secret
        ]),
        isThrottled: isThrottled,
        onResponse: (received, sentAt) => reportTokens(received, sentAt, { expected, events }),
        hintIfHostUnknown: hintIfHostUnknown(region)
    });
    const notOffered = 'Genesys does not document this request, and your organisation may not support it. Remove token-endpoint: the ' +
        'default is the documented request at the login host.';
    return exchange_acceptToken(response, expected, { ...loginHints(request), notOffered });
}
/** Undocumented: requests a token that is valid for a year. */
async function generateLongLived(request, session, events) {
    const { initial, region, baseUrl, serviceAccountId } = request;
    const initialToken = (await requestToken(initial, session, events)).token.value;
    const expected = exchange_expectedToken(request, {
        acceptedStatus: [200, 201], // the response is undocumented; 201 is usual for something that is created
        credentials: [...spellingsOf(initial), initialToken]
    });
    let mayExistUnknown = false;
    const onAttempt = () => {
        mayExistUnknown = true;
    };
    const onResponse = (received, sentAt) => {
        if (REFUSED_STATUS.has(received.status))
            mayExistUnknown = false;
        const onToken = (token) => {
            mayExistUnknown = false;
            events.onToken(token);
        };
        reportTokens(received, sentAt, { expected, events: { ...events, onToken } });
    };
    try {
        const response = await session.send({
            method: 'POST',
            url: endpointUrl(apiOrigin(region), '/api/v2/oauth/token/generate', baseUrl),
            headers: { Authorization: bearerAuthorization(initialToken), 'Content-Type': JSON_TYPE },
            body: JSON.stringify({ grant_type: 'client_credentials', resource_owner: serviceAccountId }),
            // A repeated request could make a second token that is valid for a year and that no step knows.
            retry: 'if-not-applied',
            isOnNewConnection: true,
            isThrottled: isThrottled,
            onAttempt,
            onResponse,
            hintIfHostUnknown: hintIfHostUnknown(region)
        });
        return exchange_acceptToken(response, expected, GENERATE_HINTS);
    }
    catch (error) {
        if (error instanceof errors/* RequestError */.GI && !error.mayHaveBeenApplied)
            mayExistUnknown = false;
        throw mayExistUnknown ? tokenMayExist(error, serviceAccountId) : error;
    }
}
/** Returns the error for a generate request that may have made a token which the step did not receive. */
function tokenMayExist(error, serviceAccountId) {
    if (!(error instanceof action_error/* ActionError */.l))
        return error;
    return new action_error/* ActionError */.l(error.code, `${error.message} A long-lived token of the service account ${serviceAccountId} may exist that this step did not receive.`, `Ask a Genesys administrator to end it. ${error.hint}`, { cause: error });
}
/** Responses to generate after which it is certain that no token was made. */
const REFUSED_STATUS = new Set([400, 401, 403, 404, 405, 409, 422, 429]);
function exchange_expectedToken(request, expected) {
    const kind = request.exchange === 'genesys-long-lived' ? 'long-lived' : 'access';
    return { ...expected, kind, revocationBaseUrl: apiUrl(request) };
}
/** Returns the token in the response. Throws ActionError. */
function exchange_acceptToken(response, expected, hints) {
    if (!expected.acceptedStatus.includes(response.status))
        throw rejection(response, hints);
    return { token: readToken(response, expected), correlationId: (0,errors/* correlationIdOf */.Ds)(response) };
}
function apiOrigin({ domain }) {
    return `https://api.${domain}`;
}
function apiUrl({ region, baseUrl }) {
    return apiBaseUrl(apiOrigin(region), baseUrl);
}
function hintIfHostUnknown({ code, domain }) {
    if (code !== undefined)
        return `${domain} is the domain of ${code}: the DNS of the runner does not resolve it.`;
    const near = nearestGenesysRegion(domain);
    return `There seems to be no Genesys Cloud region at ${domain}. The nearest known region is ${near.code} (${near.domain}).`;
}
function loginHints({ region: { code, domain }, client }) {
    const region = `Check that the client belongs to ${code ?? domain}: Genesys gives the same error if it belongs to another region.`;
    const id = 'Check client-id.';
    const secret = 'Check that client-secret is complete and belongs to this client.';
    const grant = 'The grant type of the client must be Client Credentials.';
    const isSwapped = client.secret.inspect(isUuid) && !isUuid(client.id);
    return {
        credentialsRejected(words) {
            if (isSwapped)
                return 'client-secret looks like a client id: client-id and client-secret may be swapped.';
            if (/client not found/i.test(words))
                return `${region} ${id}`;
            if (/authentication failed/i.test(words))
                return `${secret} ${region} ${grant}`;
            return `${region} ${id} ${secret} ${grant}`;
        }
    };
}
/** Client ids of Genesys Cloud are UUIDs; secrets are not. */
function isUuid(text) {
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
const GENERATE_HINTS = {
    credentialsRejected: 'Genesys rejected the initial token, or service-account-id names a wrong or inactive service account. Check the ' +
        'id, and that the account is active in the same organisation as the client.',
    forbidden: 'The client lacks the permission admin:api_token. Add it to a role of the OAuth client (Admin, Integrations, ' +
        'OAuth, Roles of the client), in the division of the service account.',
    notOffered: 'Genesys does not document this request, and your organisation may not support it. Use token-kind: access: an access ' +
        'token lives up to 48 hours (SCIM clients: 450 days), as set on its OAuth client.'
};

;// CONCATENATED MODULE: ./lib/auth/genesys/request.js






const request_REGION_VARIABLES = ['GENESYS_CLOUD_REGION', 'GENESYSCLOUD_REGION'];
const SERVICE_ACCOUNT_VARIABLE = 'GENESYS_CLOUD_SERVICE_ACCOUNT_ID';
const request_CLIENT = {
    id: 'client-id',
    secret: 'client-secret',
    variables: [
        { id: 'GENESYS_CLOUD_CLIENT_ID', secret: 'GENESYS_CLOUD_CLIENT_SECRET' },
        { id: 'GENESYSCLOUD_OAUTHCLIENT_ID', secret: 'GENESYSCLOUD_OAUTHCLIENT_SECRET' }
    ]
};
/** Returns the request that the inputs describe. Throws `invalid-input` or `missing-credential`. */
function readGenesysRequest(reader) {
    const client = reader.credential(request_CLIENT);
    const kind = reader.choice('token-kind', ['access', 'long-lived']);
    const endpoint = reader.choice('token-endpoint', ['login', 'api']);
    reader.refuse(['access-key-id', 'access-key-secret'], 'Genesys Cloud has no access keys');
    if (kind === 'access')
        reader.refuse(['service-account-id'], 'only a long-lived token has a service account');
    if (endpoint === 'api') {
        reader.refuse(['scope'], 'the request at the API host has no scope');
        reader.refuse(['login-base-url'], 'token-endpoint: api sends nothing to the login host');
    }
    if (client === undefined)
        throw (0,input_reader/* missingCredential */.ax)([request_CLIENT]);
    const common = { region: readRegion(reader), baseUrl: readBaseUrl(reader) };
    if (common.baseUrl === undefined)
        reader.refuse(['login-base-url'], 'base-url is not');
    const loginBaseUrl = readBaseUrl(reader, 'login-base-url') ?? common.baseUrl;
    const access = endpoint === 'api'
        ? { exchange: 'genesys-api', client, ...common }
        : { exchange: 'genesys-login', client, loginBaseUrl, ...readScope(reader), ...common };
    if (kind === 'access')
        return access;
    return {
        exchange: 'genesys-long-lived',
        initial: access,
        serviceAccountId: readServiceAccountId(reader),
        ...common
    };
}
function readRegion(reader) {
    const text = reader.textOrVariable('region', request_REGION_VARIABLES);
    const allowed = 'Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region.';
    if (text === '') {
        throw new action_error/* ActionError */.l('invalid-input', `Input region is empty, and ${(0,lib_text/* joinWords */.yZ)(request_REGION_VARIABLES, 'and')} are not set.`, allowed);
    }
    const region = parseGenesysRegion(text);
    if (region === undefined) {
        const { code, domain } = nearestGenesysRegion(text);
        const hint = `The nearest known region is ${code} (${domain}). ${allowed} If the region is newer than this list, use its domain.`;
        throw (0,input_reader/* invalidInput */.aY)(reader.withOrigin('region', request_REGION_VARIABLES), text, hint);
    }
    if (region.code === undefined)
        reader.warn(`The Genesys Cloud region ${region.domain} is not in the list; its region code is unknown.`);
    return region;
}
function readServiceAccountId(reader) {
    const id = reader.textOrVariable('service-account-id', [SERVICE_ACCOUNT_VARIABLE]);
    if (/^[\x21-\x7e]{1,256}$/.test(id))
        return id;
    const allowed = `A long-lived token requires the id of its service account, here or in ${SERVICE_ACCOUNT_VARIABLE}.`;
    throw (0,input_reader/* invalidInput */.aY)('service-account-id', id, allowed);
}

;// CONCATENATED MODULE: ./lib/auth/genesys/provider.js




const provider_CREDENTIALS = {
    'genesys-login': 'client credentials at the login host',
    'genesys-api': 'client credentials at the API host (undocumented request)',
    'genesys-long-lived': 'client credentials for a long-lived token (undocumented request)'
};
const genesys = {
    name: 'Genesys Cloud',
    aliases: ['genesys', 'genesys-cloud'],
    credentialVariables: (0,input_reader/* variablesOf */.ht)([request_CLIENT]),
    ownerNoun: 'organisation',
    regionNoun: 'region',
    // Read by CX as Code, the `gc` CLI (the first two) and the CI blueprint of Genesys.
    toolVariables: [
        { name: 'GENESYSCLOUD_ACCESS_TOKEN', value: ({ token }) => token.value },
        { name: 'GENESYSCLOUD_REGION', value: ({ region }) => region },
        { name: 'GENESYSCLOUD_API_REGION', value: ({ apiUrl }) => apiUrl }
    ],
    unknownExpiry: 'as set on its OAuth client, after 48 hours at most (SCIM clients: 450 days; long-lived tokens: a year)',
    readInputs: readGenesysRequest,
    describe(request) {
        const { exchange, baseUrl } = request;
        const { code, domain } = request.region;
        const login = request.exchange === 'genesys-long-lived' ? request.initial : request;
        const loginBaseUrl = login.exchange === 'genesys-login' ? login.loginBaseUrl : undefined;
        return {
            credentials: provider_CREDENTIALS[exchange],
            location: { label: 'Region', values: code === undefined ? [domain] : [code, domain] },
            credentialId: { label: 'OAuth client', value: login.client.id },
            baseUrls: [...new Set([baseUrl, loginBaseUrl])].filter(url => url !== undefined)
        };
    },
    lifetimeAdvice({ exchange }) {
        if (exchange === 'genesys-long-lived')
            return 'The lifetime of long-lived tokens is not documented. Remove min-lifetime, or use token-kind: access.';
        return 'The lifetime is set on the OAuth client, from 5 minutes to 48 hours: Admin, Integrations, OAuth, Token Duration.';
    },
    exchange: exchangeGenesys,
    // `exchangeGenesys` always returns an API address.
    identify: ({ token, apiUrl }, session) => identify(token.value, apiUrl, session),
    revoke: revoke
};

;// CONCATENATED MODULE: ./lib/auth/providers.js


/** Every platform. A new one is a folder beside `genesys` and `cxone`, and a name in this list. */
const PROVIDERS = [genesys, cxone];


/***/ }),

/***/ 729:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Ds: () => (/* binding */ correlationIdOf),
/* harmony export */   GI: () => (/* binding */ RequestError),
/* harmony export */   U3: () => (/* binding */ responseError),
/* harmony export */   Xh: () => (/* binding */ toAttemptError),
/* harmony export */   cN: () => (/* binding */ responseWithStatus),
/* harmony export */   cb: () => (/* binding */ AttemptError),
/* harmony export */   h1: () => (/* binding */ statusToCode),
/* harmony export */   iP: () => (/* binding */ responseTrail),
/* harmony export */   qz: () => (/* binding */ SWITCHED_PROTOCOLS),
/* harmony export */   z5: () => (/* binding */ redirectError)
/* harmony export */ });
/* harmony import */ var _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(18);
/* harmony import */ var _lib_text_js__WEBPACK_IMPORTED_MODULE_3__ = __nccwpck_require__(924);
/* harmony import */ var _proxy_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(768);
/* harmony import */ var _types_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(869);




/** An attempt without a complete response. The message contains nothing that the server sent. */
class AttemptError extends Error {
    name = 'AttemptError';
    kind;
    /** The error code of the system, such as `ECONNREFUSED`; may be empty. */
    systemCode;
    /** False only if it is certain that the server did not carry out the request. */
    mayHaveBeenApplied;
    constructor(kind, message, details = {}) {
        super(message);
        this.kind = kind;
        this.systemCode = details.systemCode ?? '';
        this.mayHaveBeenApplied = details.mayHaveBeenApplied ?? true;
    }
    /** The error in a few words, for the log. */
    get summary() {
        return this.systemCode === '' ? this.message : `${this.message} (${this.systemCode})`;
    }
}
/**
 * The only errors after which it is certain that no request was sent. Everything else, timeouts included, leaves the
 * outcome unknown.
 */
const NAME_RESOLUTION = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL']);
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
const CERTIFICATE_WORDS = {
    DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
    SELF_SIGNED_CERT_IN_CHAIN: 'its certificate was issued by an authority that the runner does not trust',
    UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by an authority that the runner does not trust',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by an authority that the runner does not trust',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by an authority that the runner does not trust',
    CERT_HAS_EXPIRED: 'its certificate has expired',
    CERT_NOT_YET_VALID: 'its certificate is not valid yet',
    CERT_REVOKED: 'its certificate is revoked',
    CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
    CERT_UNTRUSTED: 'its certificate is not trusted',
    CERT_REJECTED: 'its certificate is rejected',
    CERT_CHAIN_TOO_LONG: 'its certificate chain is too long',
    INVALID_CA: 'its certificate was issued by an authority that may not issue certificates',
    INVALID_PURPOSE: 'its certificate is not for servers',
    PATH_LENGTH_EXCEEDED: 'its certificate chain is too long',
    HOSTNAME_MISMATCH: 'its certificate is for another name',
    ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name'
};
const NETWORK_WORDS = {
    ENOTFOUND: 'DNS does not know the host',
    EAI_AGAIN: 'DNS did not answer',
    EAI_FAIL: 'DNS failed',
    ECONNREFUSED: 'the connection was refused',
    ECONNRESET: 'the connection was reset',
    EPIPE: 'the connection was closed',
    ETIMEDOUT: 'no connection was made in time',
    EHOSTUNREACH: 'the host is unreachable',
    ENETUNREACH: 'the network is unreachable'
};
/** The code of the error for a 101 response. */
const SWITCHED_PROTOCOLS = 'SWITCHED_PROTOCOLS';
/** Returns what Node or the HTTP client threw as an AttemptError. */
function toAttemptError(error) {
    if (error instanceof AttemptError)
        return error;
    const causes = systemErrors(error);
    const { code, message } = causes[0] ?? { code: '', message: '' };
    const tunnel = /tunneling socket could not be established, (?:statusCode=(\d{3})|cause=(.*))/s.exec(message);
    if (tunnel)
        return tunnelError(tunnel[1], tunnel[2] ?? '');
    const mayHaveBeenApplied = !causes.every(isNeverSent);
    const details = { systemCode: code, mayHaveBeenApplied };
    const certificateProblem = CERTIFICATE_WORDS[code];
    if (certificateProblem !== undefined)
        return new AttemptError('tls', certificateProblem, details);
    if (isTlsCode(code))
        return new AttemptError('tls', 'the TLS connection failed', details);
    if (code === SWITCHED_PROTOCOLS)
        return new AttemptError('not-http', 'the server switched protocols (HTTP 101)');
    if (code === 'HPE_HEADER_OVERFLOW')
        return new AttemptError('too-large', 'its headers are larger than 16 KiB');
    if (code.startsWith('HPE_'))
        return new AttemptError('not-http', 'the response is not HTTP', { systemCode: code });
    return new AttemptError('network', NETWORK_WORDS[code] ?? 'the connection failed', details);
}
/** The HTTP client reports what went wrong between runner and proxy only in the text of its error. */
function tunnelError(status, cause) {
    if (status !== undefined) {
        const kind = status.startsWith('4') ? 'proxy-refused' : 'network';
        return new AttemptError(kind, `the proxy answered ${status} to CONNECT`, { mayHaveBeenApplied: false });
    }
    // Without an answer to CONNECT there is no tunnel, so nothing can have reached the host.
    if (/certificate|altnames|SSL routines/i.test(cause))
        return new AttemptError('tls', 'the runner does not trust the certificate of the proxy', {
            mayHaveBeenApplied: false
        });
    const systemCode = /\bE[A-Z_]{3,}/.exec(cause)?.[0] ?? '';
    return new AttemptError('network', 'the proxy was not reached', { systemCode, mayHaveBeenApplied: false });
}
function isNeverSent({ code, syscall }) {
    if (syscall === 'read' || syscall === 'write')
        return false; // a connection existed
    return NAME_RESOLUTION.has(code) || NOT_CONNECTED.has(code) || code in CERTIFICATE_WORDS;
}
function isTlsCode(code) {
    return /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|ERROR_IN_C|UNSPECIFIED$|EPROTO$)/.test(code);
}
/** Returns the errors behind one that was thrown: Node tries every address of a host and throws them together. */
function systemErrors(error) {
    const { errors } = (error ?? {});
    const all = Array.isArray(errors) && errors.length > 0 ? errors : [error];
    return all.map(one => {
        const { code, syscall, message } = (one ?? {});
        return { code: String(code ?? ''), syscall: String(syscall ?? ''), message: String(message ?? '') };
    });
}
const CODES = {
    timeout: 'timeout',
    network: 'network',
    'proxy-refused': 'network',
    tls: 'tls',
    'cut-short': 'bad-response',
    'too-large': 'bad-response',
    'not-http': 'bad-response'
};
const HINTS = {
    timeout: 'Check that the runner can reach this host. A firewall that drops packets causes the same error.',
    network: 'Check the region, the DNS of the runner, and its access to this host: a firewall may block it, or a proxy may be required.',
    'proxy-refused': 'The proxy in HTTPS_PROXY or HTTP_PROXY refuses this host. 401 or 407: its user or password in that variable is ' +
        'wrong or missing. 403: its rules do not allow the host. NO_PROXY bypasses the proxy.',
    tls: 'If a proxy or gateway uses its own certificate authority, name its CA file in NODE_EXTRA_CA_CERTS on the runner. ' +
        'Certificate checks cannot be turned off.',
    'cut-short': 'A proxy, a gateway or the network ended the response early.',
    'too-large': 'This is not a response of the platform. Check base-url, and what is between the runner and the platform.',
    'not-http': 'The server does not speak HTTP. Check base-url and the proxy.'
};
/** Longer responses are not quoted: redacting them could take long, and no platform explains an error at such length. */
const MAX_QUOTABLE_LENGTH = 8 * 1024;
/** A request without a complete response. */
class RequestError extends _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l {
    /** False only if it is certain that no attempt was carried out. */
    mayHaveBeenApplied;
    constructor(request, error, { attempts, mayHaveBeenApplied, whyNoRetry = '' }) {
        super(CODES[error.kind], `${(0,_types_js__WEBPACK_IMPORTED_MODULE_2__/* .describeRequest */ .N)(request)} failed: ${error.summary}${throughProxy(request.url)}, ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .pluralize */ .td)(attempts, 'attempt')}${whyNoRetry}.`, hintFor(request, error), { cause: error });
        this.mayHaveBeenApplied = mayHaveBeenApplied;
    }
}
/** Returns the error for a redirect. Credentials go only to the host that was chosen. */
function redirectError(response) {
    const { request, status, headers, attempts } = response;
    const location = headers['location'] ?? '';
    const isUrl = location !== '' && URL.canParse(location, request.url.href);
    const host = isUrl ? new URL(location, request.url).host : '';
    return new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('redirected', `${(0,_types_js__WEBPACK_IMPORTED_MODULE_2__/* .describeRequest */ .N)(request)} answered ${status}, a redirect to ${host || 'an unknown host'}${throughProxy(request.url)}, ` +
        `${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .pluralize */ .td)(attempts, 'attempt')}.`, request.hintIfRedirected ??
        'Redirects are never followed because the request carries credentials. The login page of a proxy or gateway often ' +
            'causes this: let the runner reach the host directly, or correct base-url.');
}
/** Returns the error for a response with an unexpected status. `words`: what the server says, not redacted. */
function responseError(response, { code, words, hint }) {
    const isQuotable = words !== '' && response.body.length <= MAX_QUOTABLE_LENGTH;
    const quoted = isQuotable ? ` ${words}` : '';
    return new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l(code, `${responseWithStatus(response)}${quoted}${responseTrail(response)}.`, hint);
}
/** Returns the error code for a status that is not a success; `special` says what some statuses mean here. */
function statusToCode({ status, isThrottled }, special) {
    if (isThrottled)
        return 'rate-limited';
    if (status < 400)
        return 'bad-response';
    if (status >= 500)
        return 'unavailable';
    return special[status] ?? 'bad-request';
}
/** Returns `POST https://… answered 400`. */
function responseWithStatus({ request, status }) {
    return `${(0,_types_js__WEBPACK_IMPORTED_MODULE_2__/* .describeRequest */ .N)(request)} answered ${status}`;
}
/** Returns the platform's id of a request, for its support; undefined if there is none in a usable form. */
function correlationIdOf({ headers }) {
    return usableId(headers['inin-correlation-id']);
}
function usableId(id = '') {
    return /^(?!.*::)[\w.*:-]{1,64}$/.test(id) ? id : undefined;
}
/** Returns the end of an error message: the server's id of the request, and the attempts. */
function responseTrail({ headers, attempts, whyNoRetry }) {
    const ids = [
        ['correlation id', headers['inin-correlation-id']],
        ['request id', headers['x-github-request-id']]
    ].filter(([, id]) => usableId(id) !== undefined);
    return [
        ...ids.map(([label, id]) => `, ${label} ${id}`),
        `, ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .pluralize */ .td)(attempts, 'attempt')}${whyNoRetry}`
    ].join('');
}
function hintFor(request, error) {
    // Behind a proxy, the name that was looked up is the proxy's.
    const isHostUnknown = error.systemCode === 'ENOTFOUND' && (0,_proxy_js__WEBPACK_IMPORTED_MODULE_1__/* .proxyHost */ .x0)(request.url) === undefined;
    const about = isHostUnknown ? (request.hintIfHostUnknown ?? '') : '';
    return `${about} ${HINTS[error.kind]}`.trim();
}
function throughProxy(url) {
    const proxy = (0,_proxy_js__WEBPACK_IMPORTED_MODULE_1__/* .proxyHost */ .x0)(url);
    return proxy === undefined ? '' : `, through the proxy ${proxy}`;
}


/***/ }),

/***/ 768:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   ER: () => (/* binding */ requireReadableProxy),
/* harmony export */   Wm: () => (/* binding */ proxySecrets),
/* harmony export */   x0: () => (/* binding */ proxyHost)
/* harmony export */ });
/* harmony import */ var _actions_http_client_lib_proxy__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(783);
/* harmony import */ var _lib_action_error_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(18);
/* harmony import */ var _lib_secret_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(395);
/* harmony import */ var _types_js__WEBPACK_IMPORTED_MODULE_3__ = __nccwpck_require__(869);




/** Returns host and port of the proxy for this URL, without its credentials; undefined if there is none. */
function proxyHost(url) {
    return (0,_actions_http_client_lib_proxy__WEBPACK_IMPORTED_MODULE_0__/* .getProxyUrl */ .s)(url)?.host || undefined;
}
/**
 * Throws `network` if a proxy is set but its variable cannot be read. The HTTP client would silently bypass the proxy.
 * Reads `process.env`, as the client does.
 */
function requireReadableProxy(request) {
    const { url } = request;
    const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
    const name = names.find(variable => process.env[variable]);
    if (name === undefined || (0,_actions_http_client_lib_proxy__WEBPACK_IMPORTED_MODULE_0__/* .checkBypass */ .H)(url))
        return;
    let proxy;
    try {
        proxy = (0,_actions_http_client_lib_proxy__WEBPACK_IMPORTED_MODULE_0__/* .getProxyUrl */ .s)(url);
    }
    catch {
        // Not a URL: reported below.
    }
    if (proxy?.hostname.startsWith('[')) {
        throw new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_1__/* .ActionError */ .l('network', `${(0,_types_js__WEBPACK_IMPORTED_MODULE_3__/* .describeRequest */ .N)(request)} was not sent: the proxy in ${name} is an IPv6 address, which is not supported.`, 'Use the name of the proxy, or its IPv4 address.');
    }
    if (proxy?.host && /^https?:$/.test(proxy.protocol))
        return;
    throw new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_1__/* .ActionError */ .l('network', `${(0,_types_js__WEBPACK_IMPORTED_MODULE_3__/* .describeRequest */ .N)(request)} was not sent: the value of ${name} is not an http or https URL.`, 'Write it as http://host:port or http://user:password@host:port, with special characters percent-encoded (% is %25, # is %23).');
}
const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
/** Returns the passwords of the proxies in the environment, as they are written, decoded, and in a Basic header. */
function proxySecrets(env) {
    const secrets = PROXY_VARIABLES.flatMap(name => {
        const [, user = '', password = ''] = /^(?:[a-z]+:\/\/)?([^:@/]*):(.+)@/i.exec(env[name] ?? '') ?? [];
        if (password === '')
            return [];
        const [plainUser, plainPassword] = [decode(user), decode(password)];
        return [password, plainPassword, Buffer.from(`${plainUser}:${plainPassword}`).toString('base64')];
    });
    return [...new Set(secrets)].filter(text => text.length >= _lib_secret_js__WEBPACK_IMPORTED_MODULE_2__/* .MIN_SECRET_LENGTH */ .vb).map(text => new _lib_secret_js__WEBPACK_IMPORTED_MODULE_2__/* .Secret */ .zh(text));
}
function decode(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        return text;
    }
}


/***/ }),

/***/ 43:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  N: () => (/* binding */ HttpSession)
});

// EXTERNAL MODULE: ./lib/lib/action-error.js
var action_error = __nccwpck_require__(18);
// EXTERNAL MODULE: ./lib/lib/text.js
var lib_text = __nccwpck_require__(924);
;// CONCATENATED MODULE: external "node:diagnostics_channel"
const external_node_diagnostics_channel_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:diagnostics_channel");
;// CONCATENATED MODULE: external "node:net"
const external_node_net_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:net");
// EXTERNAL MODULE: ./node_modules/@actions/http-client/lib/index.js + 1 modules
var lib = __nccwpck_require__(543);
// EXTERNAL MODULE: ./lib/lib/secret.js
var secret = __nccwpck_require__(395);
;// CONCATENATED MODULE: ./lib/lib/version.js
/** The version in package.json; a test compares them. */
const VERSION = '1.0.0';

// EXTERNAL MODULE: ./lib/http/errors.js
var errors = __nccwpck_require__(729);
;// CONCATENATED MODULE: ./lib/http/client.js






/** No response of a platform is larger. */
const MAX_BODY_BYTES = 1024 * 1024;
const USER_AGENT = `cc-token-action/${VERSION}`;
/** Time for one address of a host before the next one is tried. Node's default of 250 ms is too short for distant hosts. */
const ADDRESS_TIMEOUT_MS = 3000;
/** Sends single attempts with the official HTTP client, one client per origin, so that connections are reused. */
class Connections {
    #clients = new Map();
    constructor() {
        // `0` would turn off certificate checks for the whole process. Node reads the variable at every connection, and the
        // client's proxy tunnel has no option that overrides it.
        delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        // A process cannot end while a name is looked up, and glibc waits ten seconds for a silent name server. glibc reads
        // this variable before the first lookup.
        process.env['RES_OPTIONS'] ??= 'timeout:4 attempts:1';
        (0,external_node_net_namespaceObject.setDefaultAutoSelectFamilyAttemptTimeout)(ADDRESS_TIMEOUT_MS);
        (0,external_node_diagnostics_channel_namespaceObject.subscribe)(REQUEST_CHANNEL, rejectUpgrade);
    }
    /** Sends the request once. Returns any complete response; throws AttemptError if there is none within `timeoutMs`. */
    async attempt(request, timeoutMs) {
        const { client, aborter } = request.isOnNewConnection ? newClient() : this.#clientFor(request.url.origin);
        const abort = new AbortController();
        aborter.signal = abort.signal;
        let timer;
        // A timer of our own: if a proxy never answers CONNECT, neither the signal nor the client's timeout ends the promise.
        const timedOut = new Promise((_, reject) => {
            const error = new errors/* AttemptError */.cb('timeout', `no complete response within ${timeoutMs} ms`);
            timer = setTimeout(() => reject(error), timeoutMs);
        });
        const response = send(client, request);
        response.catch(() => { }); // after a timeout, its later failure does not matter
        try {
            return await Promise.race([response, timedOut]);
        }
        catch (error) {
            abort.abort();
            throw (0,errors/* toAttemptError */.Xh)(error);
        }
        finally {
            clearTimeout(timer);
            if (request.isOnNewConnection)
                client.dispose();
        }
    }
    /** Closes all idle connections. */
    close() {
        for (const { client } of this.#clients.values())
            client.dispose();
        this.#clients.clear();
    }
    #clientFor(origin) {
        const existing = this.#clients.get(origin);
        if (existing !== undefined)
            return existing;
        const created = newClient();
        this.#clients.set(origin, created);
        return created;
    }
}
function newClient() {
    const aborter = new Aborter();
    const client = new lib/* HttpClient */.Qq(USER_AGENT, [aborter], { keepAlive: true, allowRedirects: false });
    client.userAgent = USER_AGENT; // without the id of the workflow run that the constructor appends
    return { client, aborter };
}
/** Node publishes every request here before it is sent. */
const REQUEST_CHANNEL = 'http.client.request.start';
/** Without a listener, Node closes the connection of a 101 response and leaves the request pending. */
function rejectUpgrade(message) {
    const { request } = message;
    if (request.listenerCount('upgrade') > 0)
        return; // another session is open
    request.once('upgrade', (_response, socket) => {
        socket.destroy();
        request.emit('error', Object.assign(new Error('HTTP 101'), { code: errors/* SWITCHED_PROTOCOLS */.qz }));
    });
}
/** Passes an abort signal to Node's `http`, and IPv6 literals without brackets: the client does neither. */
class Aborter {
    signal;
    prepareRequest(options) {
        options.signal = this.signal;
        options.host = options.host?.replace(/^\[(.*)\]$/, '$1') ?? null;
    }
    canHandleAuthentication() {
        return false;
    }
    handleAuthentication() {
        return Promise.reject(new Error('authentication is not supported'));
    }
}
async function send(client, request) {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, reveal(value)]));
    const body = request.body === undefined ? null : reveal(request.body);
    const { message } = await client.request(request.method, request.url.href, body, headers);
    return {
        status: message.statusCode ?? 0,
        headers: firstValues(message),
        body: (await readBody(message)).toString('utf8'),
        isReusedConnection: message.req?.reusedSocket === true
    };
}
function reveal(value) {
    return value instanceof secret/* Secret */.zh ? value.reveal() : value;
}
function firstValues(message) {
    return Object.fromEntries(Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.[0]]));
}
/** Returns the complete body. The client's own `readBody` never settles if the body is cut short. */
function readBody(message) {
    return new Promise((resolve, reject) => {
        const chunks = [];
        let size = 0;
        const cutShort = () => reject(new errors/* AttemptError */.cb('cut-short', 'the body was cut short'));
        message.on('data', (chunk) => {
            size += chunk.length;
            if (size > MAX_BODY_BYTES) {
                reject(new errors/* AttemptError */.cb('too-large', `the body is larger than ${MAX_BODY_BYTES} bytes`));
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

// EXTERNAL MODULE: ./lib/http/proxy.js
var proxy = __nccwpck_require__(768);
;// CONCATENATED MODULE: ./lib/http/retry.js
const TRANSIENT_STATUS = new Set([408, 425, 500, 502, 503, 504]);
const TRANSIENT_ERROR = new Set(['timeout', 'network', 'cut-short']);
const SECOND_MS = 1000;
const LONGEST_FAULT_WAIT_MS = 20 * SECOND_MS;
const LONGEST_THROTTLE_WAIT_MS = 60 * SECOND_MS;
/** A longer wait is beyond every deadline. */
const LONGEST_RETRY_AFTER_SECONDS = 366 * 86_400;
/** With less time left, no attempt is started. */
const SHORTEST_ATTEMPT_MS = SECOND_MS;
/** The last attempt of a throttled request starts at most this long before the deadline. */
const LAST_ATTEMPT_WINDOW_MS = 5 * SECOND_MS;
/** Returns the log line about the wait before the next attempt. */
function describeWait(result, wait) {
    const { host, error, attempts, failed, maxAttempts, waitMs } = wait;
    const next = `retrying in ${(waitMs / 1000).toFixed(1)} s.`;
    const status = result.kind === 'response' ? `HTTP ${result.status}` : error;
    if (result.kind === 'response' && result.isThrottled)
        return `${host}: rate limited (${status}), attempt ${attempts}; ${next}`;
    const failure = failed === attempts ? '' : `, failure ${failed}`;
    return `${host}: ${status}, attempt ${attempts}${failure} of ${maxAttempts}; ${next}`;
}
/** Decides what follows an attempt. Errors are limited by `maxAttempts` and time, throttling only by time. */
function decide(result, context) {
    const { counts, maxAttempts, timeLeftMs, random } = context;
    if (!isTransient(result, context.policy))
        return { retry: false, reason: 'final' };
    const isThrottled = result.kind === 'response' && result.isThrottled;
    if (!isThrottled && counts.failed >= maxAttempts)
        return { retry: false, reason: 'attempts' };
    const availableMs = timeLeftMs - SHORTEST_ATTEMPT_MS;
    const retryAfter = result.kind === 'response' ? (result.retryAfterMs ?? 0) : 0;
    if (retryAfter > 0) {
        if (retryAfter > availableMs)
            return { retry: false, reason: 'retry-after' };
        const jitterMs = random() * retryAfterJitterMs(retryAfter, counts.throttled);
        return { retry: true, waitMs: Math.min(retryAfter + jitterMs, availableMs) };
    }
    if (availableMs <= 0)
        return { retry: false, reason: 'time' };
    const waitMs = isThrottled ? throttleWaitMs(counts.throttled, random) : faultWaitMs(counts.failed, random);
    if (waitMs <= availableMs)
        return { retry: true, waitMs };
    if (!isThrottled)
        return { retry: true, waitMs: availableMs * (0.5 + random() / 2) };
    // One last attempt shortly before the deadline, with jitter so that many jobs do not send it at the same moment.
    if (availableMs <= LAST_ATTEMPT_WINDOW_MS)
        return { retry: false, reason: 'time' };
    const earlierMs = random() * Math.min(LAST_ATTEMPT_WINDOW_MS, availableMs - LAST_ATTEMPT_WINDOW_MS);
    return { retry: true, waitMs: availableMs - earlierMs };
}
function isTransient(result, policy) {
    if (policy === 'never')
        return false;
    if (result.kind === 'error')
        return TRANSIENT_ERROR.has(result.error) && (policy === 'always' || !result.mayHaveBeenApplied);
    return result.isThrottled || (policy === 'always' && TRANSIENT_STATUS.has(result.status));
}
/**
 * The platform counts by the minute. The first wait of 5 to 15 s is enough after a short burst; each later wait of 30 to
 * 60 s reaches the next minute.
 */
function throttleWaitMs(throttled, random) {
    if (throttled <= 1)
        return (5 + 10 * random()) * SECOND_MS;
    return LONGEST_THROTTLE_WAIT_MS * (0.5 + random() / 2);
}
/**
 * Jitter, so that many jobs do not come back at the same moment. It grows if a short time was asked for repeatedly: it
 * was too short for that many jobs.
 */
function retryAfterJitterMs(retryAfter, throttled) {
    const jitterMs = Math.max(SECOND_MS, retryAfter / 10);
    if (retryAfter >= 10 * SECOND_MS || throttled <= 1)
        return jitterMs;
    return Math.max(jitterMs, Math.min(30 * SECOND_MS, 5 * SECOND_MS * 2 ** (throttled - 2)));
}
/** Exponential, with full jitter. */
function faultWaitMs(failed, random) {
    return random() * Math.min(LONGEST_FAULT_WAIT_MS, SECOND_MS * 2 ** (failed - 1));
}
/**
 * Returns the milliseconds that a `Retry-After` header asks to wait, given in seconds or as a date; undefined if it is
 * missing, malformed or in the past.
 */
function retryAfterMs(header, nowMs) {
    const text = header?.trim() ?? '';
    // Accept any number of digits; the caller compares it with the deadline.
    if (/^\d+$/.test(text))
        return Math.min(Number(text), LONGEST_RETRY_AFTER_SECONDS) * SECOND_MS || undefined;
    // A date in one of HTTP's three forms; the asctime form does not say that it is GMT.
    const [date] = /^[A-Z][a-z]{2,8}, .* GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/.exec(text) ?? [''];
    const waitMs = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`) - nowMs;
    return waitMs > 0 ? waitMs : undefined;
}

// EXTERNAL MODULE: ./lib/http/types.js
var types = __nccwpck_require__(869);
;// CONCATENATED MODULE: ./lib/http/session.js







/** Sends requests, with retries, within one deadline. */
class HttpSession {
    #connections = new Connections();
    #limits;
    #clock;
    #log;
    #deadlineMs;
    #requestCount = 0;
    #attemptCount = 0;
    /** `limits.timeoutMs` starts now. */
    constructor({ limits, clock, log }) {
        this.#limits = limits;
        this.#clock = clock;
        this.#log = log;
        this.#deadlineMs = clock.now() + limits.timeoutMs;
    }
    /** Requests so far; a retried request counts once. */
    get requestCount() {
        return this.#requestCount;
    }
    /** Attempts so far, retries included. */
    get attemptCount() {
        return this.#attemptCount;
    }
    /**
     * Sends the request, with retries where they can help. Returns the last response, whatever its status but a redirect.
     * Throws `timeout`, `network`, `tls`, `redirected` or `bad-response`.
     */
    async send(request) {
        (0,proxy/* requireReadableProxy */.ER)(request);
        this.#requireCleanUrl(request);
        this.#requireTime(request);
        this.#requestCount += 1;
        const counts = { throttled: 0, failed: 0 };
        let mayHaveBeenApplied = false;
        for (let attempts = 1;; attempts++) {
            request.onAttempt?.('started');
            const sentAt = new Date(this.#clock.now());
            const { response, error, result } = await this.#attempt(request, sentAt);
            const isThrottled = result.kind === 'response' && result.isThrottled;
            const earlierMayHaveBeenApplied = mayHaveBeenApplied;
            mayHaveBeenApplied ||= !isThrottled && (error?.mayHaveBeenApplied ?? true);
            counts[isThrottled ? 'throttled' : 'failed'] += 1;
            const decision = decide(result, {
                policy: request.retry ?? 'always',
                counts,
                maxAttempts: this.#limits.maxAttempts,
                timeLeftMs: this.#timeLeftMs(),
                random: this.#clock.random
            });
            if (decision.retry) {
                this.#log.info(describeWait(result, {
                    host: request.url.host,
                    error: error?.summary ?? '',
                    attempts,
                    failed: counts.failed,
                    maxAttempts: this.#limits.maxAttempts,
                    waitMs: decision.waitMs
                }));
                if (!mayHaveBeenApplied)
                    request.onAttempt?.('not-applied');
                await this.#clock.sleep(decision.waitMs);
                continue;
            }
            const whyNoRetry = this.#whyNoRetry(decision.reason, result);
            if (response === undefined) {
                throw new errors/* RequestError */.GI(request, error, { attempts, mayHaveBeenApplied, whyNoRetry });
            }
            const last = {
                ...response,
                request,
                isThrottled,
                sentAt,
                attempts,
                earlierMayHaveBeenApplied,
                whyNoRetry
            };
            if (last.status >= 300 && last.status < 400)
                throw (0,errors/* redirectError */.z5)(last);
            return last;
        }
    }
    /** Moves the deadline, by time that does not count against `timeout`. */
    extendDeadline(ms) {
        this.#deadlineMs += ms;
    }
    /** Closes all idle connections. */
    close() {
        this.#connections.close();
    }
    #timeLeftMs() {
        return this.#deadlineMs - this.#clock.now();
    }
    /** Addresses appear in logs of servers and proxies. A platform's response may try to put a secret into one. */
    #requireCleanUrl(request) {
        if (!this.#log.containsSecret(request.url.href))
            return;
        throw new action_error/* ActionError */.l('bad-response', `${(0,types/* describeRequest */.N)(request)} was not sent: its address would contain a secret.`, 'A response of the platform repeats a secret of this step. Check base-url, and what is between the runner and the platform.');
    }
    /** A request that creates or stores something is not started if its response could not be awaited. */
    #requireTime(request) {
        const { timeoutMs } = this.#limits;
        let neededMs = 1;
        if (request.method === 'PUT')
            neededMs = Math.min(5 * SHORTEST_ATTEMPT_MS, timeoutMs / 4);
        if (request.retry === 'if-not-applied')
            neededMs = SHORTEST_ATTEMPT_MS;
        if (this.#timeLeftMs() >= neededMs)
            return;
        const error = new errors/* AttemptError */.cb('timeout', `it was not sent because the timeout of ${(0,lib_text/* formatDuration */.a3)(timeoutMs / 1000)} is used up`);
        throw new errors/* RequestError */.GI(request, error, { attempts: 0, mayHaveBeenApplied: false });
    }
    async #attempt(request, sentAt) {
        const timeoutMs = Math.max(1, Math.min(this.#limits.attemptTimeoutMs, this.#timeLeftMs()));
        this.#attemptCount += 1;
        const trace = (what) => this.#log.debug(`${(0,types/* describeRequest */.N)(request)}: ${what}, ${this.#clock.now() - sentAt.getTime()} ms`);
        let response;
        try {
            response = await this.#connections.attempt(request, timeoutMs);
        }
        catch (thrown) {
            const error = (0,errors/* toAttemptError */.Xh)(thrown);
            trace(error.systemCode || error.kind);
            const { kind, mayHaveBeenApplied } = error;
            return { error, result: { kind: 'error', error: kind, mayHaveBeenApplied } };
        }
        request.onResponse?.(response, sentAt);
        trace(`${response.status}, ${response.isReusedConnection ? 'reused' : 'new'} connection`);
        const { status, headers } = response;
        const isThrottled = request.isThrottled?.(response) ?? status === 429;
        const now = this.#clock.now();
        const askedMs = request.retryAfterMs
            ? request.retryAfterMs(response, now)
            : retryAfterMs(headers['retry-after'], now);
        const asksToWait = askedMs !== undefined && (isThrottled || status === 503);
        const retryAfter = asksToWait ? { retryAfterMs: askedMs } : {};
        return { response, result: { kind: 'response', status, isThrottled, ...retryAfter } };
    }
    #whyNoRetry(reason, result) {
        const timeout = (0,lib_text/* formatDuration */.a3)(this.#limits.timeoutMs / 1000);
        if (reason === 'retry-after' && result.kind === 'response') {
            const asked = (0,lib_text/* formatDuration */.a3)(Math.ceil((result.retryAfterMs ?? 0) / 1000));
            const left = (0,lib_text/* formatDuration */.a3)(Math.max(0, Math.floor(this.#timeLeftMs() / 1000)));
            return `; the server asks to wait ${asked}, longer than the remaining ${left} of the timeout of ${timeout}`;
        }
        return reason === 'time' ? `; no time is left of the timeout of ${timeout}` : '';
    }
}


/***/ }),

/***/ 869:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   N: () => (/* binding */ describeRequest)
/* harmony export */ });
/** Returns method, origin and path. The query is left out. */
function describeRequest({ method, url }) {
    return `${method} ${url.origin}${url.pathname}`;
}


/***/ }),

/***/ 18:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   l: () => (/* binding */ ActionError)
/* harmony export */ });
/**
 * A failure as the user sees it: code, what happened (`message`), and what to do (`hint`). The message may quote a
 * server and is not redacted; only the logger and `reportFailure` may print it.
 */
class ActionError extends Error {
    name = 'ActionError';
    code;
    hint;
    constructor(code, message, hint, options) {
        super(message, options);
        this.code = code;
        this.hint = hint;
    }
}


/***/ }),

/***/ 451:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   aY: () => (/* binding */ invalidInput),
/* harmony export */   ax: () => (/* binding */ missingCredential),
/* harmony export */   hD: () => (/* binding */ quote),
/* harmony export */   ht: () => (/* binding */ variablesOf),
/* harmony export */   md: () => (/* binding */ missingHalf)
/* harmony export */ });
/* harmony import */ var _action_error_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(18);
/* harmony import */ var _text_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(924);


/** Returns the names of all variables that can hold one of the credentials. */
function variablesOf(sources) {
    return sources.flatMap(source => source.variables.flatMap(({ id, secret }) => [id, secret]));
}
/**
 * Returns the error for an input with a value that is not allowed. `name` may end in its origin: `region (from VARIABLE)`.
 * Never use it for a secret.
 */
function invalidInput(name, value, allowed) {
    const problem = value === '' ? 'empty' : `${quote(value)}, which is not allowed`;
    return new _action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('invalid-input', `Input ${name} is ${problem}.`, allowed);
}
const WHY_EMPTY = 'Workflows from forks and from Dependabot get no secrets (Dependabot has its own store). Secrets of an ' +
    'environment need environment: on the job. Also check the name of the secret: an unknown name gives an empty value.';
/** Returns the error for credentials that are set neither as inputs nor in the environment. */
function missingCredential(sources) {
    const inputs = sources.flatMap(({ id, secret }) => [id, secret]);
    const variables = variablesOf(sources);
    return new _action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('missing-credential', `The inputs ${(0,_text_js__WEBPACK_IMPORTED_MODULE_1__/* .joinWords */ .yZ)(inputs, 'and')} are empty. The environment variables ${(0,_text_js__WEBPACK_IMPORTED_MODULE_1__/* .joinWords */ .yZ)(variables, 'and')} are not set either.`, WHY_EMPTY);
}
/** Returns the error for one half of a credential that is empty. `variables`: those that could have held it. */
function missingHalf(name, variables, otherInputsAreSet) {
    const message = otherInputsAreSet
        ? `Input ${name} is empty. ${(0,_text_js__WEBPACK_IMPORTED_MODULE_1__/* .joinWords */ .yZ)(variables, 'and')} ${variables.length === 1 ? 'is' : 'are'} not read because other credential inputs are set.`
        : `Input ${name} is empty, and ${(0,_text_js__WEBPACK_IMPORTED_MODULE_1__/* .joinWords */ .yZ)(variables, 'and')} ${variables.length === 1 ? 'is' : 'are'} not set.`;
    return new _action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('missing-credential', message, WHY_EMPTY);
}
/**
 * Returns a short, clean text in quotes; of any other text only its length. A long or odd text may be a secret in
 * the wrong input, which no redactor would recognise.
 */
function quote(text) {
    if (text.length > 80 || /:\/\/[^/]*@/.test(text))
        return `a text of ${text.length} characters`;
    return (0,_text_js__WEBPACK_IMPORTED_MODULE_1__/* .toOneLine */ .GX)(text) === text
        ? `“${text}”`
        : `a text of ${text.length} characters with blanks or invisible characters`;
}


/***/ }),

/***/ 811:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  p: () => (/* binding */ Redactor)
});

;// CONCATENATED MODULE: ./lib/lib/entities.js
/** HTML names of ASCII punctuation and of the characters from U+00A0 to U+00FF. Source: the HTML standard. */
const ASCII = 'Tab=\t NewLine=\n excl=! quot=" num=# dollar=$ percnt=% amp=& apos=\' lpar=( rpar=) ast=* plus=+ comma=, period=. sol=/ ' +
    'colon=: semi=; lt=< equals== gt=> quest=? commat=@ lsqb=[ lbrack=[ bsol=\\ rsqb=] rbrack=] Hat=^ lowbar=_ grave=` ' +
    'lcub={ lbrace={ verbar=| vert=| rcub=} rbrace=}';
const LATIN_1 = 'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para ' +
    'middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute ' +
    'Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml ' +
    'Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ' +
    'ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';
/** The character of each HTML entity, by name. */
const ENTITIES = new Map([
    ...ASCII.split(' ').map(entry => {
        const [name = ''] = entry.split('=');
        return [name, entry.slice(name.length + 1)];
    }),
    ...LATIN_1.split(' ').map((name, index) => [name, String.fromCharCode(0xa0 + index)])
]);

// EXTERNAL MODULE: ./lib/lib/secret.js
var lib_secret = __nccwpck_require__(395);
// EXTERNAL MODULE: ./lib/lib/text.js
var lib_text = __nccwpck_require__(924);
;// CONCATENATED MODULE: ./lib/lib/redactor.js



/** Levels of encoding that are searched, one inside the other. */
const MAX_DEPTH = 4;
/** Texts that are searched in all. A text with more decoded forms was made to hide a secret: it is removed as a whole. */
const MAX_TEXTS = 100;
const JSON_ESCAPES = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** Applied one at a time, because a backslash, a percent sign or a plus can also be a part of the secret. */
const DECODERS = [
    {
        pattern: /(?:[\\%]u([0-9a-f]{4})|\\x([0-9a-f]{2}))|\\(["\\/bfnrt])/gi,
        decode: ([, unicode, hex = '', letter = '']) => letter === ''
            ? String.fromCharCode(Number.parseInt(unicode ?? hex, 16))
            : (JSON_ESCAPES[letter] ?? letter)
    },
    { pattern: /(?:%[0-9a-f]{2})+/gi, decode: ([percent = '']) => decodePercent(percent) },
    { pattern: /\+/g, decode: () => ' ' }, // a space in a form
    {
        pattern: /&#0*(\d{1,7});?|&#x0*([0-9a-f]{1,6});?|&([a-z]{2,8});/gi,
        decode([, decimal, hex, name]) {
            if (name !== undefined)
                return ENTITIES.get(name) ?? ENTITIES.get(name.toLowerCase());
            const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
            return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
        }
    }
];
/** White space and invisible characters, which can split a secret. */
const SPLITTERS = {
    pattern: /[\p{Cc}\p{Cf}\p{Z}\p{Mn}\u2800\u3164\s]+/gu,
    decode: () => ''
};
/** Long enough to contain the shortest secret. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{11,}={0,2}/g;
const HEX_RUN = /[0-9a-f]{2}(?:[\s:,-]?[0-9a-f]{2}){7,}[0-9a-f]?/gi;
/** Knows every secret of the run and removes them from texts, also if they are encoded. */
class Redactor {
    #secrets = [];
    #needles = [];
    #replacement;
    /** `replacement`: what stands in place of a secret. */
    constructor(secrets = [], replacement = lib_secret/* REDACTED */.XF) {
        this.#replacement = replacement;
        for (const secret of secrets)
            this.add(secret);
    }
    /** Adds a secret with its other spellings. Returns those that are new. */
    add(secret) {
        const added = [secret, ...secret.otherSpellings()].filter(spelling => !this.#secrets.some(known => known.equals(spelling)));
        this.#secrets.push(...added);
        const needles = added.map(spelling => spelling.inspect(lowerCase));
        this.#needles.push(...needles.filter(needle => needle.length >= lib_secret/* MIN_SECRET_LENGTH */.vb));
        return added;
    }
    /**
     * Returns the text with every known secret replaced, in upper or lower case, also if it is encoded: as JSON escapes,
     * percent-encoding, HTML entities, base64, base64url or hex, up to four levels deep.
     */
    redact(text) {
        if (!this.matches(text))
            return text;
        // Splitters last: without them words run into a base64 text, and more than necessary is removed.
        const precise = this.#replace(text, DECODERS);
        return this.#replace(precise, [...DECODERS, SPLITTERS]);
    }
    /** Returns whether the text contains a known secret, also if it is encoded. */
    matches(text) {
        return this.#contains(text, 0, [...DECODERS, SPLITTERS]);
    }
    /**
     * Returns a text from outside as one line without a secret, at most `maxLength` characters. Redacts twice, because
     * cleaning can join the parts of a secret; cuts last, because half a secret would not be recognised.
     */
    clean(text, maxLength) {
        return (0,lib_text/* truncateMiddle */.kU)(this.redact((0,lib_text/* toOneLine */.GX)(this.redact(text))), maxLength);
    }
    #replace(text, decoders) {
        if (!this.#contains(text, 0, decoders))
            return text;
        const ranges = this.#find(text, decoders).sort(([a], [b]) => a - b);
        let redacted = '';
        let from = 0;
        for (const [start, end] of ranges) {
            if (start >= from)
                redacted += text.slice(from, start) + this.#replacement;
            from = Math.max(from, end);
        }
        return redacted + text.slice(from);
    }
    /** Returns the ranges of the text that contain secrets, in the text itself or in a decoded form of it. */
    #find(text, decoders) {
        const ranges = [];
        const units = text.split('').map((char, index) => ({ char, start: index, end: index + 1 }));
        const queue = [{ text, units, depth: 0 }];
        const seen = new Set([text]);
        for (const form of queue) {
            for (const [at, length] of this.#findPlain(form.text, form.depth)) {
                ranges.push([form.units[at]?.start ?? 0, form.units[at + length - 1]?.end ?? text.length]);
            }
            if (form.depth >= MAX_DEPTH)
                continue;
            for (const decoder of decoders) {
                if (form.text.search(decoder.pattern) < 0)
                    continue;
                const decoded = decodeUnits(form.units, form.text, decoder);
                const decodedText = decoded.map(({ char }) => char).join('');
                if (seen.has(decodedText))
                    continue;
                if (seen.size >= MAX_TEXTS)
                    return [[0, text.length]];
                seen.add(decodedText);
                queue.push({ text: decodedText, units: decoded, depth: form.depth + 1 });
            }
        }
        return ranges;
    }
    /** Returns where secrets, and runs of base64 or hex that contain one, are in a text that is not decoded further. */
    #findPlain(text, depth) {
        const found = [];
        const searched = lowerCase(text);
        for (const needle of this.#needles) {
            for (let at = searched.indexOf(needle); at >= 0; at = searched.indexOf(needle, at + needle.length))
                found.push([at, needle.length]);
        }
        if (depth >= MAX_DEPTH)
            return found;
        const isSecret = (bytes) => this.#contains(bytes.toString('utf8'), depth + 1, DECODERS);
        for (const { 0: run, index } of text.matchAll(BASE64_RUN)) {
            // A run can begin at any of the four positions of a base64 group.
            if ([0, 1, 2, 3].some(skip => isSecret(Buffer.from(run.slice(skip), 'base64'))))
                found.push([index, run.length]);
        }
        for (const { 0: run, index } of text.matchAll(HEX_RUN)) {
            const digits = run.replace(/[^0-9a-f]/gi, '');
            if ([0, 1].some(skip => isSecret(Buffer.from(digits.slice(skip), 'hex'))))
                found.push([index, run.length]);
        }
        return found;
    }
    /** Returns whether a text at this depth, or a decoded form of it, contains a secret. */
    #contains(text, depth, decoders) {
        if (this.#needles.length === 0)
            return false;
        const queue = [{ text, depth }];
        const seen = new Set([text]);
        for (const form of queue) {
            if (this.#findPlain(form.text, form.depth).length > 0)
                return true;
            if (form.depth >= MAX_DEPTH)
                continue;
            for (const { pattern, decode } of decoders) {
                const decoded = form.text.replace(pattern, (...match) => decode(match) ?? match[0]);
                if (seen.has(decoded))
                    continue;
                if (seen.size >= MAX_TEXTS)
                    return true;
                seen.add(decoded);
                queue.push({ text: decoded, depth: form.depth + 1 });
            }
        }
        return false;
    }
}
/** Returns the units with one kind of encoding removed, one level deep. */
function decodeUnits(units, text, { pattern, decode }) {
    const decoded = [];
    let from = 0;
    for (const match of text.matchAll(pattern)) {
        const chars = decode(match);
        if (chars === undefined)
            continue;
        const last = match.index + match[0].length - 1;
        const start = units[match.index]?.start ?? 0;
        const end = units[last]?.end ?? start;
        for (let index = from; index < match.index; index++)
            decoded.push(units[index]);
        for (const char of chars.split(''))
            decoded.push({ char, start, end });
        from = last + 1;
    }
    return from === 0 ? units : [...decoded, ...units.slice(from)];
}
/** Returns percent-encoded bytes as UTF-8; if they are not UTF-8, as Latin-1. */
function decodePercent(text) {
    const bytes = Buffer.from(text.replaceAll('%', ''), 'hex');
    const decoded = bytes.toString('utf8');
    return decoded.includes('\ufffd') ? bytes.toString('latin1') : decoded;
}
/** Lower case, but only where the length stays the same, so that positions in both texts agree. */
function lowerCase(text) {
    return text.replace(/[A-Z\u0080-\uffff]/g, letter => {
        const lower = letter.toLowerCase();
        return lower.length === 1 ? lower : letter;
    });
}


/***/ }),

/***/ 395:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   XF: () => (/* binding */ REDACTED),
/* harmony export */   pm: () => (/* binding */ formEncode),
/* harmony export */   vb: () => (/* binding */ MIN_SECRET_LENGTH),
/* harmony export */   zh: () => (/* binding */ Secret)
/* harmony export */ });
/** Shorter secrets are refused: masking a short value would damage every line of the log. */
const MIN_SECRET_LENGTH = 8;
/** What stands in place of a secret. */
const REDACTED = '***';
/**
 * A value that prints as `***`, whether interpolated, serialised as JSON or inspected. Only `reveal` returns the
 * text: call it where a request is sent, or where the value is masked, saved for the post step or published.
 */
class Secret {
    #text;
    constructor(text) {
        this.#text = text;
    }
    get length() {
        return this.#text.length;
    }
    reveal() {
        return this.#text;
    }
    /** Returns another secret made from this one, such as a header. */
    map(make) {
        return new Secret(make(this.#text));
    }
    /** Returns what the function says about the text. The result must not be secret. */
    inspect(read) {
        return read(this.#text);
    }
    equals(other) {
        return this.#text === other.#text;
    }
    /** Returns this secret as a form, a URL and JSON spell it, where that differs. */
    otherSpellings() {
        const spellings = new Set([
            formEncode(this.#text),
            encodeURIComponent(this.#text.toWellFormed()),
            JSON.stringify(this.#text).slice(1, -1)
        ]);
        spellings.delete(this.#text);
        return [...spellings].map(text => new Secret(text));
    }
    toString() {
        return REDACTED;
    }
    toJSON() {
        return REDACTED;
    }
    [Symbol.toPrimitive]() {
        return REDACTED;
    }
    [Symbol.for('nodejs.util.inspect.custom')]() {
        return REDACTED;
    }
}
/** Returns the text as `application/x-www-form-urlencoded` spells it. */
function formEncode(text) {
    return new URLSearchParams({ _: text }).toString().slice(2);
}


/***/ }),

/***/ 924:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   GX: () => (/* binding */ toOneLine),
/* harmony export */   Yi: () => (/* binding */ formatMinute),
/* harmony export */   ZH: () => (/* binding */ capitalize),
/* harmony export */   a3: () => (/* binding */ formatDuration),
/* harmony export */   kU: () => (/* binding */ truncateMiddle),
/* harmony export */   qg: () => (/* binding */ findNearest),
/* harmony export */   td: () => (/* binding */ pluralize),
/* harmony export */   yZ: () => (/* binding */ joinWords)
/* harmony export */ });
/* unused harmony export truncate */
/** Returns the text as one line: no control, format, unassigned or broken characters. */
function toOneLine(text) {
    return text
        .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
        .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
        .trim();
}
/** Returns the text cut to at most `maxLength` UTF-16 units, without half a character at the end. */
function truncate(text, maxLength) {
    if (text.length <= maxLength)
        return text;
    return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
/** Returns the text cut in its middle to at most `maxLength` UTF-16 units: the end of an error message says how it ended. */
function truncateMiddle(text, maxLength) {
    if (text.length <= maxLength)
        return text;
    const tail = text.slice(text.length - Math.floor(maxLength / 4)).replace(/^[\udc00-\udfff]/, '');
    return truncate(text, maxLength - tail.length) + tail;
}
/** Returns `1 attempt`, `2 attempts`. */
function pluralize(count, noun) {
    return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
/** Returns a duration in its two largest units: `24 h`, `59 min 30 s`, `7 d 12 h`. */
function formatDuration(seconds) {
    const days = seconds > 2 * 86_400 ? Math.floor(seconds / 86_400) : 0;
    const rest = Math.floor(seconds) - days * 86_400;
    const parts = [
        [days, 'd'],
        [Math.floor(rest / 3600), 'h'],
        [Math.floor(rest / 60) % 60, 'min'],
        [rest % 60, 's']
    ];
    const nonZero = parts.filter(([count]) => count > 0).slice(0, 2);
    return nonZero.map(([count, unit]) => `${count} ${unit}`).join(' ') || '0 s';
}
/** Returns a date to the minute, rounded down: `2026-11-22 09:05 UTC`. */
function formatMinute(date) {
    return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
/** Returns the words as a list: `a, b or c`. */
function joinWords(words, conjunction = 'or') {
    if (words.length < 2)
        return words.join('');
    return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}
/** Returns the text with its first letter in upper case. */
function capitalize(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
/** Returns the candidate whose spelling is closest to the text. There must be at least one candidate. */
function findNearest(text, candidates, spelling) {
    const distances = candidates.map(candidate => editDistance(text, spelling(candidate)));
    return candidates[distances.indexOf(Math.min(...distances))];
}
/** Returns the Levenshtein distance. */
function editDistance(a, b) {
    let row = Array.from({ length: b.length + 1 }, (_, column) => column);
    for (const [line, letter] of [...a].entries()) {
        const next = [line + 1];
        for (let column = 0; column < b.length; column++) {
            const change = (row[column] ?? 0) + (letter === b[column] ? 0 : 1);
            next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
        }
        row = next;
    }
    return row[b.length] ?? 0;
}


/***/ }),

/***/ 172:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  i: () => (/* binding */ main)
});

// EXTERNAL MODULE: ./lib/auth/guards.js
var auth_guards = __nccwpck_require__(130);
;// CONCATENATED MODULE: ./lib/exchange.js

/** The log has this if the step ends while it requests a token, for example because the job is cancelled. */
const MAY_HAVE_BEEN_ISSUED = 'The step ended while it requested a token. If the platform issued one that this step did not receive, that token lives until it expires.';
/** Longer names are cut. */
const MAX_NAME_LENGTH = 200;
/**
 * Exchanges the credentials and checks the token. Masks every secret and passes every token to `onToken` before the next
 * request, also if it throws. Throws ActionError.
 */
async function exchangeAndCheck({ provider, request, guards }, session, { context: { log, rollback }, onToken }) {
    const onWarning = (message) => log.warn(message);
    const removeWarning = rollback.add(() => log.warn(MAY_HAVE_BEEN_ISSUED));
    const result = await provider
        .exchange(request, session, { onSecret: log.mask, onToken, onWarning })
        .finally(removeWarning);
    (0,auth_guards/* requireLifetime */.jY)(result.token, guards, provider.lifetimeAdvice(request));
    if (!guards.verify)
        return { result, owner: undefined };
    const owner = await provider.identify(result, session);
    const cleaned = cleanName(owner, log);
    (0,auth_guards/* requireOrganization */.$o)(cleaned, guards, provider.ownerNoun);
    return { result, owner: cleaned };
}
/** Returns the owner with a name of one line, or without a name if nothing of it is left. */
function cleanName({ name: raw = '', ...owner }, log) {
    const name = log.clean(raw, MAX_NAME_LENGTH);
    return name === '' ? owner : { ...owner, name };
}

// EXTERNAL MODULE: ./lib/http/session.js + 5 modules
var http_session = __nccwpck_require__(43);
;// CONCATENATED MODULE: ./lib/lib/inputs.js
/** Inputs of both actions, with their defaults. */
const EXCHANGE_INPUTS = {
    provider: '',
    region: '',
    'client-id': '',
    'client-secret': '',
    'access-key-id': '',
    'access-key-secret': '',
    'token-kind': 'access',
    'service-account-id': '',
    'token-endpoint': 'login',
    scope: '',
    'base-url': '',
    'login-base-url': '',
    verify: 'false',
    'allowed-organization-ids': '',
    'min-lifetime': '',
    timeout: '120s',
    'attempt-timeout': '15s',
    'max-attempts': '5',
    summary: 'true'
};
/** Every input of action.yml, with its default. */
const MAIN_INPUTS = {
    ...EXCHANGE_INPUTS,
    'export-env': '',
    'tool-env': 'false',
    'token-file': 'false',
    revoke: 'auto'
};
/** Every input of rotate/action.yml, with its default. `verify` is on: the new token replaces one that works. */
const ROTATE_INPUTS = {
    ...EXCHANGE_INPUTS,
    verify: 'true',
    'secret-name': '',
    'github-token': '',
    repository: '',
    environment: '',
    organization: '',
    visibility: '',
    'selected-repository-ids': '',
    'rotate-after': '0s',
    'previous-token': '',
    'expiry-variable': '',
    'dry-run': 'false',
    'store-command': '',
    'read-command': '',
    'revoke-previous': 'false',
    'command-timeout': '60s'
};

// EXTERNAL MODULE: ./lib/lib/input-reader.js
var input_reader = __nccwpck_require__(451);
// EXTERNAL MODULE: ./lib/lib/text.js
var lib_text = __nccwpck_require__(924);
// EXTERNAL MODULE: ./lib/lib/action-error.js
var action_error = __nccwpck_require__(18);
;// CONCATENATED MODULE: ./lib/inputs/limits.js

const SECONDS = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
const DAY_SECONDS = 86_400;
/** No token lives longer. */
const MAX_DURATION_SECONDS = 3660 * DAY_SECONDS;
/** Returns the limits on network activity. Throws `invalid-input`. */
function readLimits(reader) {
    return {
        timeoutMs: readTimeoutMs(reader, 'timeout'),
        attemptTimeoutMs: readTimeoutMs(reader, 'attempt-timeout'),
        maxAttempts: readMaxAttempts(reader)
    };
}
/** Returns a duration such as `90s`, `45m`, `2h` or `300d` in seconds. Throws `invalid-input`. */
function readSeconds(reader, name) {
    const seconds = parseSeconds(reader.text(name));
    if (seconds !== undefined && seconds <= MAX_DURATION_SECONDS)
        return seconds;
    const allowed = 'Allowed: a duration such as 90s, 45m, 2h or 300d, up to 3660d; a number without a unit is seconds.';
    throw (0,input_reader/* invalidInput */.aY)(name, reader.text(name), allowed);
}
/** Returns a time limit in milliseconds. Throws `invalid-input`. */
function readTimeoutMs(reader, name) {
    const seconds = parseSeconds(reader.text(name));
    if (seconds !== undefined && seconds >= 1 && seconds <= DAY_SECONDS)
        return seconds * 1000;
    const allowed = 'Allowed: 1s to 24h, such as 90s, 2m or 1h; a number without a unit is seconds.';
    throw (0,input_reader/* invalidInput */.aY)(name, reader.text(name), allowed);
}
function parseSeconds(text) {
    const [, count, unit = ''] = /^(\d{1,9})\s?([smhd]?)$/i.exec(text) ?? [];
    const unitSeconds = SECONDS[unit.toLowerCase()];
    return count === undefined || unitSeconds === undefined ? undefined : Number(count) * unitSeconds;
}
function readMaxAttempts(reader) {
    const text = reader.text('max-attempts');
    const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= 10)
        return count;
    throw (0,input_reader/* invalidInput */.aY)('max-attempts', text, 'Allowed: a whole number from 1 to 10.');
}

;// CONCATENATED MODULE: ./lib/inputs/guards.js



/** Returns what must be true of the token. Throws `invalid-input`. */
function readGuards(reader) {
    const allowedOrganizationIds = readAllowedOrganizationIds(reader);
    return {
        verify: reader.flag('verify') || allowedOrganizationIds.length > 0,
        allowedOrganizationIds,
        ...(reader.isGiven('min-lifetime') ? { minLifetimeSeconds: readSeconds(reader, 'min-lifetime') } : {})
    };
}
/** Returns what happens to the tokens when the job ends. Throws `invalid-input`. */
function readRevokePolicy(reader, provider) {
    const policy = reader.choice('revoke', ['auto', 'true', 'false']);
    if (policy === 'true' && provider.revoke === undefined) {
        throw new action_error/* ActionError */.l('invalid-input', `Input revoke is true, but ${provider.name} has no request that revokes a token.`, `Remove revoke. ${provider.noRevocationAdvice ?? ''}`.trim());
    }
    return policy;
}
function readAllowedOrganizationIds(reader) {
    const text = reader.text('allowed-organization-ids');
    const ids = reader.list('allowed-organization-ids').map(id => id.toLowerCase());
    // A list that names no organisation must not allow every organisation.
    const isEmpty = text !== '' && ids.length === 0;
    if (!isEmpty && ids.every(id => /^[\w-]{1,64}$/.test(id)))
        return ids;
    throw (0,input_reader/* invalidInput */.aY)('allowed-organization-ids', text, 'Allowed: ids of organisations (CXone: tenants), separated by commas or line breaks.');
}

;// CONCATENATED MODULE: ./lib/inputs/exchange-inputs.js




/** Returns the inputs that both actions share. Throws `invalid-input` or `missing-credential`. */
function readExchangeInputs(reader, providers) {
    const provider = readProvider(reader, providers);
    return {
        provider,
        request: provider.readInputs(reader),
        limits: readLimits(reader),
        guards: readGuards(reader),
        summary: reader.flag('summary'),
        variables: reader.variables,
        warnings: reader.warnings
    };
}
function readProvider(reader, providers) {
    const text = reader.text('provider');
    const provider = providers.find(({ aliases }) => aliases.includes(text.toLowerCase()));
    if (provider !== undefined)
        return provider;
    throw (0,input_reader/* invalidInput */.aY)('provider', text, `Allowed: ${(0,lib_text/* joinWords */.yZ)(providers.flatMap(({ aliases }) => aliases))}.`);
}

;// CONCATENATED MODULE: ./lib/inputs/output-options.js


/** Names that control the runner, the shell or a language's loader. A token there would break or subvert later steps. */
const RESERVED = /^(PATH|PATHEXT|HOME|USER|SHELL|TEMP|TMP|TMPDIR|CI|ENV|IFS|COMSPEC|SYSTEMROOT|WINDIR|USERPROFILE|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS4|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|RES_OPTIONS|OPENSSL_CONF|SSL_CERT_(FILE|DIR)|PYTHON(PATH|HOME|STARTUP)|DOTNET_STARTUP_HOOKS|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|(HTTP|HTTPS|ALL|NO)_PROXY|(GITHUB|RUNNER|ACTIONS|INPUT|STATE|LD|DYLD|GIT|NPM_CONFIG)_.*)$/i;
/** Returns where the token goes. Throws `invalid-input` for the name of a variable that must not be set. */
function readOutputOptions(reader, toolVariables) {
    const names = reader.list('export-env');
    const toolEnv = reader.flag('tool-env');
    // The first tool variable holds the token, like those of export-env.
    const otherValues = toolEnv ? toolVariables.slice(1).map(({ name }) => name.toUpperCase()) : [];
    for (const name of names) {
        if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name))
            throw invalidName(name, 'is not a valid name: use letters, digits and underscores, and no digit first');
        if (RESERVED.test(name))
            throw invalidName(name, 'belongs to the runner, the shell or a language’s loader');
        if (otherValues.includes(name.toUpperCase()))
            throw invalidName(name, 'is set to another value by tool-env');
    }
    return {
        exportEnv: [...new Set(names)],
        toolVariables: toolEnv ? toolVariables : [],
        tokenFile: reader.flag('token-file')
    };
}
function invalidName(name, problem) {
    return new action_error/* ActionError */.l('invalid-input', `Input export-env names ${(0,input_reader/* quote */.hD)(name)}, which ${problem}.`, 'Choose another name, such as CC_TOKEN; separate several names by commas or line breaks.');
}

// EXTERNAL MODULE: ./lib/lib/secret.js
var lib_secret = __nccwpck_require__(395);
;// CONCATENATED MODULE: ./lib/inputs/reader.js




/** If any of these is given, no credential comes from the environment. */
const CREDENTIAL_INPUTS = ['client-id', 'client-secret', 'access-key-id', 'access-key-secret'];
const SECRET_INPUTS = ['client-secret', 'access-key-secret', 'github-token', 'previous-token'];
/** Reads the inputs of one action from the environment of its process. */
class EnvironmentReader {
    /** Environment variables that were read in place of inputs. */
    variables = [];
    warnings = [];
    #env;
    #defaults;
    #log;
    #secrets = [];
    /** Masks every secret input before any other input is looked at. */
    constructor(env, defaults, log) {
        this.#env = env;
        this.#defaults = defaults;
        this.#log = log;
        for (const name of SECRET_INPUTS)
            this.#maskText(this.text(name));
        this.#secrets.push(this.text('github-token'));
    }
    text(name) {
        // The runner upper-cases the name and keeps its hyphens.
        return (this.#env[`INPUT_${name.toUpperCase()}`] ?? '').trim() || this.#default(name);
    }
    textOrVariable(name, variables) {
        return this.text(name) || this.#useVariable(variables.find(variable => this.#variable(variable) !== ''));
    }
    list(name) {
        return this.text(name)
            .split(/[,\r\n]/)
            .map(part => part.trim())
            .filter(part => part !== '');
    }
    choice(name, choices) {
        const text = this.text(name);
        const chosen = choices.find(choice => choice === text.toLowerCase());
        if (chosen === undefined)
            throw (0,input_reader/* invalidInput */.aY)(name, text, `Allowed: ${(0,lib_text/* joinWords */.yZ)(choices)}.`);
        return chosen;
    }
    flag(name) {
        const text = this.text(name);
        if (/^(true|True|TRUE)$/.test(text))
            return true;
        if (/^(false|False|FALSE)$/.test(text))
            return false;
        throw (0,input_reader/* invalidInput */.aY)(name, text, 'Allowed: true or false.');
    }
    isGiven(name) {
        return this.text(name).toLowerCase() !== this.#default(name).toLowerCase();
    }
    credential(source) {
        const hasInputs = CREDENTIAL_INPUTS.some(name => this.isGiven(name));
        const { id, secret } = hasInputs
            ? { id: this.text(source.id), secret: this.text(source.secret) }
            : this.#credentialVariables(source);
        this.#maskText(secret);
        this.#secrets.push(secret);
        if (id === '' && secret === '')
            return undefined;
        for (const half of ['id', 'secret']) {
            const variables = source.variables.map(pair => pair[half]);
            const unset = hasInputs ? variables : variables.filter(name => this.#variable(name) === '');
            if ({ id, secret }[half] === '')
                throw (0,input_reader/* missingHalf */.md)(source[half], unset, hasInputs);
        }
        const name = (half) => this.withOrigin(source[half], source.variables.map(pair => pair[half]));
        if (id.length > 256 || id.includes(':') || !isOneLine(id))
            throw invalidCredential(name('id'), id, 'An id has at most 256 characters and no colon');
        if (secret.length < lib_secret/* MIN_SECRET_LENGTH */.vb || !isOneLine(secret))
            throw invalidCredential(name('secret'), secret, `A secret has at least ${lib_secret/* MIN_SECRET_LENGTH */.vb} characters`);
        this.#log.hideInQuotes(source.id, id);
        return { id, secret: new lib_secret/* Secret */.zh(secret) };
    }
    withOrigin(name, variables) {
        const variable = this.variables.find(used => variables.includes(used));
        return variable === undefined ? name : `${name} (from ${variable})`;
    }
    refuse(names, reason) {
        const given = names.find(name => this.isGiven(name));
        if (given === undefined)
            return;
        throw new action_error/* ActionError */.l('invalid-input', `Input ${given} is given, but ${reason}.`, `Remove ${given}, or correct the inputs that it depends on.`);
    }
    warn(message) {
        this.warnings.push(message);
    }
    /** Returns whether the text is a credential or the GitHub token of this step. */
    isOtherSecret(text) {
        return this.#secrets.includes(text);
    }
    /** Throws `invalid-input` if the input repeats another secret: it was probably pasted into the wrong input. */
    requireOwnSecret(name) {
        const text = this.text(name);
        if (text === '' || !this.isOtherSecret(text))
            return;
        throw new action_error/* ActionError */.l('invalid-input', `Input ${name} has the same value as another secret of this step.`, `Set ${name} to the token that is stored now, or remove it.`);
    }
    /** Returns the first pair that is set as a whole; if there is none, the first that is set in part. */
    #credentialVariables({ variables }) {
        const isSet = (name) => this.#variable(name) !== '';
        const pair = variables.find(({ id, secret }) => isSet(id) && isSet(secret)) ??
            variables.find(({ id, secret }) => isSet(id) || isSet(secret));
        return { id: this.#useVariable(pair?.id), secret: this.#useVariable(pair?.secret) };
    }
    /** An empty variable counts as not set: that is what a missing secret looks like. */
    #variable(name) {
        return (this.#env[name] ?? '').trim();
    }
    #useVariable(name) {
        const value = name === undefined ? '' : this.#variable(name);
        if (name !== undefined && value !== '')
            this.variables.push(name);
        return value;
    }
    #default(name) {
        return this.#defaults[name] ?? '';
    }
    /** Values that will be refused are not masked: a short mask, or one of several lines, would damage the whole log. */
    #maskText(secret) {
        if (secret.length >= lib_secret/* MIN_SECRET_LENGTH */.vb && isOneLine(secret))
            this.#log.mask(new lib_secret/* Secret */.zh(secret));
    }
}
function invalidCredential(name, value, rule) {
    return new action_error/* ActionError */.l('invalid-input', `The value of ${name} is not allowed; it has ${value.length} characters.`, `${rule}, and no line break, control or invisible character. Paste it again: a line break often comes from a mail or a PDF.`);
}
/** A credential is sent in a header, and the runner masks each line separately: it must be one clean line. */
function isOneLine(text) {
    return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text);
}

;// CONCATENATED MODULE: ./lib/inputs/main-inputs.js





/**
 * Returns the inputs of the token action. Masks every credential as it is read. Throws `invalid-input` or
 * `missing-credential`.
 */
function readMainInputs(env, providers, log) {
    const reader = new EnvironmentReader(env, MAIN_INPUTS, log);
    const inputs = readExchangeInputs(reader, providers);
    return {
        ...inputs,
        output: readOutputOptions(reader, inputs.provider.toolVariables),
        revoke: readRevokePolicy(reader, inputs.provider)
    };
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __nccwpck_require__(24);
;// CONCATENATED MODULE: ./lib/runner/command-files.js


/**
 * Throws `internal-error` unless the runner's files and folders exist and can be written. Without them a token could not
 * be published, and the toolkit would print it, as for very old runners.
 */
function requireWritable(env, { files, folders = [] }) {
    const missing = files.find(name => !isWritable(env[name], 'file')) ??
        folders.find(name => !isWritable(env[name], 'folder'));
    if (missing === undefined)
        return;
    throw new action_error/* ActionError */.l('internal-error', `The path in ${missing} does not exist or cannot be written. Nothing was sent.`, 'Run the action in a workflow, on a runner of version 2.327.1 or newer. On a self-hosted runner, check the disk.');
}
/** Returns a function that truncates the runner's files to the length that they have now. */
function rememberLengths(env, names) {
    const lengths = names
        .map(name => env[name] ?? '')
        .filter(path => (0,external_node_fs_.existsSync)(path))
        .map(path => ({ path, length: (0,external_node_fs_.statSync)(path).size }));
    return () => {
        for (const { path, length } of lengths)
            (0,external_node_fs_.truncateSync)(path, length);
    };
}
function isWritable(path = '', kind) {
    try {
        (0,external_node_fs_.accessSync)(path, external_node_fs_.constants.W_OK);
        return (0,external_node_fs_.statSync)(path).isDirectory() === (kind === 'folder');
    }
    catch {
        return false;
    }
}

// EXTERNAL MODULE: ./lib/runner/messages.js
var messages = __nccwpck_require__(956);
// EXTERNAL MODULE: ./node_modules/@actions/core/lib/core.js + 19 modules
var core = __nccwpck_require__(79);
// EXTERNAL MODULE: ./lib/runner/logger.js
var logger = __nccwpck_require__(84);
// EXTERNAL MODULE: ./lib/runner/summary.js
var runner_summary = __nccwpck_require__(946);
;// CONCATENATED MODULE: external "node:crypto"
const external_node_crypto_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");
;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;// CONCATENATED MODULE: ./lib/runner/token-file.js



/** Returns the path of a new folder for the token file. It does not create it, so that the path can be saved first. */
function newTokenFolder(runnerTemp) {
    return (0,external_node_path_namespaceObject.join)(runnerTemp, `cc-token-${(0,external_node_crypto_namespaceObject.randomUUID)()}`);
}
/** Returns the path of the token file in its folder. */
function tokenFilePath(folder) {
    return (0,external_node_path_namespaceObject.join)(folder, 'token');
}
/**
 * Creates the folder (mode 0700) and the file (mode 0600) with the token. Both must not exist yet, so a link at their
 * place makes it throw.
 */
function writeTokenFile(folder, token) {
    (0,external_node_fs_.mkdirSync)(folder, { mode: 0o700 });
    const file = (0,external_node_fs_.openSync)(tokenFilePath(folder), 'wx', 0o600);
    try {
        (0,external_node_fs_.writeFileSync)(file, token.reveal());
    }
    finally {
        (0,external_node_fs_.closeSync)(file);
    }
}
/** Removes the folder and its file. Returns whether it existed. Never follows a link. */
function removeTokenFolder(folder) {
    const path = (0,external_node_path_namespaceObject.resolve)(folder); // without a slash at its end, which would make `lstat` follow a link
    const isTokenFolder = /^cc-token-[0-9a-f-]{36}$/.test((0,external_node_path_namespaceObject.basename)(path));
    if (!isTokenFolder || !(0,external_node_fs_.lstatSync)(path, { throwIfNoEntry: false })?.isDirectory())
        return false;
    (0,external_node_fs_.rmSync)(path, { recursive: true, force: true });
    return true;
}

;// CONCATENATED MODULE: ./lib/runner/saved-state.js


const PUBLISHED = 'published';
const TOKEN_FOLDER = 'token-folder';
/** More tokens are never saved. Usually there are two at most: the initial one and the long-lived one. */
const MAX_TOKENS = 20;
/** Returns the name under which a token is saved; `index` counts from 0. */
function stateName(index) {
    return `token-${index + 1}`;
}
/** The largest value of a `Date`. */
const MAX_DATE_MS = 8.64e15;
/** Returns a token as it is saved; `readSavedState` reads it. */
function serializeToken(token) {
    return JSON.stringify({ ...token, value: token.value.reveal() });
}
/** Returns what the step saved. Anything that a step does not write is ignored. */
function readSavedState(env) {
    const tokens = Array.from({ length: MAX_TOKENS }, (_, index) => env[`STATE_${stateName(index)}`] ?? '').flatMap(parseToken);
    const published = env[`STATE_${PUBLISHED}`];
    const tokenFolder = env[`STATE_${TOKEN_FOLDER}`];
    return {
        tokens,
        ...(published === 'auto' || published === 'true' || published === 'false' ? { published } : {}),
        ...(tokenFolder ? { tokenFolder } : {})
    };
}
function parseToken(text) {
    const { value, kind, provider, revocationBaseUrl, expiresAtMs, isRejected } = parseJsonObject(text) ?? {};
    if (typeof value !== 'string' || value === '')
        return [];
    if (typeof provider !== 'string' || typeof revocationBaseUrl !== 'string')
        return [];
    return [
        {
            value: new Secret(value),
            kind: kind === 'long-lived' ? kind : 'access',
            provider,
            revocationBaseUrl,
            ...(isRejected === true ? { isRejected } : {}),
            ...(typeof expiresAtMs === 'number' && Math.abs(expiresAtMs) < MAX_DATE_MS ? { expiresAtMs } : {})
        }
    ];
}

;// CONCATENATED MODULE: ./lib/runner/token-state.js


/** The tokens that the step must answer for, saved for the post step as they change. */
class TokenState {
    #provider;
    #tokens = [];
    #isPublished = false;
    /** `provider`: first alias of the platform. */
    constructor(provider) {
        this.#provider = provider;
    }
    /** Every token that was issued and can be revoked, in the order of issue. */
    get tokens() {
        return this.#tokens;
    }
    /** Saves the token before anything else can fail. Tokens that the platform cannot revoke are not saved. */
    add = (issued) => {
        const { value, kind, expiresAt, revocationBaseUrl, isRejected } = issued;
        if (revocationBaseUrl === undefined || this.#tokens.length >= MAX_TOKENS)
            return;
        const token = {
            value,
            kind,
            provider: this.#provider,
            revocationBaseUrl,
            ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt.getTime() }),
            ...(isRejected ? { isRejected } : {})
        };
        this.#tokens.push(token);
        this.restore(token);
    };
    /** The post step must not revoke this token: it is revoked, or it may be stored. */
    remove(token) {
        core/* saveState */.LZ(this.#nameOf(token), '');
    }
    /** The post step must revoke this token. */
    restore(token) {
        core/* saveState */.LZ(this.#nameOf(token), serializeToken(token));
    }
    /** The post step applies this policy instead of revoking all tokens. */
    markPublished(policy) {
        if (this.#tokens.length === 0)
            return;
        core/* saveState */.LZ(PUBLISHED, policy);
        this.#isPublished = true;
    }
    /** The post step revokes all tokens again. */
    unmarkPublished() {
        if (this.#isPublished)
            core/* saveState */.LZ(PUBLISHED, '');
    }
    #nameOf(token) {
        return stateName(this.#tokens.indexOf(token));
    }
}
/** The post step removes this folder. Call it before the folder is created. */
function saveTokenFolder(folder) {
    core/* saveState */.LZ(TOKEN_FOLDER, folder);
}

;// CONCATENATED MODULE: ./lib/runner/outputs.js








/** Returns the outputs of a token. Throws `bad-response` if one, other than the token, contains a secret. */
function buildOutputs(result, owner, { options, env, log }) {
    const { token, apiUrl = '', region = '', domain = '' } = result;
    const tokenFolder = options.tokenFile ? newTokenFolder(env['RUNNER_TEMP'] ?? '') : undefined;
    const outputs = [
        ['token', token.value],
        ['token-type', 'Bearer'],
        ['expires-in', token.expiresInSeconds?.toString() ?? ''],
        ['expires-at', token.expiresAt?.toISOString() ?? ''],
        ['idles-at', owner?.idlesAt?.toISOString() ?? ''],
        ['api-url', apiUrl],
        ['region', region],
        ['domain', domain],
        ['organization-id', owner?.id ?? ''],
        ['organization-name', owner?.name ?? ''],
        ['token-file', tokenFolder === undefined ? '' : tokenFilePath(tokenFolder)]
    ];
    const all = new Map([
        ...options.exportEnv.map(name => [name, token.value]),
        ...options.toolVariables.map(({ name, value }) => [name, value(result) ?? ''])
    ]);
    const isEmpty = (value) => value === '';
    requireNoSecret(outputs, log);
    return {
        token: token.value,
        outputs,
        variables: new Map([...all].filter(([, value]) => !isEmpty(value))),
        variablesWithoutValue: [...all].flatMap(([name, value]) => (isEmpty(value) ? [name] : [])),
        ...(tokenFolder === undefined ? {} : { tokenFolder })
    };
}
/** Throws `internal-error` unless the runner took all masks: a token without its mask must not be published. */
async function requireMasksWritten(stdout) {
    const written = await (0,logger/* flush */.b)({ write: (text, done) => stdout.write(text, done) });
    if (written)
        return;
    throw new action_error/* ActionError */.l('internal-error', 'The runner did not accept the masks of the token within 2 seconds.', 'Nothing was published. Run the job again, on a runner with less load.');
}
/**
 * Writes everything. Synchronous, so that no signal handler runs between the outputs and the summary. What is written is
 * registered with the rollback first.
 */
function publish({ token, outputs, variables, tokenFolder }, { context: { env, log, rollback }, tokens, revoke, summary }) {
    rollback.add(() => tokens.unmarkPublished());
    if (tokenFolder !== undefined) {
        rollback.add(() => void removeTokenFolder(tokenFolder));
        saveTokenFolder(tokenFolder);
        writeTokenFile(tokenFolder, token);
    }
    for (const name of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY'])
        rollback.add(rememberLengths(env, [name]));
    for (const [name, value] of outputs)
        core/* setOutput */.uH(name, reveal(value));
    for (const [name, value] of variables) {
        const previous = Object.hasOwn(env, name) ? (env[name] ?? '') : '';
        if (previous !== '' && previous !== reveal(value))
            log.info(`The variable ${name} had another value; later steps get the value of this step.`);
        core/* exportVariable */.dN(name, reveal(value));
    }
    tokens.markPublished(revoke);
    if (summary !== undefined)
        (0,runner_summary/* writeSummary */.Sy)(summary, { env, log });
}
function requireNoSecret(outputs, log) {
    const leak = outputs.find(([, value]) => typeof value === 'string' && log.containsSecret(value));
    if (leak === undefined)
        return;
    throw new action_error/* ActionError */.l('bad-response', `A response of the platform repeats a secret of this step, in what would be the output ${leak[0]}.`, 'Nothing was published. Check base-url, and what is between the runner and the platform.');
}
function reveal(value) {
    return value instanceof lib_secret/* Secret */.zh ? value.reveal() : value;
}

;// CONCATENATED MODULE: ./lib/runner/revocation.js
/** Returns the provider with this alias. */
function findProvider(providers, alias) {
    return providers.find(({ aliases }) => aliases.includes(alias));
}
/** Revokes the tokens, all at once, within the time of the clean-up. Returns the outcomes in the same order; never throws. */
function revokeTokens(tokens, providers, { cleanUpSession }) {
    return Promise.allSettled(tokens.map(async ({ value, provider: alias, revocationBaseUrl }) => {
        const provider = findProvider(providers, alias);
        if (provider?.revoke === undefined)
            throw new Error(`${alias} cannot revoke tokens`);
        return provider.revoke(value, revocationBaseUrl, cleanUpSession());
    }));
}
/**
 * Revokes the tokens of a step that failed, except those in `keep`. Those that cannot be revoked stay saved for the post
 * step. Logs the outcome, with `what` as its subject.
 */
async function revokeIssued(state, { what, keep = [], provider }, context) {
    const tokens = state.tokens.filter(token => !keep.includes(token));
    if (tokens.length === 0)
        return;
    const outcomes = await revokeTokens(tokens, [provider], context);
    for (const [index, token] of tokens.entries()) {
        if (outcomes[index]?.status === 'fulfilled')
            removeQuietly(state, token);
    }
    const values = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    if (values.length === tokens.length) {
        const isRevoked = values.every(value => value === 'revoked');
        context.log.info(`${what} ${isRevoked ? 'was revoked' : 'is invalid: the platform no longer accepts it'}.`);
    }
    else
        context.log.warn(`${what} could not be revoked yet. The post step tries again when the job ends.`);
}
/** A state that cannot be written must not hide why the step failed. The post step then finds the token gone. */
function removeQuietly(state, token) {
    try {
        state.remove(token);
    }
    catch {
        // See above.
    }
}

;// CONCATENATED MODULE: ./lib/main.js










/** Runs the token step: reads inputs, exchanges credentials, checks the token, publishes it. Throws ActionError. */
async function main(context, providers) {
    const { env, log, clock, rollback } = context;
    const inputs = readMainInputs(env, providers, log);
    requireFiles(inputs, env);
    (0,messages/* logStart */.$E)(inputs, log);
    const { provider, output: options, revoke } = inputs;
    const tokens = new TokenState(provider.aliases[0]);
    const session = new http_session/* HttpSession */.N({ limits: inputs.limits, clock, log });
    try {
        const { result, owner } = await exchangeAndCheck(inputs, session, { context, onToken: tokens.add });
        warnIfIdleTooEarly(owner, inputs, context);
        const outputs = buildOutputs(result, owner, { options, env, log });
        const published = { result, owner, inputs, revoke, session, receivedAt: new Date(clock.now()) };
        const summary = inputs.summary ? (0,runner_summary/* tokenSummary */.Wx)(published, log) : undefined;
        await requireMasksWritten(process.stdout);
        publish(outputs, { context, tokens, revoke, summary });
        (0,messages/* logPublished */.pe)({
            ...published,
            hasTokenFile: options.tokenFile,
            variables: [...outputs.variables.keys()],
            variablesWithoutValue: outputs.variablesWithoutValue
        }, log);
    }
    catch (error) {
        rollback.run();
        await revokeIssued(tokens, { what: 'The token was not published; it', provider }, context);
        throw error;
    }
    finally {
        session.close();
    }
}
/** A token in use stays valid, so an idle timeout before `min-lifetime` is only a warning here. */
function warnIfIdleTooEarly(owner, { guards: { minLifetimeSeconds = 0 } }, { log, clock }) {
    if (owner?.idlesAt === undefined || owner.idlesAt.getTime() >= clock.now() + minLifetimeSeconds * 1000)
        return;
    log.warn(`If nothing uses the token, it becomes invalid at ${(0,lib_text/* formatMinute */.Yi)(owner.idlesAt)}, before min-lifetime: the organisation has an idle timeout.`);
}
function requireFiles({ output }, env) {
    const setsVariables = output.exportEnv.length > 0 || output.toolVariables.length > 0;
    requireWritable(env, {
        files: ['GITHUB_OUTPUT', 'GITHUB_STATE', ...(setsVariables ? ['GITHUB_ENV'] : [])],
        folders: output.tokenFile ? ['RUNNER_TEMP'] : []
    });
}


/***/ }),

/***/ 766:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var _auth_providers_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(266);
/* harmony import */ var _main_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(172);
/* harmony import */ var _runner_run_action_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(902);



await (0,_runner_run_action_js__WEBPACK_IMPORTED_MODULE_2__/* .runAction */ .C)(context => (0,_main_js__WEBPACK_IMPORTED_MODULE_1__/* .main */ .i)(context, _auth_providers_js__WEBPACK_IMPORTED_MODULE_0__/* .PROVIDERS */ .x), { process, kind: 'main' });

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 84:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   V: () => (/* binding */ Logger),
/* harmony export */   b: () => (/* binding */ flush)
/* harmony export */ });
/* harmony import */ var _actions_core__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(79);
/* harmony import */ var _lib_redactor_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(811);
/* harmony import */ var _lib_secret_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(395);



/** How long the runner may take to read what was written. */
const FLUSH_MS = 2000;
/** The log of the step. Masks secrets, and removes every known secret from each line before it is written. */
class Logger {
    #redactor = new _lib_redactor_js__WEBPACK_IMPORTED_MODULE_1__/* .Redactor */ .p();
    #ids = [];
    /** Registers a secret and its other spellings with the runner, each once. */
    mask = (secret) => {
        for (const spelling of this.#redactor.add(secret))
            _actions_core__WEBPACK_IMPORTED_MODULE_0__/* .setSecret */ .Pq(spelling.reveal());
    };
    /** Returns the text with every known secret replaced by `***`. */
    redact(text) {
        return this.#redactor.redact(text);
    }
    /** Returns whether the text contains a known secret, also if it is encoded. */
    containsSecret(text) {
        return this.#redactor.matches(text);
    }
    /** From now on, `cleanQuote` replaces this id by `<name>`. */
    hideInQuotes(name, id) {
        this.#ids.push(new _lib_redactor_js__WEBPACK_IMPORTED_MODULE_1__/* .Redactor */ .p([new _lib_secret_js__WEBPACK_IMPORTED_MODULE_2__/* .Secret */ .zh(id)], `<${name}>`));
    }
    /** Returns a text from outside as one line without a secret, at most `maxLength` characters. */
    clean(text, maxLength) {
        return this.#redactor.clean(text, maxLength);
    }
    /** Returns an error message, which may quote a server, as `clean` does, and without the ids of credentials. */
    cleanQuote(message, maxLength) {
        const withoutIds = this.#ids.reduce((text, ids) => ids.redact(text), this.redact(message));
        return this.clean(withoutIds, maxLength);
    }
    info(line) {
        _actions_core__WEBPACK_IMPORTED_MODULE_0__/* .info */ .pq(this.#safe(line));
    }
    warn(line) {
        _actions_core__WEBPACK_IMPORTED_MODULE_0__/* .warning */ .$e(this.#safe(line));
    }
    error(line) {
        _actions_core__WEBPACK_IMPORTED_MODULE_0__/* .error */ .z3(this.#safe(line));
    }
    /** Writes the line only if step debugging is on. */
    debug(line) {
        if (_actions_core__WEBPACK_IMPORTED_MODULE_0__/* .isDebug */ ._o())
            _actions_core__WEBPACK_IMPORTED_MODULE_0__/* .debug */ .Yz(this.#safe(line));
    }
    /** The runner obeys commands of the form `##[name]` anywhere in a line, also in words quoted from a server. */
    #safe(line) {
        return this.redact(line).replaceAll('##[', '# #[');
    }
}
/**
 * Waits until everything was written to the runner, masks included, but at most two seconds. Returns whether it was.
 * Node queues what a full pipe does not take, and a process that exits loses it.
 */
function flush({ write }) {
    return new Promise(resolve => {
        const timer = setTimeout(() => resolve(false), FLUSH_MS);
        write('', () => {
            clearTimeout(timer);
            resolve(true);
        });
    });
}


/***/ }),

/***/ 956:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   $E: () => (/* binding */ logStart),
/* harmony export */   AK: () => (/* binding */ describeEffort),
/* harmony export */   pe: () => (/* binding */ logPublished),
/* harmony export */   y_: () => (/* binding */ describeCleanUp)
/* harmony export */ });
/* unused harmony exports describeToken, describeOwner, describeAudit */
/* harmony import */ var _auth_guards_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(130);
/* harmony import */ var _lib_text_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(924);


/** Logs what is about to be exchanged, where, and what was read from the environment. */
function logStart({ provider, request, variables, warnings }, log) {
    const { credentials, location, baseUrls } = provider.describe(request);
    const [value = '', ...others] = location.values;
    const details = others.length === 0 ? '' : ` (${others.join(', ')})`;
    log.info(`${provider.name}, ${location.label.toLowerCase()} ${value}${details}: exchanging ${credentials}.`);
    if (variables.length > 0)
        log.info(`Read from the environment: ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .joinWords */ .yZ)(variables, 'and')}.`);
    for (const { input, url } of baseUrls) {
        const requests = input === 'base-url' ? 'all requests' : 'login requests';
        log.info(`${input}: ${requests}, with their secrets, go to ${url}.`);
    }
    for (const warning of warnings)
        log.warn(warning);
}
/** Returns the token in words: kind, owner, expiry. */
function describeToken({ kind, expiresInSeconds, expiresAt }, owner, provider) {
    const whose = owner === undefined ? '' : ` of ${provider.ownerNoun} ${describeOwner(owner)}`;
    const expiry = expiresInSeconds === undefined || expiresAt === undefined
        ? 'the platform did not say when it expires'
        : `valid for ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .formatDuration */ .a3)(expiresInSeconds)}, until ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .formatMinute */ .Yi)(expiresAt)}`;
    return `${kind} token${whose}, ${expiry}`;
}
/** Returns `Example Ltd (id)`, or the id. */
function describeOwner({ id, name }) {
    return name === undefined ? id : `${name} (${id})`;
}
/** Returns what happens to the token when the job ends, as a sentence. */
function describeCleanUp({ token: { kind, expiresAt }, provider, revoke }) {
    if (provider.revoke === undefined) {
        const expiry = expiresAt === undefined ? '' : `; this one expires at ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .formatMinute */ .Yi)(expiresAt)}`;
        return `${provider.name} tokens cannot be revoked${expiry}.`;
    }
    if (revoke === 'false')
        return 'The token is not revoked when the job ends.';
    if (kind === 'access' || revoke === 'true')
        return 'The token is revoked when the job ends.';
    return 'The token outlives the job; the initial token is revoked when the job ends.';
}
/** Returns what an auditor needs: the id of the client or access key, and the platform's id of the request. */
function describeAudit({ provider, request }, { correlationId }) {
    const { label, value } = provider.describe(request).credentialId;
    const correlation = correlationId === undefined ? '' : `, correlation id ${correlationId}`;
    return `${label} ${value}${correlation}`;
}
/** Returns how many requests were made, and how many attempts if that is another number. */
function describeEffort({ requestCount, attemptCount }) {
    const attempts = attemptCount === requestCount ? '' : ` in ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .pluralize */ .td)(attemptCount, 'attempt')}`;
    return `${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .pluralize */ .td)(requestCount, 'request')}${attempts}`;
}
/** Logs what was published, and where later steps find it. */
function logPublished(published, log) {
    const { result, owner, inputs, revoke, session, hasTokenFile, variables } = published;
    const { provider } = inputs;
    log.info(`Received: ${describeToken(result.token, owner, provider)} (${describeEffort(session)}).`);
    log.info(`For audits: ${describeAudit(inputs, result)}.`);
    const idleTime = owner && (0,_auth_guards_js__WEBPACK_IMPORTED_MODULE_0__/* .describeIdleTime */ .Tw)(result.token, owner);
    if (idleTime !== undefined)
        log.info(`${idleTime}.`);
    for (const name of published.variablesWithoutValue) {
        log.warn(`${name} is not set, because this login method does not tell its value.`);
    }
    const places = ['output token', ...(hasTokenFile ? ['a file'] : []), ...variables];
    log.info(`Available as ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .joinWords */ .yZ)(places, 'and')}. ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .capitalize */ .ZH)(describeCleanUp({ token: result.token, provider, revoke }))}`);
}


/***/ }),

/***/ 902:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  C: () => (/* binding */ runAction)
});

// EXTERNAL MODULE: ./lib/http/proxy.js
var proxy = __nccwpck_require__(768);
;// CONCATENATED MODULE: ./lib/lib/clock.js
const startedAtMs = Date.now();
const startedAt = process.hrtime.bigint();
/** The real clock. It is monotonic: deadlines hold even if the machine's clock is set during the run. */
const systemClock = {
    now: () => startedAtMs + Number((process.hrtime.bigint() - startedAt) / 1000000n),
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
    random: Math.random
};

// EXTERNAL MODULE: ./lib/http/session.js + 5 modules
var http_session = __nccwpck_require__(43);
;// CONCATENATED MODULE: ./lib/runner/context.js

/** A clean-up takes ten seconds at most, beside `timeout`; the process itself needs a part of them. */
const CLEAN_UP_LIMITS = { timeoutMs: 9_000, attemptTimeoutMs: 4_000, maxAttempts: 10 };
/** Returns the context of a step. */
function createContext(parts) {
    const { log, clock } = parts;
    let session;
    // Waits of a clean-up are logged only with step debugging.
    const quiet = {
        containsSecret: (text) => log.containsSecret(text),
        info: (line) => log.debug(line),
        debug: (line) => log.debug(line)
    };
    return {
        ...parts,
        cleanUpSession() {
            session ??= new http_session/* HttpSession */.N({ limits: CLEAN_UP_LIMITS, clock, log: quiet });
            return session;
        }
    };
}

// EXTERNAL MODULE: ./lib/runner/logger.js
var logger = __nccwpck_require__(84);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __nccwpck_require__(24);
// EXTERNAL MODULE: ./node_modules/@actions/core/lib/core.js + 19 modules
var core = __nccwpck_require__(79);
// EXTERNAL MODULE: ./lib/lib/action-error.js
var action_error = __nccwpck_require__(18);
// EXTERNAL MODULE: ./lib/runner/summary.js
var summary = __nccwpck_require__(946);
;// CONCATENATED MODULE: ./lib/runner/report-failure.js




/** The runner cuts annotations at 4,096 characters. */
const MAX_LENGTH = 2000;
const MAX_MESSAGE_LENGTH = 1100;
const MAX_HINT_LENGTH = 650;
/** Reports a failed step: one error with code and hint, and the output `error-code`. Never throws. */
function reportFailure(error, { env, log }) {
    const known = toActionError(error);
    const { code } = known;
    const message = log.cleanQuote(known.message, MAX_MESSAGE_LENGTH);
    const hint = log.clean(known.hint, MAX_HINT_LENGTH);
    const url = documentationUrl(code, env);
    log.error(`[${code}] ${message}\n${hint}\nMore: ${url}`.slice(0, MAX_LENGTH));
    // The inputs may not have been read, so this reads its own.
    if (!/^false$/i.test(env['INPUT_SUMMARY']?.trim() ?? '')) {
        const rows = [
            ['Error', { code }],
            ['What happened', message],
            ['What to do', hint],
            ['More', url]
        ];
        (0,summary/* writeSummary */.Sy)((0,summary/* renderSummary */.Br)('The step failed', rows, log), { env, log });
    }
    try {
        if ((0,external_node_fs_.existsSync)(env['GITHUB_OUTPUT'] ?? ''))
            core/* setOutput */.uH('error-code', code);
    }
    catch {
        log.warn(`The output error-code could not be written; it is ${code}.`);
    }
}
/** Returns an error in one line, for a warning. */
function describeError(error, log) {
    const { code, message, hint } = toActionError(error);
    return `[${code}] ${log.cleanQuote(message, MAX_MESSAGE_LENGTH)} ${log.clean(hint, MAX_HINT_LENGTH)}`;
}
/** Returns the section of the documentation, in the repository and at the version of the running action. */
function documentationUrl(code, env) {
    const section = `docs/troubleshooting.md#${code}`;
    const { GITHUB_SERVER_URL: server = '', GITHUB_ACTION_REPOSITORY: repository = '', GITHUB_ACTION_REF: ref = '' } = env;
    const url = `${server}/${repository}/blob/${ref}/${section}`;
    return /^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+\/blob\/[\w.-]{1,80}\/docs/.test(url) ? url : section;
}
/** The text of an unexpected error may contain anything, so only its name and code are shown. */
function toActionError(error) {
    if (error instanceof action_error/* ActionError */.l)
        return error;
    const { name, code } = error instanceof Error ? error : {};
    const kind = [name, code].filter(part => typeof part === 'string' && /^\w{1,60}$/.test(part)).join(' ');
    return new action_error/* ActionError */.l('internal-error', `An unexpected error occurred${kind === '' ? '' : ` (${kind})`}.`, 'Nothing was published. Check that the runner can write its files (disk full, read-only?), run again with step ' +
        'debugging, and report the log: it contains no secret.', { cause: error });
}

;// CONCATENATED MODULE: ./lib/runner/rollback.js
/** What a failed or cancelled step undoes in the runner's files. */
class Rollback {
    #actions = new Set();
    #hasRun = false;
    #hasSucceeded = true;
    /** Throws if the step is ending: from then on, nothing may be published or stored. */
    requireNotRun() {
        if (this.#hasRun)
            throw new Error('the step is ending');
    }
    /** Adds an action before what it undoes is done. Returns a function that removes it. Throws if the step is ending. */
    add(action) {
        this.requireNotRun();
        this.#actions.add(action);
        return () => void this.#actions.delete(action);
    }
    /** Runs all actions, the last one first. Returns whether all actions so far succeeded; one that fails does not prevent the others. */
    run() {
        this.#hasRun = true;
        const actions = [...this.#actions].reverse();
        this.#actions.clear();
        for (const action of actions) {
            try {
                action();
            }
            catch {
                this.#hasSucceeded = false;
            }
        }
        return this.#hasSucceeded;
    }
}

;// CONCATENATED MODULE: ./lib/runner/run-action.js






/**
 * Runs a step and ends the process, even if sockets are still open: with 0 after success, with 1 after a failure or a
 * cancellation. Before it ends with 1, it rolls back what the step wrote. `kind: 'post'` never fails the job.
 */
async function runAction(step, { process, kind }) {
    const [log, rollback] = [new logger/* Logger */.V(), new Rollback()];
    const context = createContext({ env: process.env, log, clock: systemClock, rollback });
    for (const secret of (0,proxy/* proxySecrets */.Wm)(process.env))
        log.mask(secret);
    const isPost = kind === 'post';
    let isEnding = false;
    const exit = async (code) => {
        await (0,logger/* flush */.b)({ write: (text, written) => process.stdout.write(text, written) });
        process.exit(isPost ? 0 : code);
    };
    /** Only the first reason to end the step counts. */
    const end = async (report) => {
        if (isEnding)
            return;
        isEnding = true;
        try {
            if (!rollback.run())
                log.error('Not everything that the step wrote could be removed. Do not use the outputs of this step.');
            report();
        }
        finally {
            await exit(1);
        }
    };
    const fail = (error) => end(() => {
        if (isPost)
            log.warn('Clean-up: an unexpected error occurred. Tokens that were not revoked live until they expire.');
        else
            reportFailure(error, context);
    });
    const cancel = () => end(() => log.info(isPost ? 'Clean-up was cancelled.' : 'Cancelled. The post step cleans up when the job ends.'));
    // The HTTP client's proxy tunnel uses `new Buffer`; a warning about that does not help the reader of the log.
    process.noDeprecation = true;
    process.on('SIGINT', cancel);
    process.on('SIGTERM', cancel);
    process.on('uncaughtException', fail);
    process.on('unhandledRejection', fail);
    try {
        await step(context);
        // The post step has published nothing that a late signal would have to undo.
        if (!isPost)
            await pendingSignals();
        if (isEnding)
            return;
        isEnding = true;
        await exit(0);
    }
    catch (error) {
        await fail(error);
    }
}
/** Signal handlers run between two turns of the event loop; by the second turn, all pending ones have run. */
async function pendingSignals() {
    for (let turn = 0; turn < 2; turn++)
        await new Promise(resolve => setImmediate(resolve));
}


/***/ }),

/***/ 946:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Br: () => (/* binding */ renderSummary),
/* harmony export */   Sy: () => (/* binding */ writeSummary),
/* harmony export */   Wx: () => (/* binding */ tokenSummary)
/* harmony export */ });
/* unused harmony exports tokenRows, code, ownerRows */
/* harmony import */ var node_fs__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(24);
/* harmony import */ var _auth_guards_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(130);
/* harmony import */ var _lib_text_js__WEBPACK_IMPORTED_MODULE_3__ = __nccwpck_require__(924);
/* harmony import */ var _messages_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(956);




/** Returns the job summary of a published token as HTML, without a secret. */
function tokenSummary(published, log) {
    const { inputs, result, owner, revoke, session, receivedAt } = published;
    const { provider, request } = inputs;
    const { region, apiUrl, token } = result;
    const { credentials, location } = provider.describe(request);
    const isRegionNew = region !== undefined && !location.values.includes(region);
    const rows = [
        ...ownerRows(owner, provider),
        ...(isRegionNew ? [[(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .capitalize */ .ZH)(provider.regionNoun), code(region)]] : []),
        [location.label, ...location.values.map(code)],
        ...(apiUrl === undefined ? [] : [['API', code(apiUrl)]]),
        ['Login', (0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .capitalize */ .ZH)(credentials)],
        ['Received', `${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .formatMinute */ .Yi)(receivedAt)}, after ${(0,_messages_js__WEBPACK_IMPORTED_MODULE_2__/* .describeEffort */ .AK)(session)}`],
        ...tokenRows(inputs, result, owner),
        ['Clean-up', (0,_messages_js__WEBPACK_IMPORTED_MODULE_2__/* .describeCleanUp */ .y_)({ token, provider, revoke })]
    ];
    return renderSummary(`${provider.name} ${token.kind} token`, rows, log);
}
/** Returns the rows about a token: what an auditor needs, expiry, idle time. */
function tokenRows({ provider, request }, { token, correlationId }, owner) {
    const { expiresAt, expiresInSeconds } = token;
    const { credentialId } = provider.describe(request);
    const idleTime = owner && (0,_auth_guards_js__WEBPACK_IMPORTED_MODULE_1__/* .describeIdleTime */ .Tw)(token, owner);
    return [
        [credentialId.label, code(credentialId.value)],
        ...(correlationId === undefined ? [] : [['Correlation id', code(correlationId)]]),
        [
            'Expires',
            expiresAt === undefined || expiresInSeconds === undefined
                ? 'The platform did not say'
                : `${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .formatMinute */ .Yi)(expiresAt)}, in ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .formatDuration */ .a3)(expiresInSeconds)}`
        ],
        ...(idleTime === undefined ? [] : [['Idle timeout', idleTime]])
    ];
}
/** Returns the job summary as HTML: a title and a table of rows. */
function renderSummary(title, rows, log) {
    // Redacted before it is escaped, which would change what is searched for.
    const html = (cell) => typeof cell === 'string' ? escapeHtml(log.redact(cell)) : `<code>${html(cell.code)}</code>`;
    const lines = rows.map(([name, ...cells]) => `<tr><td><strong>${html(name)}</strong></td><td>${cells.map(html).join(' ')}</td></tr>`);
    return `<h3>${html(title)}</h3>\n<table>${lines.join('')}</table>\n`;
}
/** Appends to the job summary. A summary that cannot be written does not fail the step. */
function writeSummary(html, { env, log }) {
    try {
        (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.appendFileSync)(env['GITHUB_STEP_SUMMARY'] ?? '', html);
    }
    catch {
        log.debug('The job summary could not be written.');
    }
}
function code(text) {
    return { code: text };
}
/** Returns a row with the owner of the token, if it was verified. */
function ownerRows(owner, { ownerNoun }) {
    if (owner === undefined)
        return [];
    const { id, name } = owner;
    return [[(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_3__/* .capitalize */ .ZH)(ownerNoun), ...(name === undefined ? [] : [name]), code(id)]];
}
/** Names come from outside. Within the table, which is one line, neither tags nor Markdown can result from them. */
function escapeHtml(text) {
    return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`);
}


/***/ }),

/***/ 79:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  Yz: () => (/* binding */ core_debug),
  z3: () => (/* binding */ error),
  dN: () => (/* binding */ exportVariable),
  pq: () => (/* binding */ info),
  _o: () => (/* binding */ isDebug),
  LZ: () => (/* binding */ saveState),
  uH: () => (/* binding */ setOutput),
  Pq: () => (/* binding */ core_setSecret),
  $e: () => (/* binding */ warning)
});

// UNUSED EXPORTS: ExitCode, addPath, endGroup, getBooleanInput, getIDToken, getInput, getMultilineInput, getState, group, markdownSummary, notice, platform, setCommandEcho, setFailed, startGroup, summary, toPlatformPath, toPosixPath, toWin32Path

;// CONCATENATED MODULE: external "os"
const external_os_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("os");
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/utils.js
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */
/**
 * Sanitizes an input into a string so it can be passed into issueCommand safely
 * @param input input to sanitize into a string
 */
function toCommandValue(input) {
    if (input === null || input === undefined) {
        return '';
    }
    else if (typeof input === 'string' || input instanceof String) {
        return input;
    }
    return JSON.stringify(input);
}
/**
 *
 * @param annotationProperties
 * @returns The command properties to send with the actual annotation command
 * See IssueCommandProperties: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs#L646
 */
function utils_toCommandProperties(annotationProperties) {
    if (!Object.keys(annotationProperties).length) {
        return {};
    }
    return {
        title: annotationProperties.title,
        file: annotationProperties.file,
        line: annotationProperties.startLine,
        endLine: annotationProperties.endLine,
        col: annotationProperties.startColumn,
        endColumn: annotationProperties.endColumn
    };
}
//# sourceMappingURL=utils.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/command.js


/**
 * Issues a command to the GitHub Actions runner
 *
 * @param command - The command name to issue
 * @param properties - Additional properties for the command (key-value pairs)
 * @param message - The message to include with the command
 * @remarks
 * This function outputs a specially formatted string to stdout that the Actions
 * runner interprets as a command. These commands can control workflow behavior,
 * set outputs, create annotations, mask values, and more.
 *
 * Command Format:
 *   ::name key=value,key=value::message
 *
 * @example
 * ```typescript
 * // Issue a warning annotation
 * issueCommand('warning', {}, 'This is a warning message');
 * // Output: ::warning::This is a warning message
 *
 * // Set an environment variable
 * issueCommand('set-env', { name: 'MY_VAR' }, 'some value');
 * // Output: ::set-env name=MY_VAR::some value
 *
 * // Add a secret mask
 * issueCommand('add-mask', {}, 'secretValue123');
 * // Output: ::add-mask::secretValue123
 * ```
 *
 * @internal
 * This is an internal utility function that powers the public API functions
 * such as setSecret, warning, error, and exportVariable.
 */
function command_issueCommand(command, properties, message) {
    const cmd = new Command(command, properties, message);
    process.stdout.write(cmd.toString() + external_os_namespaceObject.EOL);
}
function command_issue(name, message = '') {
    command_issueCommand(name, {}, message);
}
const CMD_STRING = '::';
class Command {
    constructor(command, properties, message) {
        if (!command) {
            command = 'missing.command';
        }
        this.command = command;
        this.properties = properties;
        this.message = message;
    }
    toString() {
        let cmdStr = CMD_STRING + this.command;
        if (this.properties && Object.keys(this.properties).length > 0) {
            cmdStr += ' ';
            let first = true;
            for (const key in this.properties) {
                if (this.properties.hasOwnProperty(key)) {
                    const val = this.properties[key];
                    if (val) {
                        if (first) {
                            first = false;
                        }
                        else {
                            cmdStr += ',';
                        }
                        cmdStr += `${key}=${escapeProperty(val)}`;
                    }
                }
            }
        }
        cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
        return cmdStr;
    }
}
function escapeData(s) {
    return toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A');
}
function escapeProperty(s) {
    return toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A')
        .replace(/:/g, '%3A')
        .replace(/,/g, '%2C');
}
//# sourceMappingURL=command.js.map
;// CONCATENATED MODULE: external "crypto"
const external_crypto_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("crypto");
;// CONCATENATED MODULE: external "fs"
const external_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("fs");
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/file-command.js
// For internal use, subject to change.
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */




function file_command_issueFileCommand(command, message) {
    const filePath = process.env[`GITHUB_${command}`];
    if (!filePath) {
        throw new Error(`Unable to find environment variable for file command ${command}`);
    }
    if (!external_fs_namespaceObject.existsSync(filePath)) {
        throw new Error(`Missing file at path: ${filePath}`);
    }
    external_fs_namespaceObject.appendFileSync(filePath, `${toCommandValue(message)}${external_os_namespaceObject.EOL}`, {
        encoding: 'utf8'
    });
}
function prepareKeyValueMessage(key, value) {
    const delimiter = `ghadelimiter_${external_crypto_namespaceObject.randomUUID()}`;
    const convertedValue = toCommandValue(value);
    // These should realistically never happen, but just in case someone finds a
    // way to exploit uuid generation let's not allow keys or values that contain
    // the delimiter.
    if (key.includes(delimiter)) {
        throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
    }
    if (convertedValue.includes(delimiter)) {
        throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
    }
    return `${key}<<${delimiter}${external_os_namespaceObject.EOL}${convertedValue}${external_os_namespaceObject.EOL}${delimiter}`;
}
//# sourceMappingURL=file-command.js.map
;// CONCATENATED MODULE: external "path"
const external_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("path");
// EXTERNAL MODULE: ./node_modules/@actions/http-client/lib/index.js + 1 modules
var lib = __nccwpck_require__(543);
;// CONCATENATED MODULE: ./node_modules/@actions/http-client/lib/auth.js
var __awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};
class BasicCredentialHandler {
    constructor(username, password) {
        this.username = username;
        this.password = password;
    }
    prepareRequest(options) {
        if (!options.headers) {
            throw Error('The request has no headers');
        }
        options.headers['Authorization'] = `Basic ${Buffer.from(`${this.username}:${this.password}`).toString('base64')}`;
    }
    // This handler cannot handle 401
    canHandleAuthentication() {
        return false;
    }
    handleAuthentication() {
        return __awaiter(this, void 0, void 0, function* () {
            throw new Error('not implemented');
        });
    }
}
class auth_BearerCredentialHandler {
    constructor(token) {
        this.token = token;
    }
    // currently implements pre-authorization
    // TODO: support preAuth = false where it hooks on 401
    prepareRequest(options) {
        if (!options.headers) {
            throw Error('The request has no headers');
        }
        options.headers['Authorization'] = `Bearer ${this.token}`;
    }
    // This handler cannot handle 401
    canHandleAuthentication() {
        return false;
    }
    handleAuthentication() {
        return __awaiter(this, void 0, void 0, function* () {
            throw new Error('not implemented');
        });
    }
}
class PersonalAccessTokenCredentialHandler {
    constructor(token) {
        this.token = token;
    }
    // currently implements pre-authorization
    // TODO: support preAuth = false where it hooks on 401
    prepareRequest(options) {
        if (!options.headers) {
            throw Error('The request has no headers');
        }
        options.headers['Authorization'] = `Basic ${Buffer.from(`PAT:${this.token}`).toString('base64')}`;
    }
    // This handler cannot handle 401
    canHandleAuthentication() {
        return false;
    }
    handleAuthentication() {
        return __awaiter(this, void 0, void 0, function* () {
            throw new Error('not implemented');
        });
    }
}
//# sourceMappingURL=auth.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/oidc-utils.js
var oidc_utils_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};



class oidc_utils_OidcClient {
    static createHttpClient(allowRetry = true, maxRetry = 10) {
        const requestOptions = {
            allowRetries: allowRetry,
            maxRetries: maxRetry
        };
        return new HttpClient('actions/oidc-client', [new BearerCredentialHandler(oidc_utils_OidcClient.getRequestToken())], requestOptions);
    }
    static getRequestToken() {
        const token = process.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
        if (!token) {
            throw new Error('Unable to get ACTIONS_ID_TOKEN_REQUEST_TOKEN env variable');
        }
        return token;
    }
    static getIDTokenUrl() {
        const runtimeUrl = process.env['ACTIONS_ID_TOKEN_REQUEST_URL'];
        if (!runtimeUrl) {
            throw new Error('Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable');
        }
        return runtimeUrl;
    }
    static getCall(id_token_url) {
        return oidc_utils_awaiter(this, void 0, void 0, function* () {
            var _a;
            const httpclient = oidc_utils_OidcClient.createHttpClient();
            const res = yield httpclient
                .getJson(id_token_url)
                .catch(error => {
                throw new Error(`Failed to get ID Token. \n 
        Error Code : ${error.statusCode}\n 
        Error Message: ${error.message}`);
            });
            const id_token = (_a = res.result) === null || _a === void 0 ? void 0 : _a.value;
            if (!id_token) {
                throw new Error('Response json body do not have ID Token field');
            }
            return id_token;
        });
    }
    static getIDToken(audience) {
        return oidc_utils_awaiter(this, void 0, void 0, function* () {
            try {
                // New ID Token is requested from action service
                let id_token_url = oidc_utils_OidcClient.getIDTokenUrl();
                if (audience) {
                    const encodedAudience = encodeURIComponent(audience);
                    id_token_url = `${id_token_url}&audience=${encodedAudience}`;
                }
                debug(`ID token url is ${id_token_url}`);
                const id_token = yield oidc_utils_OidcClient.getCall(id_token_url);
                setSecret(id_token);
                return id_token;
            }
            catch (error) {
                throw new Error(`Error message: ${error.message}`);
            }
        });
    }
}
//# sourceMappingURL=oidc-utils.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/summary.js
var summary_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};


const { access, appendFile, writeFile } = external_fs_namespaceObject.promises;
const SUMMARY_ENV_VAR = 'GITHUB_STEP_SUMMARY';
const SUMMARY_DOCS_URL = 'https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-job-summary';
class Summary {
    constructor() {
        this._buffer = '';
    }
    /**
     * Finds the summary file path from the environment, rejects if env var is not found or file does not exist
     * Also checks r/w permissions.
     *
     * @returns step summary file path
     */
    filePath() {
        return summary_awaiter(this, void 0, void 0, function* () {
            if (this._filePath) {
                return this._filePath;
            }
            const pathFromEnv = process.env[SUMMARY_ENV_VAR];
            if (!pathFromEnv) {
                throw new Error(`Unable to find environment variable for $${SUMMARY_ENV_VAR}. Check if your runtime environment supports job summaries.`);
            }
            try {
                yield access(pathFromEnv, external_fs_namespaceObject.constants.R_OK | external_fs_namespaceObject.constants.W_OK);
            }
            catch (_a) {
                throw new Error(`Unable to access summary file: '${pathFromEnv}'. Check if the file has correct read/write permissions.`);
            }
            this._filePath = pathFromEnv;
            return this._filePath;
        });
    }
    /**
     * Wraps content in an HTML tag, adding any HTML attributes
     *
     * @param {string} tag HTML tag to wrap
     * @param {string | null} content content within the tag
     * @param {[attribute: string]: string} attrs key-value list of HTML attributes to add
     *
     * @returns {string} content wrapped in HTML element
     */
    wrap(tag, content, attrs = {}) {
        const htmlAttrs = Object.entries(attrs)
            .map(([key, value]) => ` ${key}="${value}"`)
            .join('');
        if (!content) {
            return `<${tag}${htmlAttrs}>`;
        }
        return `<${tag}${htmlAttrs}>${content}</${tag}>`;
    }
    /**
     * Writes text in the buffer to the summary buffer file and empties buffer. Will append by default.
     *
     * @param {SummaryWriteOptions} [options] (optional) options for write operation
     *
     * @returns {Promise<Summary>} summary instance
     */
    write(options) {
        return summary_awaiter(this, void 0, void 0, function* () {
            const overwrite = !!(options === null || options === void 0 ? void 0 : options.overwrite);
            const filePath = yield this.filePath();
            const writeFunc = overwrite ? writeFile : appendFile;
            yield writeFunc(filePath, this._buffer, { encoding: 'utf8' });
            return this.emptyBuffer();
        });
    }
    /**
     * Clears the summary buffer and wipes the summary file
     *
     * @returns {Summary} summary instance
     */
    clear() {
        return summary_awaiter(this, void 0, void 0, function* () {
            return this.emptyBuffer().write({ overwrite: true });
        });
    }
    /**
     * Returns the current summary buffer as a string
     *
     * @returns {string} string of summary buffer
     */
    stringify() {
        return this._buffer;
    }
    /**
     * If the summary buffer is empty
     *
     * @returns {boolen} true if the buffer is empty
     */
    isEmptyBuffer() {
        return this._buffer.length === 0;
    }
    /**
     * Resets the summary buffer without writing to summary file
     *
     * @returns {Summary} summary instance
     */
    emptyBuffer() {
        this._buffer = '';
        return this;
    }
    /**
     * Adds raw text to the summary buffer
     *
     * @param {string} text content to add
     * @param {boolean} [addEOL=false] (optional) append an EOL to the raw text (default: false)
     *
     * @returns {Summary} summary instance
     */
    addRaw(text, addEOL = false) {
        this._buffer += text;
        return addEOL ? this.addEOL() : this;
    }
    /**
     * Adds the operating system-specific end-of-line marker to the buffer
     *
     * @returns {Summary} summary instance
     */
    addEOL() {
        return this.addRaw(external_os_namespaceObject.EOL);
    }
    /**
     * Adds an HTML codeblock to the summary buffer
     *
     * @param {string} code content to render within fenced code block
     * @param {string} lang (optional) language to syntax highlight code
     *
     * @returns {Summary} summary instance
     */
    addCodeBlock(code, lang) {
        const attrs = Object.assign({}, (lang && { lang }));
        const element = this.wrap('pre', this.wrap('code', code), attrs);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML list to the summary buffer
     *
     * @param {string[]} items list of items to render
     * @param {boolean} [ordered=false] (optional) if the rendered list should be ordered or not (default: false)
     *
     * @returns {Summary} summary instance
     */
    addList(items, ordered = false) {
        const tag = ordered ? 'ol' : 'ul';
        const listItems = items.map(item => this.wrap('li', item)).join('');
        const element = this.wrap(tag, listItems);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML table to the summary buffer
     *
     * @param {SummaryTableCell[]} rows table rows
     *
     * @returns {Summary} summary instance
     */
    addTable(rows) {
        const tableBody = rows
            .map(row => {
            const cells = row
                .map(cell => {
                if (typeof cell === 'string') {
                    return this.wrap('td', cell);
                }
                const { header, data, colspan, rowspan } = cell;
                const tag = header ? 'th' : 'td';
                const attrs = Object.assign(Object.assign({}, (colspan && { colspan })), (rowspan && { rowspan }));
                return this.wrap(tag, data, attrs);
            })
                .join('');
            return this.wrap('tr', cells);
        })
            .join('');
        const element = this.wrap('table', tableBody);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds a collapsable HTML details element to the summary buffer
     *
     * @param {string} label text for the closed state
     * @param {string} content collapsable content
     *
     * @returns {Summary} summary instance
     */
    addDetails(label, content) {
        const element = this.wrap('details', this.wrap('summary', label) + content);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML image tag to the summary buffer
     *
     * @param {string} src path to the image you to embed
     * @param {string} alt text description of the image
     * @param {SummaryImageOptions} options (optional) addition image attributes
     *
     * @returns {Summary} summary instance
     */
    addImage(src, alt, options) {
        const { width, height } = options || {};
        const attrs = Object.assign(Object.assign({}, (width && { width })), (height && { height }));
        const element = this.wrap('img', null, Object.assign({ src, alt }, attrs));
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML section heading element
     *
     * @param {string} text heading text
     * @param {number | string} [level=1] (optional) the heading level, default: 1
     *
     * @returns {Summary} summary instance
     */
    addHeading(text, level) {
        const tag = `h${level}`;
        const allowedTag = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].includes(tag)
            ? tag
            : 'h1';
        const element = this.wrap(allowedTag, text);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML thematic break (<hr>) to the summary buffer
     *
     * @returns {Summary} summary instance
     */
    addSeparator() {
        const element = this.wrap('hr', null);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML line break (<br>) to the summary buffer
     *
     * @returns {Summary} summary instance
     */
    addBreak() {
        const element = this.wrap('br', null);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML blockquote to the summary buffer
     *
     * @param {string} text quote text
     * @param {string} cite (optional) citation url
     *
     * @returns {Summary} summary instance
     */
    addQuote(text, cite) {
        const attrs = Object.assign({}, (cite && { cite }));
        const element = this.wrap('blockquote', text, attrs);
        return this.addRaw(element).addEOL();
    }
    /**
     * Adds an HTML anchor tag to the summary buffer
     *
     * @param {string} text link text/content
     * @param {string} href hyperlink
     *
     * @returns {Summary} summary instance
     */
    addLink(text, href) {
        const element = this.wrap('a', text, { href });
        return this.addRaw(element).addEOL();
    }
}
const _summary = new Summary();
/**
 * @deprecated use `core.summary`
 */
const markdownSummary = (/* unused pure expression or super */ null && (_summary));
const summary = (/* unused pure expression or super */ null && (_summary));
//# sourceMappingURL=summary.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/path-utils.js

/**
 * toPosixPath converts the given path to the posix form. On Windows, \\ will be
 * replaced with /.
 *
 * @param pth. Path to transform.
 * @return string Posix path.
 */
function toPosixPath(pth) {
    return pth.replace(/[\\]/g, '/');
}
/**
 * toWin32Path converts the given path to the win32 form. On Linux, / will be
 * replaced with \\.
 *
 * @param pth. Path to transform.
 * @return string Win32 path.
 */
function toWin32Path(pth) {
    return pth.replace(/[/]/g, '\\');
}
/**
 * toPlatformPath converts the given path to a platform-specific path. It does
 * this by replacing instances of / and \ with the platform-specific path
 * separator.
 *
 * @param pth The path to platformize.
 * @return string The platform-specific path.
 */
function toPlatformPath(pth) {
    return pth.replace(/[/\\]/g, path.sep);
}
//# sourceMappingURL=path-utils.js.map
;// CONCATENATED MODULE: external "string_decoder"
const external_string_decoder_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("string_decoder");
// EXTERNAL MODULE: external "events"
var external_events_ = __nccwpck_require__(434);
;// CONCATENATED MODULE: external "child_process"
const external_child_process_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("child_process");
// EXTERNAL MODULE: external "assert"
var external_assert_ = __nccwpck_require__(613);
;// CONCATENATED MODULE: ./node_modules/@actions/io/lib/io-util.js
var io_util_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};


const { chmod, copyFile, lstat, mkdir, open: io_util_open, readdir, rename, rm, rmdir, stat, symlink, unlink } = external_fs_namespaceObject.promises;
// export const {open} = 'fs'
const IS_WINDOWS = process.platform === 'win32';
/**
 * Custom implementation of readlink to ensure Windows junctions
 * maintain trailing backslash for backward compatibility with Node.js < 24
 *
 * In Node.js 20, Windows junctions (directory symlinks) always returned paths
 * with trailing backslashes. Node.js 24 removed this behavior, which breaks
 * code that relied on this format for path operations.
 *
 * This implementation restores the Node 20 behavior by adding a trailing
 * backslash to all junction results on Windows.
 */
function readlink(fsPath) {
    return io_util_awaiter(this, void 0, void 0, function* () {
        const result = yield fs.promises.readlink(fsPath);
        // On Windows, restore Node 20 behavior: add trailing backslash to all results
        // since junctions on Windows are always directory links
        if (IS_WINDOWS && !result.endsWith('\\')) {
            return `${result}\\`;
        }
        return result;
    });
}
// See https://github.com/nodejs/node/blob/d0153aee367422d0858105abec186da4dff0a0c5/deps/uv/include/uv/win.h#L691
const UV_FS_O_EXLOCK = 0x10000000;
const READONLY = external_fs_namespaceObject.constants.O_RDONLY;
function exists(fsPath) {
    return io_util_awaiter(this, void 0, void 0, function* () {
        try {
            yield stat(fsPath);
        }
        catch (err) {
            if (err.code === 'ENOENT') {
                return false;
            }
            throw err;
        }
        return true;
    });
}
function isDirectory(fsPath_1) {
    return io_util_awaiter(this, arguments, void 0, function* (fsPath, useStat = false) {
        const stats = useStat ? yield stat(fsPath) : yield lstat(fsPath);
        return stats.isDirectory();
    });
}
/**
 * On OSX/Linux, true if path starts with '/'. On Windows, true for paths like:
 * \, \hello, \\hello\share, C:, and C:\hello (and corresponding alternate separator cases).
 */
function isRooted(p) {
    p = normalizeSeparators(p);
    if (!p) {
        throw new Error('isRooted() parameter "p" cannot be empty');
    }
    if (IS_WINDOWS) {
        return (p.startsWith('\\') || /^[A-Z]:/i.test(p) // e.g. \ or \hello or \\hello
        ); // e.g. C: or C:\hello
    }
    return p.startsWith('/');
}
/**
 * Best effort attempt to determine whether a file exists and is executable.
 * @param filePath    file path to check
 * @param extensions  additional file extensions to try
 * @return if file exists and is executable, returns the file path. otherwise empty string.
 */
function tryGetExecutablePath(filePath, extensions) {
    return io_util_awaiter(this, void 0, void 0, function* () {
        let stats = undefined;
        try {
            // test file exists
            stats = yield stat(filePath);
        }
        catch (err) {
            if (err.code !== 'ENOENT') {
                // eslint-disable-next-line no-console
                console.log(`Unexpected error attempting to determine if executable file exists '${filePath}': ${err}`);
            }
        }
        if (stats && stats.isFile()) {
            if (IS_WINDOWS) {
                // on Windows, test for valid extension
                const upperExt = external_path_namespaceObject.extname(filePath).toUpperCase();
                if (extensions.some(validExt => validExt.toUpperCase() === upperExt)) {
                    return filePath;
                }
            }
            else {
                if (isUnixExecutable(stats)) {
                    return filePath;
                }
            }
        }
        // try each extension
        const originalFilePath = filePath;
        for (const extension of extensions) {
            filePath = originalFilePath + extension;
            stats = undefined;
            try {
                stats = yield stat(filePath);
            }
            catch (err) {
                if (err.code !== 'ENOENT') {
                    // eslint-disable-next-line no-console
                    console.log(`Unexpected error attempting to determine if executable file exists '${filePath}': ${err}`);
                }
            }
            if (stats && stats.isFile()) {
                if (IS_WINDOWS) {
                    // preserve the case of the actual file (since an extension was appended)
                    try {
                        const directory = external_path_namespaceObject.dirname(filePath);
                        const upperName = external_path_namespaceObject.basename(filePath).toUpperCase();
                        for (const actualName of yield readdir(directory)) {
                            if (upperName === actualName.toUpperCase()) {
                                filePath = external_path_namespaceObject.join(directory, actualName);
                                break;
                            }
                        }
                    }
                    catch (err) {
                        // eslint-disable-next-line no-console
                        console.log(`Unexpected error attempting to determine the actual case of the file '${filePath}': ${err}`);
                    }
                    return filePath;
                }
                else {
                    if (isUnixExecutable(stats)) {
                        return filePath;
                    }
                }
            }
        }
        return '';
    });
}
function normalizeSeparators(p) {
    p = p || '';
    if (IS_WINDOWS) {
        // convert slashes on Windows
        p = p.replace(/\//g, '\\');
        // remove redundant slashes
        return p.replace(/\\\\+/g, '\\');
    }
    // remove redundant slashes
    return p.replace(/\/\/+/g, '/');
}
// on Mac/Linux, test the execute bit
//     R   W  X  R  W X R W X
//   256 128 64 32 16 8 4 2 1
function isUnixExecutable(stats) {
    return ((stats.mode & 1) > 0 ||
        ((stats.mode & 8) > 0 &&
            process.getgid !== undefined &&
            stats.gid === process.getgid()) ||
        ((stats.mode & 64) > 0 &&
            process.getuid !== undefined &&
            stats.uid === process.getuid()));
}
// Get the path of cmd.exe in windows
function getCmdPath() {
    var _a;
    return (_a = process.env['COMSPEC']) !== null && _a !== void 0 ? _a : `cmd.exe`;
}
//# sourceMappingURL=io-util.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/io/lib/io.js
var io_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};



/**
 * Copies a file or folder.
 * Based off of shelljs - https://github.com/shelljs/shelljs/blob/9237f66c52e5daa40458f94f9565e18e8132f5a6/src/cp.js
 *
 * @param     source    source path
 * @param     dest      destination path
 * @param     options   optional. See CopyOptions.
 */
function cp(source_1, dest_1) {
    return io_awaiter(this, arguments, void 0, function* (source, dest, options = {}) {
        const { force, recursive, copySourceDirectory } = readCopyOptions(options);
        const destStat = (yield ioUtil.exists(dest)) ? yield ioUtil.stat(dest) : null;
        // Dest is an existing file, but not forcing
        if (destStat && destStat.isFile() && !force) {
            return;
        }
        // If dest is an existing directory, should copy inside.
        const newDest = destStat && destStat.isDirectory() && copySourceDirectory
            ? path.join(dest, path.basename(source))
            : dest;
        if (!(yield ioUtil.exists(source))) {
            throw new Error(`no such file or directory: ${source}`);
        }
        const sourceStat = yield ioUtil.stat(source);
        if (sourceStat.isDirectory()) {
            if (!recursive) {
                throw new Error(`Failed to copy. ${source} is a directory, but tried to copy without recursive flag.`);
            }
            else {
                yield cpDirRecursive(source, newDest, 0, force);
            }
        }
        else {
            if (path.relative(source, newDest) === '') {
                // a file cannot be copied to itself
                throw new Error(`'${newDest}' and '${source}' are the same file`);
            }
            yield io_copyFile(source, newDest, force);
        }
    });
}
/**
 * Moves a path.
 *
 * @param     source    source path
 * @param     dest      destination path
 * @param     options   optional. See MoveOptions.
 */
function mv(source_1, dest_1) {
    return io_awaiter(this, arguments, void 0, function* (source, dest, options = {}) {
        if (yield ioUtil.exists(dest)) {
            let destExists = true;
            if (yield ioUtil.isDirectory(dest)) {
                // If dest is directory copy src into dest
                dest = path.join(dest, path.basename(source));
                destExists = yield ioUtil.exists(dest);
            }
            if (destExists) {
                if (options.force == null || options.force) {
                    yield rmRF(dest);
                }
                else {
                    throw new Error('Destination already exists');
                }
            }
        }
        yield mkdirP(path.dirname(dest));
        yield ioUtil.rename(source, dest);
    });
}
/**
 * Remove a path recursively with force
 *
 * @param inputPath path to remove
 */
function rmRF(inputPath) {
    return io_awaiter(this, void 0, void 0, function* () {
        if (ioUtil.IS_WINDOWS) {
            // Check for invalid characters
            // https://docs.microsoft.com/en-us/windows/win32/fileio/naming-a-file
            if (/[*"<>|]/.test(inputPath)) {
                throw new Error('File path must not contain `*`, `"`, `<`, `>` or `|` on Windows');
            }
        }
        try {
            // note if path does not exist, error is silent
            yield ioUtil.rm(inputPath, {
                force: true,
                maxRetries: 3,
                recursive: true,
                retryDelay: 300
            });
        }
        catch (err) {
            throw new Error(`File was unable to be removed ${err}`);
        }
    });
}
/**
 * Make a directory.  Creates the full path with folders in between
 * Will throw if it fails
 *
 * @param   fsPath        path to create
 * @returns Promise<void>
 */
function mkdirP(fsPath) {
    return io_awaiter(this, void 0, void 0, function* () {
        ok(fsPath, 'a path argument must be provided');
        yield ioUtil.mkdir(fsPath, { recursive: true });
    });
}
/**
 * Returns path of a tool had the tool actually been invoked.  Resolves via paths.
 * If you check and the tool does not exist, it will throw.
 *
 * @param     tool              name of the tool
 * @param     check             whether to check if tool exists
 * @returns   Promise<string>   path to tool
 */
function which(tool, check) {
    return io_awaiter(this, void 0, void 0, function* () {
        if (!tool) {
            throw new Error("parameter 'tool' is required");
        }
        // recursive when check=true
        if (check) {
            const result = yield which(tool, false);
            if (!result) {
                if (IS_WINDOWS) {
                    throw new Error(`Unable to locate executable file: ${tool}. Please verify either the file path exists or the file can be found within a directory specified by the PATH environment variable. Also verify the file has a valid extension for an executable file.`);
                }
                else {
                    throw new Error(`Unable to locate executable file: ${tool}. Please verify either the file path exists or the file can be found within a directory specified by the PATH environment variable. Also check the file mode to verify the file is executable.`);
                }
            }
            return result;
        }
        const matches = yield findInPath(tool);
        if (matches && matches.length > 0) {
            return matches[0];
        }
        return '';
    });
}
/**
 * Returns a list of all occurrences of the given tool on the system path.
 *
 * @returns   Promise<string[]>  the paths of the tool
 */
function findInPath(tool) {
    return io_awaiter(this, void 0, void 0, function* () {
        if (!tool) {
            throw new Error("parameter 'tool' is required");
        }
        // build the list of extensions to try
        const extensions = [];
        if (IS_WINDOWS && process.env['PATHEXT']) {
            for (const extension of process.env['PATHEXT'].split(external_path_namespaceObject.delimiter)) {
                if (extension) {
                    extensions.push(extension);
                }
            }
        }
        // if it's rooted, return it if exists. otherwise return empty.
        if (isRooted(tool)) {
            const filePath = yield tryGetExecutablePath(tool, extensions);
            if (filePath) {
                return [filePath];
            }
            return [];
        }
        // if any path separators, return empty
        if (tool.includes(external_path_namespaceObject.sep)) {
            return [];
        }
        // build the list of directories
        //
        // Note, technically "where" checks the current directory on Windows. From a toolkit perspective,
        // it feels like we should not do this. Checking the current directory seems like more of a use
        // case of a shell, and the which() function exposed by the toolkit should strive for consistency
        // across platforms.
        const directories = [];
        if (process.env.PATH) {
            for (const p of process.env.PATH.split(external_path_namespaceObject.delimiter)) {
                if (p) {
                    directories.push(p);
                }
            }
        }
        // find all matches
        const matches = [];
        for (const directory of directories) {
            const filePath = yield tryGetExecutablePath(external_path_namespaceObject.join(directory, tool), extensions);
            if (filePath) {
                matches.push(filePath);
            }
        }
        return matches;
    });
}
function readCopyOptions(options) {
    const force = options.force == null ? true : options.force;
    const recursive = Boolean(options.recursive);
    const copySourceDirectory = options.copySourceDirectory == null
        ? true
        : Boolean(options.copySourceDirectory);
    return { force, recursive, copySourceDirectory };
}
function cpDirRecursive(sourceDir, destDir, currentDepth, force) {
    return io_awaiter(this, void 0, void 0, function* () {
        // Ensure there is not a run away recursive copy
        if (currentDepth >= 255)
            return;
        currentDepth++;
        yield mkdirP(destDir);
        const files = yield ioUtil.readdir(sourceDir);
        for (const fileName of files) {
            const srcFile = `${sourceDir}/${fileName}`;
            const destFile = `${destDir}/${fileName}`;
            const srcFileStat = yield ioUtil.lstat(srcFile);
            if (srcFileStat.isDirectory()) {
                // Recurse
                yield cpDirRecursive(srcFile, destFile, currentDepth, force);
            }
            else {
                yield io_copyFile(srcFile, destFile, force);
            }
        }
        // Change the mode for the newly created directory
        yield ioUtil.chmod(destDir, (yield ioUtil.stat(sourceDir)).mode);
    });
}
// Buffered file copy
function io_copyFile(srcFile, destFile, force) {
    return io_awaiter(this, void 0, void 0, function* () {
        if ((yield ioUtil.lstat(srcFile)).isSymbolicLink()) {
            // unlink/re-link it
            try {
                yield ioUtil.lstat(destFile);
                yield ioUtil.unlink(destFile);
            }
            catch (e) {
                // Try to override file permission
                if (e.code === 'EPERM') {
                    yield ioUtil.chmod(destFile, '0666');
                    yield ioUtil.unlink(destFile);
                }
                // other errors = it doesn't exist, no work to do
            }
            // Copy over symlink
            const symlinkFull = yield ioUtil.readlink(srcFile);
            yield ioUtil.symlink(symlinkFull, destFile, ioUtil.IS_WINDOWS ? 'junction' : null);
        }
        else if (!(yield ioUtil.exists(destFile)) || force) {
            yield ioUtil.copyFile(srcFile, destFile);
        }
    });
}
//# sourceMappingURL=io.js.map
;// CONCATENATED MODULE: external "timers"
const external_timers_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("timers");
;// CONCATENATED MODULE: ./node_modules/@actions/exec/lib/toolrunner.js
var toolrunner_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};







/* eslint-disable @typescript-eslint/unbound-method */
const toolrunner_IS_WINDOWS = process.platform === 'win32';
/*
 * Class for running command line tools. Handles quoting and arg parsing in a platform agnostic way.
 */
class ToolRunner extends external_events_.EventEmitter {
    constructor(toolPath, args, options) {
        super();
        if (!toolPath) {
            throw new Error("Parameter 'toolPath' cannot be null or empty.");
        }
        this.toolPath = toolPath;
        this.args = args || [];
        this.options = options || {};
    }
    _debug(message) {
        if (this.options.listeners && this.options.listeners.debug) {
            this.options.listeners.debug(message);
        }
    }
    _getCommandString(options, noPrefix) {
        const toolPath = this._getSpawnFileName();
        const args = this._getSpawnArgs(options);
        let cmd = noPrefix ? '' : '[command]'; // omit prefix when piped to a second tool
        if (toolrunner_IS_WINDOWS) {
            // Windows + cmd file
            if (this._isCmdFile()) {
                cmd += toolPath;
                for (const a of args) {
                    cmd += ` ${a}`;
                }
            }
            // Windows + verbatim
            else if (options.windowsVerbatimArguments) {
                cmd += `"${toolPath}"`;
                for (const a of args) {
                    cmd += ` ${a}`;
                }
            }
            // Windows (regular)
            else {
                cmd += this._windowsQuoteCmdArg(toolPath);
                for (const a of args) {
                    cmd += ` ${this._windowsQuoteCmdArg(a)}`;
                }
            }
        }
        else {
            // OSX/Linux - this can likely be improved with some form of quoting.
            // creating processes on Unix is fundamentally different than Windows.
            // on Unix, execvp() takes an arg array.
            cmd += toolPath;
            for (const a of args) {
                cmd += ` ${a}`;
            }
        }
        return cmd;
    }
    _processLineBuffer(data, strBuffer, onLine) {
        try {
            let s = strBuffer + data.toString();
            let n = s.indexOf(external_os_namespaceObject.EOL);
            while (n > -1) {
                const line = s.substring(0, n);
                onLine(line);
                // the rest of the string ...
                s = s.substring(n + external_os_namespaceObject.EOL.length);
                n = s.indexOf(external_os_namespaceObject.EOL);
            }
            return s;
        }
        catch (err) {
            // streaming lines to console is best effort.  Don't fail a build.
            this._debug(`error processing line. Failed with error ${err}`);
            return '';
        }
    }
    _getSpawnFileName() {
        if (toolrunner_IS_WINDOWS) {
            if (this._isCmdFile()) {
                return process.env['COMSPEC'] || 'cmd.exe';
            }
        }
        return this.toolPath;
    }
    _getSpawnArgs(options) {
        if (toolrunner_IS_WINDOWS) {
            if (this._isCmdFile()) {
                let argline = `/D /S /C "${this._windowsQuoteCmdArg(this.toolPath)}`;
                for (const a of this.args) {
                    argline += ' ';
                    argline += options.windowsVerbatimArguments
                        ? a
                        : this._windowsQuoteCmdArg(a);
                }
                argline += '"';
                return [argline];
            }
        }
        return this.args;
    }
    _endsWith(str, end) {
        return str.endsWith(end);
    }
    _isCmdFile() {
        const upperToolPath = this.toolPath.toUpperCase();
        return (this._endsWith(upperToolPath, '.CMD') ||
            this._endsWith(upperToolPath, '.BAT'));
    }
    _windowsQuoteCmdArg(arg) {
        // for .exe, apply the normal quoting rules that libuv applies
        if (!this._isCmdFile()) {
            return this._uvQuoteCmdArg(arg);
        }
        // otherwise apply quoting rules specific to the cmd.exe command line parser.
        // the libuv rules are generic and are not designed specifically for cmd.exe
        // command line parser.
        //
        // for a detailed description of the cmd.exe command line parser, refer to
        // http://stackoverflow.com/questions/4094699/how-does-the-windows-command-interpreter-cmd-exe-parse-scripts/7970912#7970912
        // need quotes for empty arg
        if (!arg) {
            return '""';
        }
        // determine whether the arg needs to be quoted
        const cmdSpecialChars = [
            ' ',
            '\t',
            '&',
            '(',
            ')',
            '[',
            ']',
            '{',
            '}',
            '^',
            '=',
            ';',
            '!',
            "'",
            '+',
            ',',
            '`',
            '~',
            '|',
            '<',
            '>',
            '"'
        ];
        let needsQuotes = false;
        for (const char of arg) {
            if (cmdSpecialChars.some(x => x === char)) {
                needsQuotes = true;
                break;
            }
        }
        // short-circuit if quotes not needed
        if (!needsQuotes) {
            return arg;
        }
        // the following quoting rules are very similar to the rules that by libuv applies.
        //
        // 1) wrap the string in quotes
        //
        // 2) double-up quotes - i.e. " => ""
        //
        //    this is different from the libuv quoting rules. libuv replaces " with \", which unfortunately
        //    doesn't work well with a cmd.exe command line.
        //
        //    note, replacing " with "" also works well if the arg is passed to a downstream .NET console app.
        //    for example, the command line:
        //          foo.exe "myarg:""my val"""
        //    is parsed by a .NET console app into an arg array:
        //          [ "myarg:\"my val\"" ]
        //    which is the same end result when applying libuv quoting rules. although the actual
        //    command line from libuv quoting rules would look like:
        //          foo.exe "myarg:\"my val\""
        //
        // 3) double-up slashes that precede a quote,
        //    e.g.  hello \world    => "hello \world"
        //          hello\"world    => "hello\\""world"
        //          hello\\"world   => "hello\\\\""world"
        //          hello world\    => "hello world\\"
        //
        //    technically this is not required for a cmd.exe command line, or the batch argument parser.
        //    the reasons for including this as a .cmd quoting rule are:
        //
        //    a) this is optimized for the scenario where the argument is passed from the .cmd file to an
        //       external program. many programs (e.g. .NET console apps) rely on the slash-doubling rule.
        //
        //    b) it's what we've been doing previously (by deferring to node default behavior) and we
        //       haven't heard any complaints about that aspect.
        //
        // note, a weakness of the quoting rules chosen here, is that % is not escaped. in fact, % cannot be
        // escaped when used on the command line directly - even though within a .cmd file % can be escaped
        // by using %%.
        //
        // the saving grace is, on the command line, %var% is left as-is if var is not defined. this contrasts
        // the line parsing rules within a .cmd file, where if var is not defined it is replaced with nothing.
        //
        // one option that was explored was replacing % with ^% - i.e. %var% => ^%var^%. this hack would
        // often work, since it is unlikely that var^ would exist, and the ^ character is removed when the
        // variable is used. the problem, however, is that ^ is not removed when %* is used to pass the args
        // to an external program.
        //
        // an unexplored potential solution for the % escaping problem, is to create a wrapper .cmd file.
        // % can be escaped within a .cmd file.
        let reverse = '"';
        let quoteHit = true;
        for (let i = arg.length; i > 0; i--) {
            // walk the string in reverse
            reverse += arg[i - 1];
            if (quoteHit && arg[i - 1] === '\\') {
                reverse += '\\'; // double the slash
            }
            else if (arg[i - 1] === '"') {
                quoteHit = true;
                reverse += '"'; // double the quote
            }
            else {
                quoteHit = false;
            }
        }
        reverse += '"';
        return reverse.split('').reverse().join('');
    }
    _uvQuoteCmdArg(arg) {
        // Tool runner wraps child_process.spawn() and needs to apply the same quoting as
        // Node in certain cases where the undocumented spawn option windowsVerbatimArguments
        // is used.
        //
        // Since this function is a port of quote_cmd_arg from Node 4.x (technically, lib UV,
        // see https://github.com/nodejs/node/blob/v4.x/deps/uv/src/win/process.c for details),
        // pasting copyright notice from Node within this function:
        //
        //      Copyright Joyent, Inc. and other Node contributors. All rights reserved.
        //
        //      Permission is hereby granted, free of charge, to any person obtaining a copy
        //      of this software and associated documentation files (the "Software"), to
        //      deal in the Software without restriction, including without limitation the
        //      rights to use, copy, modify, merge, publish, distribute, sublicense, and/or
        //      sell copies of the Software, and to permit persons to whom the Software is
        //      furnished to do so, subject to the following conditions:
        //
        //      The above copyright notice and this permission notice shall be included in
        //      all copies or substantial portions of the Software.
        //
        //      THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
        //      IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
        //      FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
        //      AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
        //      LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING
        //      FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS
        //      IN THE SOFTWARE.
        if (!arg) {
            // Need double quotation for empty argument
            return '""';
        }
        if (!arg.includes(' ') && !arg.includes('\t') && !arg.includes('"')) {
            // No quotation needed
            return arg;
        }
        if (!arg.includes('"') && !arg.includes('\\')) {
            // No embedded double quotes or backslashes, so I can just wrap
            // quote marks around the whole thing.
            return `"${arg}"`;
        }
        // Expected input/output:
        //   input : hello"world
        //   output: "hello\"world"
        //   input : hello""world
        //   output: "hello\"\"world"
        //   input : hello\world
        //   output: hello\world
        //   input : hello\\world
        //   output: hello\\world
        //   input : hello\"world
        //   output: "hello\\\"world"
        //   input : hello\\"world
        //   output: "hello\\\\\"world"
        //   input : hello world\
        //   output: "hello world\\" - note the comment in libuv actually reads "hello world\"
        //                             but it appears the comment is wrong, it should be "hello world\\"
        let reverse = '"';
        let quoteHit = true;
        for (let i = arg.length; i > 0; i--) {
            // walk the string in reverse
            reverse += arg[i - 1];
            if (quoteHit && arg[i - 1] === '\\') {
                reverse += '\\';
            }
            else if (arg[i - 1] === '"') {
                quoteHit = true;
                reverse += '\\';
            }
            else {
                quoteHit = false;
            }
        }
        reverse += '"';
        return reverse.split('').reverse().join('');
    }
    _cloneExecOptions(options) {
        options = options || {};
        const result = {
            cwd: options.cwd || process.cwd(),
            env: options.env || process.env,
            silent: options.silent || false,
            windowsVerbatimArguments: options.windowsVerbatimArguments || false,
            failOnStdErr: options.failOnStdErr || false,
            ignoreReturnCode: options.ignoreReturnCode || false,
            delay: options.delay || 10000
        };
        result.outStream = options.outStream || process.stdout;
        result.errStream = options.errStream || process.stderr;
        return result;
    }
    _getSpawnOptions(options, toolPath) {
        options = options || {};
        const result = {};
        result.cwd = options.cwd;
        result.env = options.env;
        result['windowsVerbatimArguments'] =
            options.windowsVerbatimArguments || this._isCmdFile();
        if (options.windowsVerbatimArguments) {
            result.argv0 = `"${toolPath}"`;
        }
        return result;
    }
    /**
     * Exec a tool.
     * Output will be streamed to the live console.
     * Returns promise with return code
     *
     * @param     tool     path to tool to exec
     * @param     options  optional exec options.  See ExecOptions
     * @returns   number
     */
    exec() {
        return toolrunner_awaiter(this, void 0, void 0, function* () {
            // root the tool path if it is unrooted and contains relative pathing
            if (!isRooted(this.toolPath) &&
                (this.toolPath.includes('/') ||
                    (toolrunner_IS_WINDOWS && this.toolPath.includes('\\')))) {
                // prefer options.cwd if it is specified, however options.cwd may also need to be rooted
                this.toolPath = external_path_namespaceObject.resolve(process.cwd(), this.options.cwd || process.cwd(), this.toolPath);
            }
            // if the tool is only a file name, then resolve it from the PATH
            // otherwise verify it exists (add extension on Windows if necessary)
            this.toolPath = yield which(this.toolPath, true);
            return new Promise((resolve, reject) => toolrunner_awaiter(this, void 0, void 0, function* () {
                this._debug(`exec tool: ${this.toolPath}`);
                this._debug('arguments:');
                for (const arg of this.args) {
                    this._debug(`   ${arg}`);
                }
                const optionsNonNull = this._cloneExecOptions(this.options);
                if (!optionsNonNull.silent && optionsNonNull.outStream) {
                    optionsNonNull.outStream.write(this._getCommandString(optionsNonNull) + external_os_namespaceObject.EOL);
                }
                const state = new ExecState(optionsNonNull, this.toolPath);
                state.on('debug', (message) => {
                    this._debug(message);
                });
                if (this.options.cwd && !(yield exists(this.options.cwd))) {
                    return reject(new Error(`The cwd: ${this.options.cwd} does not exist!`));
                }
                const fileName = this._getSpawnFileName();
                const cp = external_child_process_namespaceObject.spawn(fileName, this._getSpawnArgs(optionsNonNull), this._getSpawnOptions(this.options, fileName));
                let stdbuffer = '';
                if (cp.stdout) {
                    cp.stdout.on('data', (data) => {
                        if (this.options.listeners && this.options.listeners.stdout) {
                            this.options.listeners.stdout(data);
                        }
                        if (!optionsNonNull.silent && optionsNonNull.outStream) {
                            optionsNonNull.outStream.write(data);
                        }
                        stdbuffer = this._processLineBuffer(data, stdbuffer, (line) => {
                            if (this.options.listeners && this.options.listeners.stdline) {
                                this.options.listeners.stdline(line);
                            }
                        });
                    });
                }
                let errbuffer = '';
                if (cp.stderr) {
                    cp.stderr.on('data', (data) => {
                        state.processStderr = true;
                        if (this.options.listeners && this.options.listeners.stderr) {
                            this.options.listeners.stderr(data);
                        }
                        if (!optionsNonNull.silent &&
                            optionsNonNull.errStream &&
                            optionsNonNull.outStream) {
                            const s = optionsNonNull.failOnStdErr
                                ? optionsNonNull.errStream
                                : optionsNonNull.outStream;
                            s.write(data);
                        }
                        errbuffer = this._processLineBuffer(data, errbuffer, (line) => {
                            if (this.options.listeners && this.options.listeners.errline) {
                                this.options.listeners.errline(line);
                            }
                        });
                    });
                }
                cp.on('error', (err) => {
                    state.processError = err.message;
                    state.processExited = true;
                    state.processClosed = true;
                    state.CheckComplete();
                });
                cp.on('exit', (code) => {
                    state.processExitCode = code;
                    state.processExited = true;
                    this._debug(`Exit code ${code} received from tool '${this.toolPath}'`);
                    state.CheckComplete();
                });
                cp.on('close', (code) => {
                    state.processExitCode = code;
                    state.processExited = true;
                    state.processClosed = true;
                    this._debug(`STDIO streams have closed for tool '${this.toolPath}'`);
                    state.CheckComplete();
                });
                state.on('done', (error, exitCode) => {
                    if (stdbuffer.length > 0) {
                        this.emit('stdline', stdbuffer);
                    }
                    if (errbuffer.length > 0) {
                        this.emit('errline', errbuffer);
                    }
                    cp.removeAllListeners();
                    if (error) {
                        reject(error);
                    }
                    else {
                        resolve(exitCode);
                    }
                });
                if (this.options.input) {
                    if (!cp.stdin) {
                        throw new Error('child process missing stdin');
                    }
                    cp.stdin.end(this.options.input);
                }
            }));
        });
    }
}
/**
 * Convert an arg string to an array of args. Handles escaping
 *
 * @param    argString   string of arguments
 * @returns  string[]    array of arguments
 */
function argStringToArray(argString) {
    const args = [];
    let inQuotes = false;
    let escaped = false;
    let arg = '';
    function append(c) {
        // we only escape double quotes.
        if (escaped && c !== '"') {
            arg += '\\';
        }
        arg += c;
        escaped = false;
    }
    for (let i = 0; i < argString.length; i++) {
        const c = argString.charAt(i);
        if (c === '"') {
            if (!escaped) {
                inQuotes = !inQuotes;
            }
            else {
                append(c);
            }
            continue;
        }
        if (c === '\\' && escaped) {
            append(c);
            continue;
        }
        if (c === '\\' && inQuotes) {
            escaped = true;
            continue;
        }
        if (c === ' ' && !inQuotes) {
            if (arg.length > 0) {
                args.push(arg);
                arg = '';
            }
            continue;
        }
        append(c);
    }
    if (arg.length > 0) {
        args.push(arg.trim());
    }
    return args;
}
class ExecState extends external_events_.EventEmitter {
    constructor(options, toolPath) {
        super();
        this.processClosed = false; // tracks whether the process has exited and stdio is closed
        this.processError = '';
        this.processExitCode = 0;
        this.processExited = false; // tracks whether the process has exited
        this.processStderr = false; // tracks whether stderr was written to
        this.delay = 10000; // 10 seconds
        this.done = false;
        this.timeout = null;
        if (!toolPath) {
            throw new Error('toolPath must not be empty');
        }
        this.options = options;
        this.toolPath = toolPath;
        if (options.delay) {
            this.delay = options.delay;
        }
    }
    CheckComplete() {
        if (this.done) {
            return;
        }
        if (this.processClosed) {
            this._setResult();
        }
        else if (this.processExited) {
            this.timeout = (0,external_timers_namespaceObject.setTimeout)(ExecState.HandleTimeout, this.delay, this);
        }
    }
    _debug(message) {
        this.emit('debug', message);
    }
    _setResult() {
        // determine whether there is an error
        let error;
        if (this.processExited) {
            if (this.processError) {
                error = new Error(`There was an error when attempting to execute the process '${this.toolPath}'. This may indicate the process failed to start. Error: ${this.processError}`);
            }
            else if (this.processExitCode !== 0 && !this.options.ignoreReturnCode) {
                error = new Error(`The process '${this.toolPath}' failed with exit code ${this.processExitCode}`);
            }
            else if (this.processStderr && this.options.failOnStdErr) {
                error = new Error(`The process '${this.toolPath}' failed because one or more lines were written to the STDERR stream`);
            }
        }
        // clear the timeout
        if (this.timeout) {
            clearTimeout(this.timeout);
            this.timeout = null;
        }
        this.done = true;
        this.emit('done', error, this.processExitCode);
    }
    static HandleTimeout(state) {
        if (state.done) {
            return;
        }
        if (!state.processClosed && state.processExited) {
            const message = `The STDIO streams did not close within ${state.delay / 1000} seconds of the exit event from process '${state.toolPath}'. This may indicate a child process inherited the STDIO streams and has not yet exited.`;
            state._debug(message);
        }
        state._setResult();
    }
}
//# sourceMappingURL=toolrunner.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/exec/lib/exec.js
var exec_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};


/**
 * Exec a command.
 * Output will be streamed to the live console.
 * Returns promise with return code
 *
 * @param     commandLine        command to execute (can include additional args). Must be correctly escaped.
 * @param     args               optional arguments for tool. Escaping is handled by the lib.
 * @param     options            optional exec options.  See ExecOptions
 * @returns   Promise<number>    exit code
 */
function exec_exec(commandLine, args, options) {
    return exec_awaiter(this, void 0, void 0, function* () {
        const commandArgs = tr.argStringToArray(commandLine);
        if (commandArgs.length === 0) {
            throw new Error(`Parameter 'commandLine' cannot be null or empty.`);
        }
        // Path to tool to execute should be first arg
        const toolPath = commandArgs[0];
        args = commandArgs.slice(1).concat(args || []);
        const runner = new tr.ToolRunner(toolPath, args, options);
        return runner.exec();
    });
}
/**
 * Exec a command and get the output.
 * Output will be streamed to the live console.
 * Returns promise with the exit code and collected stdout and stderr
 *
 * @param     commandLine           command to execute (can include additional args). Must be correctly escaped.
 * @param     args                  optional arguments for tool. Escaping is handled by the lib.
 * @param     options               optional exec options.  See ExecOptions
 * @returns   Promise<ExecOutput>   exit code, stdout, and stderr
 */
function getExecOutput(commandLine, args, options) {
    return exec_awaiter(this, void 0, void 0, function* () {
        var _a, _b;
        let stdout = '';
        let stderr = '';
        //Using string decoder covers the case where a mult-byte character is split
        const stdoutDecoder = new StringDecoder('utf8');
        const stderrDecoder = new StringDecoder('utf8');
        const originalStdoutListener = (_a = options === null || options === void 0 ? void 0 : options.listeners) === null || _a === void 0 ? void 0 : _a.stdout;
        const originalStdErrListener = (_b = options === null || options === void 0 ? void 0 : options.listeners) === null || _b === void 0 ? void 0 : _b.stderr;
        const stdErrListener = (data) => {
            stderr += stderrDecoder.write(data);
            if (originalStdErrListener) {
                originalStdErrListener(data);
            }
        };
        const stdOutListener = (data) => {
            stdout += stdoutDecoder.write(data);
            if (originalStdoutListener) {
                originalStdoutListener(data);
            }
        };
        const listeners = Object.assign(Object.assign({}, options === null || options === void 0 ? void 0 : options.listeners), { stdout: stdOutListener, stderr: stdErrListener });
        const exitCode = yield exec_exec(commandLine, args, Object.assign(Object.assign({}, options), { listeners }));
        //flush any remaining characters
        stdout += stdoutDecoder.end();
        stderr += stderrDecoder.end();
        return {
            exitCode,
            stdout,
            stderr
        };
    });
}
//# sourceMappingURL=exec.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/platform.js
var platform_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};


const getWindowsInfo = () => platform_awaiter(void 0, void 0, void 0, function* () {
    const { stdout: version } = yield exec.getExecOutput('powershell -command "(Get-CimInstance -ClassName Win32_OperatingSystem).Version"', undefined, {
        silent: true
    });
    const { stdout: name } = yield exec.getExecOutput('powershell -command "(Get-CimInstance -ClassName Win32_OperatingSystem).Caption"', undefined, {
        silent: true
    });
    return {
        name: name.trim(),
        version: version.trim()
    };
});
const getMacOsInfo = () => platform_awaiter(void 0, void 0, void 0, function* () {
    var _a, _b, _c, _d;
    const { stdout } = yield exec.getExecOutput('sw_vers', undefined, {
        silent: true
    });
    const version = (_b = (_a = stdout.match(/ProductVersion:\s*(.+)/)) === null || _a === void 0 ? void 0 : _a[1]) !== null && _b !== void 0 ? _b : '';
    const name = (_d = (_c = stdout.match(/ProductName:\s*(.+)/)) === null || _c === void 0 ? void 0 : _c[1]) !== null && _d !== void 0 ? _d : '';
    return {
        name,
        version
    };
});
const getLinuxInfo = () => platform_awaiter(void 0, void 0, void 0, function* () {
    const { stdout } = yield exec.getExecOutput('lsb_release', ['-i', '-r', '-s'], {
        silent: true
    });
    const [name, version] = stdout.trim().split('\n');
    return {
        name,
        version
    };
});
const platform = external_os_namespaceObject.platform();
const arch = external_os_namespaceObject.arch();
const isWindows = platform === 'win32';
const isMacOS = platform === 'darwin';
const isLinux = platform === 'linux';
function getDetails() {
    return platform_awaiter(this, void 0, void 0, function* () {
        return Object.assign(Object.assign({}, (yield (isWindows
            ? getWindowsInfo()
            : isMacOS
                ? getMacOsInfo()
                : getLinuxInfo()))), { platform,
            arch,
            isWindows,
            isMacOS,
            isLinux });
    });
}
//# sourceMappingURL=platform.js.map
;// CONCATENATED MODULE: ./node_modules/@actions/core/lib/core.js
var core_awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};






/**
 * The code to exit an action
 */
var ExitCode;
(function (ExitCode) {
    /**
     * A code indicating that the action was successful
     */
    ExitCode[ExitCode["Success"] = 0] = "Success";
    /**
     * A code indicating that the action was a failure
     */
    ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
//-----------------------------------------------------------------------
// Variables
//-----------------------------------------------------------------------
/**
 * Sets env variable for this action and future actions in the job
 * @param name the name of the variable to set
 * @param val the value of the variable. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function exportVariable(name, val) {
    const convertedVal = toCommandValue(val);
    process.env[name] = convertedVal;
    const filePath = process.env['GITHUB_ENV'] || '';
    if (filePath) {
        return file_command_issueFileCommand('ENV', prepareKeyValueMessage(name, val));
    }
    command_issueCommand('set-env', { name }, convertedVal);
}
/**
 * Registers a secret which will get masked from logs
 *
 * @param secret - Value of the secret to be masked
 * @remarks
 * This function instructs the Actions runner to mask the specified value in any
 * logs produced during the workflow run. Once registered, the secret value will
 * be replaced with asterisks (***) whenever it appears in console output, logs,
 * or error messages.
 *
 * This is useful for protecting sensitive information such as:
 * - API keys
 * - Access tokens
 * - Authentication credentials
 * - URL parameters containing signatures (SAS tokens)
 *
 * Note that masking only affects future logs; any previous appearances of the
 * secret in logs before calling this function will remain unmasked.
 *
 * @example
 * ```typescript
 * // Register an API token as a secret
 * const apiToken = "abc123xyz456";
 * setSecret(apiToken);
 *
 * // Now any logs containing this value will show *** instead
 * console.log(`Using token: ${apiToken}`); // Outputs: "Using token: ***"
 * ```
 */
function core_setSecret(secret) {
    command_issueCommand('add-mask', {}, secret);
}
/**
 * Prepends inputPath to the PATH (for this action and future actions)
 * @param inputPath
 */
function addPath(inputPath) {
    const filePath = process.env['GITHUB_PATH'] || '';
    if (filePath) {
        issueFileCommand('PATH', inputPath);
    }
    else {
        issueCommand('add-path', {}, inputPath);
    }
    process.env['PATH'] = `${inputPath}${path.delimiter}${process.env['PATH']}`;
}
/**
 * Gets the value of an input.
 * Unless trimWhitespace is set to false in InputOptions, the value is also trimmed.
 * Returns an empty string if the value is not defined.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string
 */
function getInput(name, options) {
    const val = process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] || '';
    if (options && options.required && !val) {
        throw new Error(`Input required and not supplied: ${name}`);
    }
    if (options && options.trimWhitespace === false) {
        return val;
    }
    return val.trim();
}
/**
 * Gets the values of an multiline input.  Each value is also trimmed.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string[]
 *
 */
function getMultilineInput(name, options) {
    const inputs = getInput(name, options)
        .split('\n')
        .filter(x => x !== '');
    if (options && options.trimWhitespace === false) {
        return inputs;
    }
    return inputs.map(input => input.trim());
}
/**
 * Gets the input value of the boolean type in the YAML 1.2 "core schema" specification.
 * Support boolean input list: `true | True | TRUE | false | False | FALSE` .
 * The return value is also in boolean type.
 * ref: https://yaml.org/spec/1.2/spec.html#id2804923
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   boolean
 */
function getBooleanInput(name, options) {
    const trueValue = ['true', 'True', 'TRUE'];
    const falseValue = ['false', 'False', 'FALSE'];
    const val = getInput(name, options);
    if (trueValue.includes(val))
        return true;
    if (falseValue.includes(val))
        return false;
    throw new TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${name}\n` +
        `Support boolean input list: \`true | True | TRUE | false | False | FALSE\``);
}
/**
 * Sets the value of an output.
 *
 * @param     name     name of the output to set
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function setOutput(name, value) {
    const filePath = process.env['GITHUB_OUTPUT'] || '';
    if (filePath) {
        return file_command_issueFileCommand('OUTPUT', prepareKeyValueMessage(name, value));
    }
    process.stdout.write(external_os_namespaceObject.EOL);
    command_issueCommand('set-output', { name }, toCommandValue(value));
}
/**
 * Enables or disables the echoing of commands into stdout for the rest of the step.
 * Echoing is disabled by default if ACTIONS_STEP_DEBUG is not set.
 *
 */
function setCommandEcho(enabled) {
    issue('echo', enabled ? 'on' : 'off');
}
//-----------------------------------------------------------------------
// Results
//-----------------------------------------------------------------------
/**
 * Sets the action status to failed.
 * When the action exits it will be with an exit code of 1
 * @param message add error issue message
 */
function setFailed(message) {
    process.exitCode = ExitCode.Failure;
    error(message);
}
//-----------------------------------------------------------------------
// Logging Commands
//-----------------------------------------------------------------------
/**
 * Gets whether Actions Step Debug is on or not
 */
function isDebug() {
    return process.env['RUNNER_DEBUG'] === '1';
}
/**
 * Writes debug message to user log
 * @param message debug message
 */
function core_debug(message) {
    command_issueCommand('debug', {}, message);
}
/**
 * Adds an error issue
 * @param message error issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function error(message, properties = {}) {
    command_issueCommand('error', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a warning issue
 * @param message warning issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function warning(message, properties = {}) {
    command_issueCommand('warning', utils_toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a notice issue
 * @param message notice issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function notice(message, properties = {}) {
    issueCommand('notice', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Writes info to log with console.log.
 * @param message info message
 */
function info(message) {
    process.stdout.write(message + external_os_namespaceObject.EOL);
}
/**
 * Begin an output group.
 *
 * Output until the next `groupEnd` will be foldable in this group
 *
 * @param name The name of the output group
 */
function startGroup(name) {
    issue('group', name);
}
/**
 * End an output group.
 */
function endGroup() {
    issue('endgroup');
}
/**
 * Wrap an asynchronous function call in a group.
 *
 * Returns the same type as the function itself.
 *
 * @param name The name of the group
 * @param fn The function to wrap in the group
 */
function group(name, fn) {
    return core_awaiter(this, void 0, void 0, function* () {
        startGroup(name);
        let result;
        try {
            result = yield fn();
        }
        finally {
            endGroup();
        }
        return result;
    });
}
//-----------------------------------------------------------------------
// Wrapper action state
//-----------------------------------------------------------------------
/**
 * Saves state for current action, the state can only be retrieved by this action's post job execution.
 *
 * @param     name     name of the state to store
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function saveState(name, value) {
    const filePath = process.env['GITHUB_STATE'] || '';
    if (filePath) {
        return file_command_issueFileCommand('STATE', prepareKeyValueMessage(name, value));
    }
    command_issueCommand('save-state', { name }, toCommandValue(value));
}
/**
 * Gets the value of an state set by this action's main execution.
 *
 * @param     name     name of the state to get
 * @returns   string
 */
function getState(name) {
    return process.env[`STATE_${name}`] || '';
}
function getIDToken(aud) {
    return core_awaiter(this, void 0, void 0, function* () {
        return yield OidcClient.getIDToken(aud);
    });
}
/**
 * Summary exports
 */

/**
 * @deprecated use core.summary
 */

/**
 * Path exports
 */

/**
 * Platform utilities exports
 */

//# sourceMappingURL=core.js.map

/***/ }),

/***/ 543:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  Qq: () => (/* binding */ HttpClient)
});

// UNUSED EXPORTS: Headers, HttpClientError, HttpClientResponse, HttpCodes, MediaTypes, getProxyUrl, isHttps

// EXTERNAL MODULE: external "http"
var external_http_ = __nccwpck_require__(611);
var external_http_namespaceObject = /*#__PURE__*/__nccwpck_require__.t(external_http_, 2);
// EXTERNAL MODULE: external "https"
var external_https_ = __nccwpck_require__(692);
var external_https_namespaceObject = /*#__PURE__*/__nccwpck_require__.t(external_https_, 2);
// EXTERNAL MODULE: ./node_modules/@actions/http-client/lib/proxy.js
var proxy = __nccwpck_require__(783);
// EXTERNAL MODULE: ./node_modules/tunnel/index.js
var tunnel = __nccwpck_require__(770);
;// CONCATENATED MODULE: ./stand-ins/undici/index.js
/**
 * Stands in for undici below @actions/http-client, which imports it for `getAgentDispatcher()` alone: a proxy
 * for `fetch`, which nothing here calls. Requests, through a proxy too, go by Node's own `http`.
 */
class ProxyAgent {
  constructor() {
    throw new Error('undici is not in this bundle: a request was about to leave by fetch')
  }
}

;// CONCATENATED MODULE: ./node_modules/@actions/http-client/lib/index.js
/* eslint-disable @typescript-eslint/no-explicit-any */
var __awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};





var HttpCodes;
(function (HttpCodes) {
    HttpCodes[HttpCodes["OK"] = 200] = "OK";
    HttpCodes[HttpCodes["MultipleChoices"] = 300] = "MultipleChoices";
    HttpCodes[HttpCodes["MovedPermanently"] = 301] = "MovedPermanently";
    HttpCodes[HttpCodes["ResourceMoved"] = 302] = "ResourceMoved";
    HttpCodes[HttpCodes["SeeOther"] = 303] = "SeeOther";
    HttpCodes[HttpCodes["NotModified"] = 304] = "NotModified";
    HttpCodes[HttpCodes["UseProxy"] = 305] = "UseProxy";
    HttpCodes[HttpCodes["SwitchProxy"] = 306] = "SwitchProxy";
    HttpCodes[HttpCodes["TemporaryRedirect"] = 307] = "TemporaryRedirect";
    HttpCodes[HttpCodes["PermanentRedirect"] = 308] = "PermanentRedirect";
    HttpCodes[HttpCodes["BadRequest"] = 400] = "BadRequest";
    HttpCodes[HttpCodes["Unauthorized"] = 401] = "Unauthorized";
    HttpCodes[HttpCodes["PaymentRequired"] = 402] = "PaymentRequired";
    HttpCodes[HttpCodes["Forbidden"] = 403] = "Forbidden";
    HttpCodes[HttpCodes["NotFound"] = 404] = "NotFound";
    HttpCodes[HttpCodes["MethodNotAllowed"] = 405] = "MethodNotAllowed";
    HttpCodes[HttpCodes["NotAcceptable"] = 406] = "NotAcceptable";
    HttpCodes[HttpCodes["ProxyAuthenticationRequired"] = 407] = "ProxyAuthenticationRequired";
    HttpCodes[HttpCodes["RequestTimeout"] = 408] = "RequestTimeout";
    HttpCodes[HttpCodes["Conflict"] = 409] = "Conflict";
    HttpCodes[HttpCodes["Gone"] = 410] = "Gone";
    HttpCodes[HttpCodes["TooManyRequests"] = 429] = "TooManyRequests";
    HttpCodes[HttpCodes["InternalServerError"] = 500] = "InternalServerError";
    HttpCodes[HttpCodes["NotImplemented"] = 501] = "NotImplemented";
    HttpCodes[HttpCodes["BadGateway"] = 502] = "BadGateway";
    HttpCodes[HttpCodes["ServiceUnavailable"] = 503] = "ServiceUnavailable";
    HttpCodes[HttpCodes["GatewayTimeout"] = 504] = "GatewayTimeout";
})(HttpCodes || (HttpCodes = {}));
var Headers;
(function (Headers) {
    Headers["Accept"] = "accept";
    Headers["ContentType"] = "content-type";
})(Headers || (Headers = {}));
var MediaTypes;
(function (MediaTypes) {
    MediaTypes["ApplicationJson"] = "application/json";
})(MediaTypes || (MediaTypes = {}));
/**
 * Returns the proxy URL, depending upon the supplied url and proxy environment variables.
 * @param serverUrl  The server URL where the request will be sent. For example, https://api.github.com
 */
function getProxyUrl(serverUrl) {
    const proxyUrl = pm.getProxyUrl(new URL(serverUrl));
    return proxyUrl ? proxyUrl.href : '';
}
const HttpRedirectCodes = [
    HttpCodes.MovedPermanently,
    HttpCodes.ResourceMoved,
    HttpCodes.SeeOther,
    HttpCodes.TemporaryRedirect,
    HttpCodes.PermanentRedirect
];
const HttpResponseRetryCodes = [
    HttpCodes.BadGateway,
    HttpCodes.ServiceUnavailable,
    HttpCodes.GatewayTimeout
];
const RetryableHttpVerbs = ['OPTIONS', 'GET', 'DELETE', 'HEAD'];
const ExponentialBackoffCeiling = 10;
const ExponentialBackoffTimeSlice = 5;
class HttpClientError extends Error {
    constructor(message, statusCode) {
        super(message);
        this.name = 'HttpClientError';
        this.statusCode = statusCode;
        Object.setPrototypeOf(this, HttpClientError.prototype);
    }
}
class HttpClientResponse {
    constructor(message) {
        this.message = message;
    }
    readBody() {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve) => __awaiter(this, void 0, void 0, function* () {
                let output = Buffer.alloc(0);
                this.message.on('data', (chunk) => {
                    output = Buffer.concat([output, chunk]);
                });
                this.message.on('end', () => {
                    resolve(output.toString());
                });
            }));
        });
    }
    readBodyBuffer() {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve) => __awaiter(this, void 0, void 0, function* () {
                const chunks = [];
                this.message.on('data', (chunk) => {
                    chunks.push(chunk);
                });
                this.message.on('end', () => {
                    resolve(Buffer.concat(chunks));
                });
            }));
        });
    }
}
function isHttps(requestUrl) {
    const parsedUrl = new URL(requestUrl);
    return parsedUrl.protocol === 'https:';
}
class HttpClient {
    constructor(userAgent, handlers, requestOptions) {
        this._ignoreSslError = false;
        this._allowRedirects = true;
        this._allowRedirectDowngrade = false;
        this._maxRedirects = 50;
        this._allowRetries = false;
        this._maxRetries = 1;
        this._keepAlive = false;
        this._disposed = false;
        this.userAgent = this._getUserAgentWithOrchestrationId(userAgent);
        this.handlers = handlers || [];
        this.requestOptions = requestOptions;
        if (requestOptions) {
            if (requestOptions.ignoreSslError != null) {
                this._ignoreSslError = requestOptions.ignoreSslError;
            }
            this._socketTimeout = requestOptions.socketTimeout;
            if (requestOptions.allowRedirects != null) {
                this._allowRedirects = requestOptions.allowRedirects;
            }
            if (requestOptions.allowRedirectDowngrade != null) {
                this._allowRedirectDowngrade = requestOptions.allowRedirectDowngrade;
            }
            if (requestOptions.maxRedirects != null) {
                this._maxRedirects = Math.max(requestOptions.maxRedirects, 0);
            }
            if (requestOptions.keepAlive != null) {
                this._keepAlive = requestOptions.keepAlive;
            }
            if (requestOptions.allowRetries != null) {
                this._allowRetries = requestOptions.allowRetries;
            }
            if (requestOptions.maxRetries != null) {
                this._maxRetries = requestOptions.maxRetries;
            }
        }
    }
    options(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('OPTIONS', requestUrl, null, additionalHeaders || {});
        });
    }
    get(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('GET', requestUrl, null, additionalHeaders || {});
        });
    }
    del(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('DELETE', requestUrl, null, additionalHeaders || {});
        });
    }
    post(requestUrl, data, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('POST', requestUrl, data, additionalHeaders || {});
        });
    }
    patch(requestUrl, data, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('PATCH', requestUrl, data, additionalHeaders || {});
        });
    }
    put(requestUrl, data, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('PUT', requestUrl, data, additionalHeaders || {});
        });
    }
    head(requestUrl, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request('HEAD', requestUrl, null, additionalHeaders || {});
        });
    }
    sendStream(verb, requestUrl, stream, additionalHeaders) {
        return __awaiter(this, void 0, void 0, function* () {
            return this.request(verb, requestUrl, stream, additionalHeaders);
        });
    }
    /**
     * Gets a typed object from an endpoint
     * Be aware that not found returns a null.  Other errors (4xx, 5xx) reject the promise
     */
    getJson(requestUrl_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, additionalHeaders = {}) {
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            const res = yield this.get(requestUrl, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    postJson(requestUrl_1, obj_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.post(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    putJson(requestUrl_1, obj_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.put(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    patchJson(requestUrl_1, obj_1) {
        return __awaiter(this, arguments, void 0, function* (requestUrl, obj, additionalHeaders = {}) {
            const data = JSON.stringify(obj, null, 2);
            additionalHeaders[Headers.Accept] = this._getExistingOrDefaultHeader(additionalHeaders, Headers.Accept, MediaTypes.ApplicationJson);
            additionalHeaders[Headers.ContentType] =
                this._getExistingOrDefaultContentTypeHeader(additionalHeaders, MediaTypes.ApplicationJson);
            const res = yield this.patch(requestUrl, data, additionalHeaders);
            return this._processResponse(res, this.requestOptions);
        });
    }
    /**
     * Makes a raw http request.
     * All other methods such as get, post, patch, and request ultimately call this.
     * Prefer get, del, post and patch
     */
    request(verb, requestUrl, data, headers) {
        return __awaiter(this, void 0, void 0, function* () {
            if (this._disposed) {
                throw new Error('Client has already been disposed.');
            }
            const parsedUrl = new URL(requestUrl);
            let info = this._prepareRequest(verb, parsedUrl, headers);
            // Only perform retries on reads since writes may not be idempotent.
            const maxTries = this._allowRetries && RetryableHttpVerbs.includes(verb)
                ? this._maxRetries + 1
                : 1;
            let numTries = 0;
            let response;
            do {
                response = yield this.requestRaw(info, data);
                // Check if it's an authentication challenge
                if (response &&
                    response.message &&
                    response.message.statusCode === HttpCodes.Unauthorized) {
                    let authenticationHandler;
                    for (const handler of this.handlers) {
                        if (handler.canHandleAuthentication(response)) {
                            authenticationHandler = handler;
                            break;
                        }
                    }
                    if (authenticationHandler) {
                        return authenticationHandler.handleAuthentication(this, info, data);
                    }
                    else {
                        // We have received an unauthorized response but have no handlers to handle it.
                        // Let the response return to the caller.
                        return response;
                    }
                }
                let redirectsRemaining = this._maxRedirects;
                while (response.message.statusCode &&
                    HttpRedirectCodes.includes(response.message.statusCode) &&
                    this._allowRedirects &&
                    redirectsRemaining > 0) {
                    const redirectUrl = response.message.headers['location'];
                    if (!redirectUrl) {
                        // if there's no location to redirect to, we won't
                        break;
                    }
                    const parsedRedirectUrl = new URL(redirectUrl);
                    if (parsedUrl.protocol === 'https:' &&
                        parsedUrl.protocol !== parsedRedirectUrl.protocol &&
                        !this._allowRedirectDowngrade) {
                        throw new Error('Redirect from HTTPS to HTTP protocol. This downgrade is not allowed for security reasons. If you want to allow this behavior, set the allowRedirectDowngrade option to true.');
                    }
                    // we need to finish reading the response before reassigning response
                    // which will leak the open socket.
                    yield response.readBody();
                    // strip authorization header if redirected to a different hostname
                    if (parsedRedirectUrl.hostname !== parsedUrl.hostname) {
                        for (const header in headers) {
                            // header names are case insensitive
                            if (header.toLowerCase() === 'authorization') {
                                delete headers[header];
                            }
                        }
                    }
                    // let's make the request with the new redirectUrl
                    info = this._prepareRequest(verb, parsedRedirectUrl, headers);
                    response = yield this.requestRaw(info, data);
                    redirectsRemaining--;
                }
                if (!response.message.statusCode ||
                    !HttpResponseRetryCodes.includes(response.message.statusCode)) {
                    // If not a retry code, return immediately instead of retrying
                    return response;
                }
                numTries += 1;
                if (numTries < maxTries) {
                    yield response.readBody();
                    yield this._performExponentialBackoff(numTries);
                }
            } while (numTries < maxTries);
            return response;
        });
    }
    /**
     * Needs to be called if keepAlive is set to true in request options.
     */
    dispose() {
        if (this._agent) {
            this._agent.destroy();
        }
        this._disposed = true;
    }
    /**
     * Raw request.
     * @param info
     * @param data
     */
    requestRaw(info, data) {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve, reject) => {
                function callbackForResult(err, res) {
                    if (err) {
                        reject(err);
                    }
                    else if (!res) {
                        // If `err` is not passed, then `res` must be passed.
                        reject(new Error('Unknown error'));
                    }
                    else {
                        resolve(res);
                    }
                }
                this.requestRawWithCallback(info, data, callbackForResult);
            });
        });
    }
    /**
     * Raw request with callback.
     * @param info
     * @param data
     * @param onResult
     */
    requestRawWithCallback(info, data, onResult) {
        if (typeof data === 'string') {
            if (!info.options.headers) {
                info.options.headers = {};
            }
            info.options.headers['Content-Length'] = Buffer.byteLength(data, 'utf8');
        }
        let callbackCalled = false;
        function handleResult(err, res) {
            if (!callbackCalled) {
                callbackCalled = true;
                onResult(err, res);
            }
        }
        const req = info.httpModule.request(info.options, (msg) => {
            const res = new HttpClientResponse(msg);
            handleResult(undefined, res);
        });
        let socket;
        req.on('socket', sock => {
            socket = sock;
        });
        // If we ever get disconnected, we want the socket to timeout eventually
        req.setTimeout(this._socketTimeout || 3 * 60000, () => {
            if (socket) {
                socket.end();
            }
            handleResult(new Error(`Request timeout: ${info.options.path}`));
        });
        req.on('error', function (err) {
            // err has statusCode property
            // res should have headers
            handleResult(err);
        });
        if (data && typeof data === 'string') {
            req.write(data, 'utf8');
        }
        if (data && typeof data !== 'string') {
            data.on('close', function () {
                req.end();
            });
            data.pipe(req);
        }
        else {
            req.end();
        }
    }
    /**
     * Gets an http agent. This function is useful when you need an http agent that handles
     * routing through a proxy server - depending upon the url and proxy environment variables.
     * @param serverUrl  The server URL where the request will be sent. For example, https://api.github.com
     */
    getAgent(serverUrl) {
        const parsedUrl = new URL(serverUrl);
        return this._getAgent(parsedUrl);
    }
    getAgentDispatcher(serverUrl) {
        const parsedUrl = new URL(serverUrl);
        const proxyUrl = proxy/* getProxyUrl */.s(parsedUrl);
        const useProxy = proxyUrl && proxyUrl.hostname;
        if (!useProxy) {
            return;
        }
        return this._getProxyAgentDispatcher(parsedUrl, proxyUrl);
    }
    _prepareRequest(method, requestUrl, headers) {
        const info = {};
        info.parsedUrl = requestUrl;
        const usingSsl = info.parsedUrl.protocol === 'https:';
        info.httpModule = usingSsl ? external_https_namespaceObject : external_http_namespaceObject;
        const defaultPort = usingSsl ? 443 : 80;
        info.options = {};
        info.options.host = info.parsedUrl.hostname;
        info.options.port = info.parsedUrl.port
            ? parseInt(info.parsedUrl.port)
            : defaultPort;
        info.options.path =
            (info.parsedUrl.pathname || '') + (info.parsedUrl.search || '');
        info.options.method = method;
        info.options.headers = this._mergeHeaders(headers);
        if (this.userAgent != null) {
            info.options.headers['user-agent'] = this.userAgent;
        }
        info.options.agent = this._getAgent(info.parsedUrl);
        // gives handlers an opportunity to participate
        if (this.handlers) {
            for (const handler of this.handlers) {
                handler.prepareRequest(info.options);
            }
        }
        return info;
    }
    _mergeHeaders(headers) {
        if (this.requestOptions && this.requestOptions.headers) {
            return Object.assign({}, lowercaseKeys(this.requestOptions.headers), lowercaseKeys(headers || {}));
        }
        return lowercaseKeys(headers || {});
    }
    /**
     * Gets an existing header value or returns a default.
     * Handles converting number header values to strings since HTTP headers must be strings.
     * Note: This returns string | string[] since some headers can have multiple values.
     * For headers that must always be a single string (like Content-Type), use the
     * specialized _getExistingOrDefaultContentTypeHeader method instead.
     */
    _getExistingOrDefaultHeader(additionalHeaders, header, _default) {
        let clientHeader;
        if (this.requestOptions && this.requestOptions.headers) {
            const headerValue = lowercaseKeys(this.requestOptions.headers)[header];
            if (headerValue) {
                clientHeader =
                    typeof headerValue === 'number' ? headerValue.toString() : headerValue;
            }
        }
        const additionalValue = additionalHeaders[header];
        if (additionalValue !== undefined) {
            return typeof additionalValue === 'number'
                ? additionalValue.toString()
                : additionalValue;
        }
        if (clientHeader !== undefined) {
            return clientHeader;
        }
        return _default;
    }
    /**
     * Specialized version of _getExistingOrDefaultHeader for Content-Type header.
     * Always returns a single string (not an array) since Content-Type should be a single value.
     * Converts arrays to comma-separated strings and numbers to strings to ensure type safety.
     * This was split from _getExistingOrDefaultHeader to provide stricter typing for callers
     * that assign the result to places expecting a string (e.g., additionalHeaders[Headers.ContentType]).
     */
    _getExistingOrDefaultContentTypeHeader(additionalHeaders, _default) {
        let clientHeader;
        if (this.requestOptions && this.requestOptions.headers) {
            const headerValue = lowercaseKeys(this.requestOptions.headers)[Headers.ContentType];
            if (headerValue) {
                if (typeof headerValue === 'number') {
                    clientHeader = String(headerValue);
                }
                else if (Array.isArray(headerValue)) {
                    clientHeader = headerValue.join(', ');
                }
                else {
                    clientHeader = headerValue;
                }
            }
        }
        const additionalValue = additionalHeaders[Headers.ContentType];
        // Return the first non-undefined value, converting numbers or arrays to strings if necessary
        if (additionalValue !== undefined) {
            if (typeof additionalValue === 'number') {
                return String(additionalValue);
            }
            else if (Array.isArray(additionalValue)) {
                return additionalValue.join(', ');
            }
            else {
                return additionalValue;
            }
        }
        if (clientHeader !== undefined) {
            return clientHeader;
        }
        return _default;
    }
    _getAgent(parsedUrl) {
        let agent;
        const proxyUrl = proxy/* getProxyUrl */.s(parsedUrl);
        const useProxy = proxyUrl && proxyUrl.hostname;
        if (this._keepAlive && useProxy) {
            agent = this._proxyAgent;
        }
        if (!useProxy) {
            agent = this._agent;
        }
        // if agent is already assigned use that agent.
        if (agent) {
            return agent;
        }
        const usingSsl = parsedUrl.protocol === 'https:';
        let maxSockets = 100;
        if (this.requestOptions) {
            maxSockets = this.requestOptions.maxSockets || external_http_.globalAgent.maxSockets;
        }
        // This is `useProxy` again, but we need to check `proxyURl` directly for TypeScripts's flow analysis.
        if (proxyUrl && proxyUrl.hostname) {
            const agentOptions = {
                maxSockets,
                keepAlive: this._keepAlive,
                proxy: Object.assign(Object.assign({}, ((proxyUrl.username || proxyUrl.password) && {
                    proxyAuth: `${proxyUrl.username}:${proxyUrl.password}`
                })), { host: proxyUrl.hostname, port: proxyUrl.port })
            };
            let tunnelAgent;
            const overHttps = proxyUrl.protocol === 'https:';
            if (usingSsl) {
                tunnelAgent = overHttps ? tunnel.httpsOverHttps : tunnel.httpsOverHttp;
            }
            else {
                tunnelAgent = overHttps ? tunnel.httpOverHttps : tunnel.httpOverHttp;
            }
            agent = tunnelAgent(agentOptions);
            this._proxyAgent = agent;
        }
        // if tunneling agent isn't assigned create a new agent
        if (!agent) {
            const options = { keepAlive: this._keepAlive, maxSockets };
            agent = usingSsl ? new external_https_.Agent(options) : new external_http_.Agent(options);
            this._agent = agent;
        }
        if (usingSsl && this._ignoreSslError) {
            // we don't want to set NODE_TLS_REJECT_UNAUTHORIZED=0 since that will affect request for entire process
            // http.RequestOptions doesn't expose a way to modify RequestOptions.agent.options
            // we have to cast it to any and change it directly
            agent.options = Object.assign(agent.options || {}, {
                rejectUnauthorized: false
            });
        }
        return agent;
    }
    _getProxyAgentDispatcher(parsedUrl, proxyUrl) {
        let proxyAgent;
        if (this._keepAlive) {
            proxyAgent = this._proxyAgentDispatcher;
        }
        // if agent is already assigned use that agent.
        if (proxyAgent) {
            return proxyAgent;
        }
        const usingSsl = parsedUrl.protocol === 'https:';
        proxyAgent = new ProxyAgent(Object.assign({ uri: proxyUrl.href, pipelining: !this._keepAlive ? 0 : 1 }, ((proxyUrl.username || proxyUrl.password) && {
            token: `Basic ${Buffer.from(`${proxyUrl.username}:${proxyUrl.password}`).toString('base64')}`
        })));
        this._proxyAgentDispatcher = proxyAgent;
        if (usingSsl && this._ignoreSslError) {
            // we don't want to set NODE_TLS_REJECT_UNAUTHORIZED=0 since that will affect request for entire process
            // http.RequestOptions doesn't expose a way to modify RequestOptions.agent.options
            // we have to cast it to any and change it directly
            proxyAgent.options = Object.assign(proxyAgent.options.requestTls || {}, {
                rejectUnauthorized: false
            });
        }
        return proxyAgent;
    }
    _getUserAgentWithOrchestrationId(userAgent) {
        const baseUserAgent = userAgent || 'actions/http-client';
        const orchId = process.env['ACTIONS_ORCHESTRATION_ID'];
        if (orchId) {
            // Sanitize the orchestration ID to ensure it contains only valid characters
            // Valid characters: 0-9, a-z, _, -, .
            const sanitizedId = orchId.replace(/[^a-z0-9_.-]/gi, '_');
            return `${baseUserAgent} actions_orchestration_id/${sanitizedId}`;
        }
        return baseUserAgent;
    }
    _performExponentialBackoff(retryNumber) {
        return __awaiter(this, void 0, void 0, function* () {
            retryNumber = Math.min(ExponentialBackoffCeiling, retryNumber);
            const ms = ExponentialBackoffTimeSlice * Math.pow(2, retryNumber);
            return new Promise(resolve => setTimeout(() => resolve(), ms));
        });
    }
    _processResponse(res, options) {
        return __awaiter(this, void 0, void 0, function* () {
            return new Promise((resolve, reject) => __awaiter(this, void 0, void 0, function* () {
                const statusCode = res.message.statusCode || 0;
                const response = {
                    statusCode,
                    result: null,
                    headers: {}
                };
                // not found leads to null obj returned
                if (statusCode === HttpCodes.NotFound) {
                    resolve(response);
                }
                // get the result from the body
                function dateTimeDeserializer(key, value) {
                    if (typeof value === 'string') {
                        const a = new Date(value);
                        if (!isNaN(a.valueOf())) {
                            return a;
                        }
                    }
                    return value;
                }
                let obj;
                let contents;
                try {
                    contents = yield res.readBody();
                    if (contents && contents.length > 0) {
                        if (options && options.deserializeDates) {
                            obj = JSON.parse(contents, dateTimeDeserializer);
                        }
                        else {
                            obj = JSON.parse(contents);
                        }
                        response.result = obj;
                    }
                    response.headers = res.message.headers;
                }
                catch (err) {
                    // Invalid resource (contents not json);  leaving result obj null
                }
                // note that 3xx redirects are handled by the http layer.
                if (statusCode > 299) {
                    let msg;
                    // if exception/error in body, attempt to get better error
                    if (obj && obj.message) {
                        msg = obj.message;
                    }
                    else if (contents && contents.length > 0) {
                        // it may be the case that the exception is in the body message as string
                        msg = contents;
                    }
                    else {
                        msg = `Failed request: (${statusCode})`;
                    }
                    const err = new HttpClientError(msg, statusCode);
                    err.result = response.result;
                    reject(err);
                }
                else {
                    resolve(response);
                }
            }));
        });
    }
}
const lowercaseKeys = (obj) => Object.keys(obj).reduce((c, k) => ((c[k.toLowerCase()] = obj[k]), c), {});
//# sourceMappingURL=index.js.map

/***/ }),

/***/ 783:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   H: () => (/* binding */ checkBypass),
/* harmony export */   s: () => (/* binding */ getProxyUrl)
/* harmony export */ });
function getProxyUrl(reqUrl) {
    const usingSsl = reqUrl.protocol === 'https:';
    if (checkBypass(reqUrl)) {
        return undefined;
    }
    const proxyVar = (() => {
        if (usingSsl) {
            return process.env['https_proxy'] || process.env['HTTPS_PROXY'];
        }
        else {
            return process.env['http_proxy'] || process.env['HTTP_PROXY'];
        }
    })();
    if (proxyVar) {
        try {
            return new DecodedURL(proxyVar);
        }
        catch (_a) {
            if (!proxyVar.startsWith('http://') && !proxyVar.startsWith('https://'))
                return new DecodedURL(`http://${proxyVar}`);
        }
    }
    else {
        return undefined;
    }
}
function checkBypass(reqUrl) {
    if (!reqUrl.hostname) {
        return false;
    }
    const reqHost = reqUrl.hostname;
    if (isLoopbackAddress(reqHost)) {
        return true;
    }
    const noProxy = process.env['no_proxy'] || process.env['NO_PROXY'] || '';
    if (!noProxy) {
        return false;
    }
    // Determine the request port
    let reqPort;
    if (reqUrl.port) {
        reqPort = Number(reqUrl.port);
    }
    else if (reqUrl.protocol === 'http:') {
        reqPort = 80;
    }
    else if (reqUrl.protocol === 'https:') {
        reqPort = 443;
    }
    // Format the request hostname and hostname with port
    const upperReqHosts = [reqUrl.hostname.toUpperCase()];
    if (typeof reqPort === 'number') {
        upperReqHosts.push(`${upperReqHosts[0]}:${reqPort}`);
    }
    // Compare request host against noproxy
    for (const upperNoProxyItem of noProxy
        .split(',')
        .map(x => x.trim().toUpperCase())
        .filter(x => x)) {
        if (upperNoProxyItem === '*' ||
            upperReqHosts.some(x => x === upperNoProxyItem ||
                x.endsWith(`.${upperNoProxyItem}`) ||
                (upperNoProxyItem.startsWith('.') &&
                    x.endsWith(`${upperNoProxyItem}`)))) {
            return true;
        }
    }
    return false;
}
function isLoopbackAddress(host) {
    const hostLower = host.toLowerCase();
    return (hostLower === 'localhost' ||
        hostLower.startsWith('127.') ||
        hostLower.startsWith('[::1]') ||
        hostLower.startsWith('[0:0:0:0:0:0:0:1]'));
}
class DecodedURL extends URL {
    constructor(url, base) {
        super(url, base);
        this._decodedUsername = decodeURIComponent(super.username);
        this._decodedPassword = decodeURIComponent(super.password);
    }
    get username() {
        return this._decodedUsername;
    }
    get password() {
        return this._decodedPassword;
    }
}
//# sourceMappingURL=proxy.js.map

/***/ })

/******/ });
/************************************************************************/
/******/ // The module cache
/******/ var __webpack_module_cache__ = {};
/******/ 
/******/ // The require function
/******/ function __nccwpck_require__(moduleId) {
/******/ 	// Check if module is in cache
/******/ 	var cachedModule = __webpack_module_cache__[moduleId];
/******/ 	if (cachedModule !== undefined) {
/******/ 		return cachedModule.exports;
/******/ 	}
/******/ 	// Create a new module (and put it into the cache)
/******/ 	var module = __webpack_module_cache__[moduleId] = {
/******/ 		// no module.id needed
/******/ 		// no module.loaded needed
/******/ 		exports: {}
/******/ 	};
/******/ 
/******/ 	// Execute the module function
/******/ 	var threw = true;
/******/ 	try {
/******/ 		__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 		threw = false;
/******/ 	} finally {
/******/ 		if(threw) delete __webpack_module_cache__[moduleId];
/******/ 	}
/******/ 
/******/ 	// Return the exports of the module
/******/ 	return module.exports;
/******/ }
/******/ 
/************************************************************************/
/******/ /* webpack/runtime/asset-relocator-loader */
/******/ if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";
/******/ 
/******/ /* webpack/runtime/async module */
/******/ (() => {
/******/ 	var webpackQueues = typeof Symbol === "function" ? Symbol("webpack queues") : "__webpack_queues__";
/******/ 	var webpackExports = typeof Symbol === "function" ? Symbol("webpack exports") : "__webpack_exports__";
/******/ 	var webpackError = typeof Symbol === "function" ? Symbol("webpack error") : "__webpack_error__";
/******/ 	var resolveQueue = (queue) => {
/******/ 		if(queue && queue.d < 1) {
/******/ 			queue.d = 1;
/******/ 			queue.forEach((fn) => (fn.r--));
/******/ 			queue.forEach((fn) => (fn.r-- ? fn.r++ : fn()));
/******/ 		}
/******/ 	}
/******/ 	var wrapDeps = (deps) => (deps.map((dep) => {
/******/ 		if(dep !== null && typeof dep === "object") {
/******/ 			if(dep[webpackQueues]) return dep;
/******/ 			if(dep.then) {
/******/ 				var queue = [];
/******/ 				queue.d = 0;
/******/ 				dep.then((r) => {
/******/ 					obj[webpackExports] = r;
/******/ 					resolveQueue(queue);
/******/ 				}, (e) => {
/******/ 					obj[webpackError] = e;
/******/ 					resolveQueue(queue);
/******/ 				});
/******/ 				var obj = {};
/******/ 				obj[webpackQueues] = (fn) => (fn(queue));
/******/ 				return obj;
/******/ 			}
/******/ 		}
/******/ 		var ret = {};
/******/ 		ret[webpackQueues] = x => {};
/******/ 		ret[webpackExports] = dep;
/******/ 		return ret;
/******/ 	}));
/******/ 	__nccwpck_require__.a = (module, body, hasAwait) => {
/******/ 		var queue;
/******/ 		hasAwait && ((queue = []).d = -1);
/******/ 		var depQueues = new Set();
/******/ 		var exports = module.exports;
/******/ 		var currentDeps;
/******/ 		var outerResolve;
/******/ 		var reject;
/******/ 		var promise = new Promise((resolve, rej) => {
/******/ 			reject = rej;
/******/ 			outerResolve = resolve;
/******/ 		});
/******/ 		promise[webpackExports] = exports;
/******/ 		promise[webpackQueues] = (fn) => (queue && fn(queue), depQueues.forEach(fn), promise["catch"](x => {}));
/******/ 		module.exports = promise;
/******/ 		body((deps) => {
/******/ 			currentDeps = wrapDeps(deps);
/******/ 			var fn;
/******/ 			var getResult = () => (currentDeps.map((d) => {
/******/ 				if(d[webpackError]) throw d[webpackError];
/******/ 				return d[webpackExports];
/******/ 			}))
/******/ 			var promise = new Promise((resolve) => {
/******/ 				fn = () => (resolve(getResult));
/******/ 				fn.r = 0;
/******/ 				var fnQueue = (q) => (q !== queue && !depQueues.has(q) && (depQueues.add(q), q && !q.d && (fn.r++, q.push(fn))));
/******/ 				currentDeps.map((dep) => (dep[webpackQueues](fnQueue)));
/******/ 			});
/******/ 			return fn.r ? promise : getResult();
/******/ 		}, (err) => ((err ? reject(promise[webpackError] = err) : outerResolve(exports)), resolveQueue(queue)));
/******/ 		queue && queue.d < 0 && (queue.d = 0);
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/create fake namespace object */
/******/ (() => {
/******/ 	var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
/******/ 	var leafPrototypes;
/******/ 	// create a fake namespace object
/******/ 	// mode & 1: value is a module id, require it
/******/ 	// mode & 2: merge all properties of value into the ns
/******/ 	// mode & 4: return value when already ns object
/******/ 	// mode & 16: return value when it's Promise-like
/******/ 	// mode & 8|1: behave like require
/******/ 	__nccwpck_require__.t = function(value, mode) {
/******/ 		if(mode & 1) value = this(value);
/******/ 		if(mode & 8) return value;
/******/ 		if(typeof value === 'object' && value) {
/******/ 			if((mode & 4) && value.__esModule) return value;
/******/ 			if((mode & 16) && typeof value.then === 'function') return value;
/******/ 		}
/******/ 		var ns = Object.create(null);
/******/ 		__nccwpck_require__.r(ns);
/******/ 		var def = {};
/******/ 		leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
/******/ 		for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
/******/ 			Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
/******/ 		}
/******/ 		def['default'] = () => (value);
/******/ 		__nccwpck_require__.d(ns, def);
/******/ 		return ns;
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/define property getters */
/******/ (() => {
/******/ 	// define getter functions for harmony exports
/******/ 	__nccwpck_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/******/ /* webpack/runtime/make namespace object */
/******/ (() => {
/******/ 	// define __esModule on exports
/******/ 	__nccwpck_require__.r = (exports) => {
/******/ 		if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 			Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 		}
/******/ 		Object.defineProperty(exports, '__esModule', { value: true });
/******/ 	};
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(766);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 
