import { createRequire as createRequire_ } from "module";
var __webpack_modules__ = ({

/***/ "assert":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("assert");

/***/ }),

/***/ "crypto":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("crypto");

/***/ }),

/***/ "events":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("events");

/***/ }),

/***/ "fs":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("fs");

/***/ }),

/***/ "http":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("http");

/***/ }),

/***/ "https":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("https");

/***/ }),

/***/ "net":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("net");

/***/ }),

/***/ "node:crypto":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("node:crypto");

/***/ }),

/***/ "node:diagnostics_channel":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("node:diagnostics_channel");

/***/ }),

/***/ "node:fs":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("node:fs");

/***/ }),

/***/ "node:path":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("node:path");

/***/ }),

/***/ "os":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("os");

/***/ }),

/***/ "tls":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("tls");

/***/ }),

/***/ "util":
/***/ ((module) => {

module.exports = createRequire_(import.meta.url)("util");

/***/ }),

/***/ "./lib/auth/cxone/hosts.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  $2: () => (/* binding */ cxoneArea),
  MQ: () => (/* binding */ DEFAULT_REALM),
  Tb: () => (/* binding */ cxoneRealm),
  j_: () => (/* binding */ nearestCxoneArea),
  nh: () => (/* binding */ trustedEndpoint),
  tU: () => (/* binding */ cxoneIssuer),
  uU: () => (/* binding */ DEFAULT_ISSUER),
  z7: () => (/* binding */ CXONE_ISSUERS)
});
var _lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/lib/hostname.js");
var _lib_text_js__WEBPACK_IMPORTED_MODULE_1__ = load_("./lib/lib/text.js");

const COMMERCIAL = 'cxone.niceincontact.com';
const GOVERNMENT = 'cxone-gov.niceincontact.com';
const NICE_DOMAINS = ['niceincontact.com', 'nice-incontact.com'];
const ISSUERS = [
	{ host: COMMERCIAL, domains: NICE_DOMAINS },
	{ host: GOVERNMENT, domains: NICE_DOMAINS },
	{ host: 'nicecxone-sov1.au', domains: ['nicecxone-sov1.au'] },
	{ host: 'nicecxone-sov1.eu', domains: ['nicecxone-sov1.eu'] },
	{ host: 'nicecxone-fed.com', domains: ['nicecxone-fed.com'], provisional: true },
	{ host: 'nicecxone-sov1.uk', domains: ['nicecxone-sov1.uk'], provisional: true }
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
/** Areas that were seen to exist; na3 is served, though no list leads it to an issuer. */
const SEEN_AREAS = [...Object.keys(ISSUER_OF_AREA), 'na3'];
const AREA = /^[a-z]{2}[0-9]{1,3}$/;
/** The issuer where no region is given. */
const DEFAULT_ISSUER = COMMERCIAL;
/** The realm where no region is given, as in the tutorial. */
const DEFAULT_REALM = 'us-22';
const CXONE_ISSUERS = ISSUERS.map(({ host }) => host);
/** Returns the issuer for an area or an issuer's own domain; `undefined` if it is neither. */
function cxoneIssuer(text) {
	const given = text.toLowerCase();
	if (AREA.test(given)) {
		const name = ISSUER_OF_AREA[given];
		if (name !== undefined)
			return { name };
		return {
			name: DEFAULT_ISSUER,
			doubt: `CXone area ${given} is not in the list; asking the issuer ${DEFAULT_ISSUER}.`
		};
	}
	const host = (0,_lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__/* .hostIn */ .yo)(given);
	const issuer = ISSUERS.find(one => one.host === host);
	if (issuer === undefined)
		return undefined;
	if (!issuer.provisional)
		return { name: issuer.host };
	return {
		name: issuer.host,
		doubt: `The CXone issuer ${issuer.host} is not confirmed by any artefact of the vendor.`
	};
}
/** Returns the area, in lower case; `undefined` if the text has not the form of one. */
function cxoneArea(text) {
	const name = text.toLowerCase();
	if (!AREA.test(name))
		return undefined;
	return SEEN_AREAS.includes(name)
		? { name }
		: { name, doubt: `CXone area ${name} is not in the list of areas seen so far.` };
}
/** Returns the known area that is spelled most like the text. */
function nearestCxoneArea(text) {
	return (0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .nearest */ .pA)(text.toLowerCase(), SEEN_AREAS, area => area);
}
/** Returns the realm, in lower case; `undefined` if it is not one DNS label. */
function cxoneRealm(text) {
	const name = text.toLowerCase();
	return (0,_lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__/* .isLabel */ .J2)(name) ? name : undefined;
}
/** An origin on port 443 and a path of plain segments: nothing that a parser would repair, resolve or climb with. */
const ENDPOINT = /^https:\/\/[A-Za-z0-9.-]{1,253}(?::443)?((?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,100}){0,10}\/?)$/;
function trustedEndpoint(issuer, text) {
	const path = typeof text === 'string' ? ENDPOINT.exec(text)?.[1] : undefined;
	if (path === undefined || !URL.canParse(String(text)))
		return undefined;
	const url = new URL(String(text));
	const domains = ISSUERS.find(({ host }) => host === issuer)?.domains ?? [];
	const isOurs = url.pathname === (path || '/') && domains.some(domain => (0,_lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__/* .isUnder */ .Jo)(url.hostname, domain));
	return isOurs ? url : undefined;
}

/***/ }),

/***/ "./lib/auth/genesys/regions.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  HH: () => (/* binding */ nearestGenesysRegion),
  di: () => (/* binding */ genesysRegion)
});
/* unused harmony export GENESYS_REGIONS */
var _lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/lib/hostname.js");
var _lib_text_js__WEBPACK_IMPORTED_MODULE_1__ = load_("./lib/lib/text.js");

/** The regions as the official JavaScript SDK and the official Terraform provider list them. */
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
/** New regions appear under these: a name below them that is not in the list is taken, with a warning. */
const GROWING_DOMAINS = ['pure.cloud', 'us-gov-pure.cloud', 'eusc-pure.cloud'];
/** Hosts of every region: a name that stands where a region's own name belongs is none. */
const SERVICE_NAMES = new Set(['login', 'api', 'apps', 'www']);
function genesysRegion(text) {
	const given = text.toLowerCase();
	const byCode = GENESYS_REGIONS.find(({ code }) => code === given);
	if (byCode)
		return byCode;
	const host = (0,_lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__/* .hostIn */ .yo)(given);
	if (host === undefined)
		return undefined;
	return GENESYS_REGIONS.find(({ domain }) => (0,_lib_hostname_js__WEBPACK_IMPORTED_MODULE_0__/* .isUnder */ .Jo)(host, domain)) ?? newRegion(host);
}
/** Returns the known region whose code or domain is spelled most like the text. */
function nearestGenesysRegion(text) {
	const given = text.toLowerCase().slice(0, 64);
	const spellings = GENESYS_REGIONS.flatMap(region => [
		{ region, spelling: region.code },
		{ region, spelling: region.domain }
	]);
	return (0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .nearest */ .pA)(given, spellings, ({ spelling }) => spelling).region;
}
function newRegion(host) {
	const parent = GROWING_DOMAINS.find(domain => host.endsWith(`.${domain}`));
	if (parent === undefined)
		return undefined;
	const name = host
		.slice(0, -parent.length - 1)
		.split('.')
		.at(-1);
	return name === undefined || SERVICE_NAMES.has(name) ? undefined : { domain: `${name}.${parent}` };
}

/***/ }),

/***/ "./lib/inputs/output-options.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  E: () => (/* binding */ readHandOver),
  k: () => (/* binding */ toolVariables)
});
var _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/lib/action-error.js");
var _reader_js__WEBPACK_IMPORTED_MODULE_1__ = load_("./lib/inputs/reader.js");

/** Names that steer the runner, the shell or a language's loader; a token there would break or subvert later steps. */
const RESERVED = /^(PATH|PATHEXT|HOME|USER|SHELL|TEMP|TMP|TMPDIR|CI|ENV|IFS|COMSPEC|SYSTEMROOT|WINDIR|USERPROFILE|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS4|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|RES_OPTIONS|OPENSSL_CONF|SSL_CERT_(FILE|DIR)|PYTHON(PATH|HOME|STARTUP)|DOTNET_STARTUP_HOOKS|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|(HTTP|HTTPS|ALL|NO)_PROXY|(GITHUB|RUNNER|ACTIONS|INPUT|STATE|LD|DYLD|GIT|NPM_CONFIG)_.*)$/i;
/** Returns where the token is to go; throws `invalid-input` for a name that must not be taken. */
function readHandOver(inputs, request) {
	const names = inputs.list('export-env');
	const toolEnv = inputs.flag('tool-env');
	const taken = toolEnv ? toolVariables(request.exchange).otherwise : [];
	for (const name of names) {
		if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)) {
			throw refused(name, 'is no name of an environment variable: letters, digits and underscores, no digit first');
		}
		if (RESERVED.test(name))
			throw refused(name, 'belongs to the runner, the shell or a language’s loader');
		if (taken.some(other => other.toUpperCase() === name.toUpperCase()))
			throw refused(name, 'is set by tool-env to something else');
	}
	return {
		exportEnv: [...new Set(names)],
		toolEnv,
		tokenFile: inputs.flag('token-file'),
		summary: inputs.flag('summary')
	};
}
/** Returns the variables that the platform's own tools read: the one for the token, and those for where it is of use. */
function toolVariables(exchange) {
	return exchange.startsWith('genesys')
		? { token: 'GENESYSCLOUD_ACCESS_TOKEN', otherwise: ['GENESYSCLOUD_REGION', 'GENESYSCLOUD_API_REGION'] }
		: { token: 'CXONE_ACCESS_TOKEN', otherwise: ['CXONE_API_URL'] };
}
function refused(name, why) {
	return new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('invalid-input', `Input export-env names ${(0,_reader_js__WEBPACK_IMPORTED_MODULE_1__/* .quoted */ .TL)(name)}, which ${why}.`, 'Give names of your own, separated by commas or line breaks, such as CC_TOKEN.');
}

/***/ }),

/***/ "./lib/inputs/reader.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  G0: () => (/* binding */ Inputs),
  TL: () => (/* binding */ quoted),
  Yb: () => (/* binding */ MAIN_INPUTS),
  aY: () => (/* binding */ invalidInput)
});
/* unused harmony export ROTATE_INPUTS */
var _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/lib/action-error.js");
var _lib_text_js__WEBPACK_IMPORTED_MODULE_1__ = load_("./lib/lib/text.js");

/** The inputs that choose and guard an exchange, which both actions declare, with their defaults. */
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
	verify: 'false',
	'allowed-organization-ids': '',
	'min-lifetime': '',
	timeout: '120s',
	'attempt-timeout': '15s',
	'max-attempts': '5'
};
/** Every input that action.yml declares. */
const MAIN_INPUTS = {
	...EXCHANGE_INPUTS,
	'export-env': '',
	'tool-env': 'false',
	'token-file': 'false',
	revoke: 'auto',
	summary: 'true'
};
/** Every input that rotate/action.yml declares. A token is proved before it takes the place of one that works. */
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
	'dry-run': 'false'
};
/** The inputs of one action as the workflow's author gave them, without the white space around them. */
class Inputs {
	#env;
	#defaults;
	constructor(env, defaults) {
		this.#env = env;
		this.#defaults = defaults;
	}
	/** Returns the input, or its default where it is empty. */
	text(name) {
		return (this.#env[`INPUT_${name.toUpperCase()}`] ?? '').trim() || this.#default(name);
	}
	isGiven(name) {
		return this.text(name).toLowerCase() !== this.#default(name).toLowerCase();
	}
	/** Returns the parts of an input that commas or line breaks separate, without empty ones. */
	list(name) {
		return this.text(name)
			.split(/[,\r\n]/)
			.map(part => part.trim())
			.filter(part => part !== '');
	}
	/** Returns which of the choices is given, whatever its case; throws `invalid-input`. */
	choice(name, choices) {
		const text = this.text(name);
		const chosen = choices.find(choice => choice === text.toLowerCase());
		if (chosen === undefined)
			throw invalidInput(name, text, `Allowed: ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .listed */ .KE)(choices)}.`);
		return chosen;
	}
	/** Returns a boolean by the YAML 1.2 core schema, as the toolkit reads them; throws `invalid-input`. */
	flag(name) {
		const text = this.text(name);
		if (/^(true|True|TRUE)$/.test(text))
			return true;
		if (/^(false|False|FALSE)$/.test(text))
			return false;
		throw invalidInput(name, text, 'Allowed: true or false.');
	}
	/** Throws `invalid-input` for the first of the inputs that is given although nothing can come of it. */
	refuse(names, why) {
		const given = names.find(name => this.isGiven(name));
		if (given !== undefined) {
			throw new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('invalid-input', `Input ${given} is given, and ${why}.`, `Leave ${given} out, or correct provider and the inputs that choose the exchange.`);
		}
	}
	#default(name) {
		return this.#defaults[name] ?? '';
	}
}
/** Returns the error for an input whose value is not allowed; never for one that holds a secret. */
function invalidInput(name, got, allowed, from = '') {
	const what = got === '' ? 'empty' : `${quoted(got)}, which is not allowed`;
	return new _lib_action_error_js__WEBPACK_IMPORTED_MODULE_0__/* .ActionError */ .l('invalid-input', `Input ${name}${from} is ${what}.`, allowed);
}
function quoted(text) {
	if (text.length > 80 || /:\/\/[^/]*@/.test(text))
		return `a text of ${text.length} characters`;
	return (0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .oneLine */ .TN)(text, 80) === text
		? `“${text}”`
		: `a text of ${text.length} characters, some of them blanks or invisible`;
}

/***/ }),

/***/ "./lib/lib/action-error.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  l: () => (/* binding */ ActionError)
});
/** A failure as its reader meets it: the code, what happened (`message`), and what to do about it. */
class ActionError extends Error {
	name = 'ActionError';
	code;
	hint;
	constructor(code, whatHappened, hint, options) {
		super(whatHappened, options);
		this.code = code;
		this.hint = hint;
	}
}

/***/ }),

/***/ "./lib/lib/hostname.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  J2: () => (/* binding */ isLabel),
  Jo: () => (/* binding */ isUnder),
  yo: () => (/* binding */ hostIn)
});
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = `${LABEL}(?:\\.${LABEL})*`;
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const HOST_OR_URL = new RegExp(`^(?:https?://(${NAME})(?::443)?(?:[/?#][\\x21-\\x7e]*)?|(${NAME}))$`);
/** Whether the text is one label of a host name, in lower case. */
function isLabel(text) {
	return DNS_LABEL.test(text);
}
function hostIn(text) {
	const match = text.length > 2048 ? null : HOST_OR_URL.exec(text);
	return match?.[1] ?? match?.[2];
}
/** Whether the host is the domain or stands below it, compared label by label. */
function isUnder(host, domain) {
	return host === domain || host.endsWith(`.${domain}`);
}

/***/ }),

/***/ "./lib/lib/secret.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  c3: () => (/* binding */ SHORTEST_SECRET),
  pO: () => (/* binding */ Redactor),
  pm: () => (/* binding */ formEncode),
  zh: () => (/* binding */ Secret)
});
/** Shorter secrets are refused: masking a short value would damage every line of the log. */
const SHORTEST_SECRET = 8;
const HIDDEN = '***';
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
	/** Returns another secret made of this one (a header, a body), so that what is made is hidden too. */
	map(make) {
		return new Secret(make(this.#text));
	}
	/** Returns what a look at the text tells of it, which must not be secret itself. */
	inspect(at) {
		return at(this.#text);
	}
	equals(other) {
		return this.#text === other.#text;
	}
	/** Returns this secret as it would be spelled in a form, in an address and in JSON, where that differs. */
	otherSpellings() {
		const spellings = new Set([
			formEncode(this.#text),
			encodeURIComponent(this.#text.toWellFormed()),
			JSON.stringify(this.#text).slice(1, -1)
		]);
		spellings.delete(this.#text);
		return [...spellings].map(text => new Secret(text));
	}
	/** Returns the text with every occurrence of this secret, in whatever case of its letters, replaced by `***`. */
	hideIn(text) {
		const sought = lowerCase(this.#text);
		if (sought.length < SHORTEST_SECRET)
			return text;
		const within = lowerCase(text);
		let shown = '';
		let from = 0;
		for (let at = within.indexOf(sought); at >= 0; at = within.indexOf(sought, from)) {
			shown += text.slice(from, at) + HIDDEN;
			from = at + sought.length;
		}
		return shown + text.slice(from);
	}
	toString() {
		return HIDDEN;
	}
	toJSON() {
		return HIDDEN;
	}
	[Symbol.toPrimitive]() {
		return HIDDEN;
	}
	[Symbol.for('nodejs.util.inspect.custom')]() {
		return HIDDEN;
	}
}
/** Everything secret that a run has come across. What it cannot prevent being said, it takes out again. */
class Redactor {
	#known = [];
	/** Remembers a secret together with its other spellings; returns those of them that are new. */
	add(secret) {
		const added = [secret, ...secret.otherSpellings()].filter(one => !this.#known.some(known => known.equals(one)));
		this.#known.push(...added);
		this.#known.sort((a, b) => b.length - a.length);
		return added;
	}
	/** Returns the text without any secret known so far. */
	hideIn(text) {
		return this.#known.reduce((hidden, secret) => secret.hideIn(hidden), text);
	}
}
/** Returns the text as it stands in an `application/x-www-form-urlencoded` body. */
function formEncode(text) {
	return new URLSearchParams({ _: text }).toString().slice(2);
}
/** Letter by letter, and only where a letter stays one, so that each keeps its place in the text. */
function lowerCase(text) {
	return text.replace(/[A-Z\u0080-\uffff]/g, letter => {
		const lower = letter.toLowerCase();
		return lower.length === 1 ? lower : letter;
	});
}

/***/ }),

/***/ "./lib/lib/text.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  KE: () => (/* binding */ listed),
  SP: () => (/* binding */ shown),
  TN: () => (/* binding */ oneLine),
  hS: () => (/* binding */ counted),
  pA: () => (/* binding */ nearest),
  r4: () => (/* binding */ inWords)
});
/** Returns the text as one clean line of at most `most` UTF-16 units: no control, format or broken character. */
function oneLine(text, most) {
	if (text.length <= most && /^[!-~]+(?: [!-~]+)*$/.test(text))
		return text;
	const clean = text
		.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
		.replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
		.trim();
	return clean.length > most ? `${clean.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : clean;
}
function shown(text, hide, most) {
	return oneLine(hide(oneLine(hide(text), Number.POSITIVE_INFINITY)), most);
}
/** Returns `1 attempt`, `2 attempts`. */
function counted(count, noun) {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
/** Returns a span of time as a person says it, in its two largest units: `24 h`, `59 min 30 s`, `7 d 12 h`. */
function inWords(seconds) {
	const days = seconds > 2 * 86_400 ? Math.floor(seconds / 86_400) : 0;
	const rest = Math.floor(seconds) - days * 86_400;
	const parts = [
		[days, 'd'],
		[Math.floor(rest / 3600), 'h'],
		[Math.floor(rest / 60) % 60, 'min'],
		[rest % 60, 's']
	];
	const said = parts.filter(([count]) => count > 0).slice(0, 2);
	return said.map(([count, unit]) => `${count} ${unit}`).join(' ') || '0 s';
}
/** Returns the words as a person lists them: `a, b or c`. */
function listed(words, last = 'or') {
	return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
/** Returns which of the candidates (there is one at least) is spelled most like the text. */
function nearest(text, candidates, spelling) {
	const edits = candidates.map(candidate => distance(text, spelling(candidate)));
	return candidates[edits.indexOf(Math.min(...edits))];
}
/** Returns the Levenshtein distance: how many letters to add, drop or change. */
function distance(a, b) {
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

/***/ "./lib/runner/messages.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  A4: () => (/* binding */ started),
  Uz: () => (/* binding */ handedOn),
  Vc: () => (/* binding */ minute),
  pJ: () => (/* binding */ endOf),
  tG: () => (/* binding */ CREDENTIALS),
  yf: () => (/* binding */ effortOf)
});
var _lib_text_js__WEBPACK_IMPORTED_MODULE_1__ = load_("./lib/lib/text.js");
var _variables_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/runner/variables.js");

/** Says what is about to be exchanged where, and on whose word. */
function started({ request, variables, doubts }, console) {
	console.info(`${platformOf(request)}: exchanging ${CREDENTIALS[request.exchange]}.`);
	if (variables.length > 0)
		console.info(`Taken from the environment: ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .listed */ .KE)(variables, 'and')}.`);
	if (request.baseUrl)
		console.info(`base-url: every request, with its secrets, goes to ${request.baseUrl.origin}.`);
	for (const doubt of doubts)
		console.warn(doubt);
}
/** Says what was granted, whose it is, where later steps find it, and how it ends. */
function handedOn(granted, asked, console) {
	const { grant, organization } = granted;
	const { token } = grant;
	const { expiresInSeconds, expiresAt } = token;
	const whose = organization === undefined ? '' : ` of ${organization.name ?? 'tenant'} (${organization.id})`;
	const life = expiresInSeconds === undefined || expiresAt === undefined
		? 'for a time that the platform did not say'
		: `for ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .inWords */ .r4)(expiresInSeconds)}, until ${minute(expiresAt)}`;
	const variables = (0,_variables_js__WEBPACK_IMPORTED_MODULE_0__/* .variablesOf */ .h)(grant, asked).map(([name]) => name);
	const places = ['the output token', ...(asked.handOver.tokenFile ? ['a file'] : []), ...variables];
	console.info(`Granted a${token.kind === 'access' ? 'n access' : ' long-lived'} token${whose} ${life} (${effortOf(granted)}).`);
	for (const name of (0,_variables_js__WEBPACK_IMPORTED_MODULE_0__/* .variablesWithout */ .c)(grant, asked)) {
		console.warn(`${name} is not set: the exchange does not tell what belongs there.`);
	}
	console.info(`Handed on as ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .listed */ .KE)(places, 'and')}. ${endOf(token.kind, asked)}`);
}
/** Returns what becomes of the token when the job ends, as a sentence. */
function endOf(kind, { request, revoke }) {
	if (request.exchange.startsWith('cxone'))
		return 'It lives until it expires.';
	if (revoke === 'false')
		return 'It is left alone when the job ends.';
	if (kind === 'access' || revoke === 'true')
		return 'It is revoked when the job ends.';
	return 'It outlives the job; the initial token is revoked when the job ends.';
}
/** Returns how many requests it took, and how many attempts where that is another number. */
function effortOf({ requests, attempts }) {
	return `${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .counted */ .hS)(requests, 'request')}${attempts === requests ? '' : `, ${(0,_lib_text_js__WEBPACK_IMPORTED_MODULE_1__/* .counted */ .hS)(attempts, 'attempt')}`}`;
}
/** Returns a moment to the minute, rounded so that it is never later than the truth: `2026-11-22 09:05 UTC`. */
function minute(moment) {
	return `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
/** What is exchanged, in words. */
const CREDENTIALS = {
	'genesys-login': 'client credentials at the login host',
	'genesys-api': 'client credentials at the API host (the tutorial’s request)',
	'genesys-long-lived': 'client credentials for a long-lived token (the tutorial’s request)',
	'cxone-application': 'a back-end application’s client and an access key',
	'cxone-access-key': 'an access key',
	'cxone-client': 'a client alone (the tutorial’s request)'
};
/** Returns the platform and where on it. */
function platformOf(request) {
	switch (request.exchange) {
		case 'cxone-application':
			return `NICE CXone, issuer ${request.issuer}`;
		case 'cxone-access-key':
			return `NICE CXone, area ${request.area}`;
		case 'cxone-client':
			return `NICE CXone, realm ${request.realm}`;
		default: {
			const { code, domain } = request.region;
			return `Genesys Cloud ${code === undefined ? domain : `${code} (${domain})`}`;
		}
	}
}

/***/ }),

/***/ "./lib/runner/saved-state.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  BT: () => (/* binding */ HANDED_ON),
  L7: () => (/* binding */ FOLDER),
  Sy: () => (/* binding */ readSaved),
  Xm: () => (/* binding */ savedText),
  vb: () => (/* binding */ tokenName)
});
var _lib_secret_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/lib/secret.js");

const HANDED_ON = 'handed-on';
const FOLDER = 'folder';
/** What a `Date` can hold. */
const LATEST_DATE_MS = 8.64e15;
/** One step issues two tokens at the most: the initial one and the long-lived one. */
const TOKEN_NAMES = ['token-1', 'token-2'];
/** Returns the name under which the token of that number, from 0, is saved. */
function tokenName(index) {
	return TOKEN_NAMES[index] ?? `token-${index + 1}`;
}
/** Returns what the state says of a token, itself included; it is read back by `readSaved`. */
function savedText({ token, revocationBaseUrl }) {
	const { value, kind, expiresAt } = token;
	return JSON.stringify({ value: value.reveal(), kind, revocationBaseUrl, expiresAtMs: expiresAt?.getTime() });
}
/** Returns what the runner kept for the post step; what is not there, or is not ours, is left out. */
function readSaved(env) {
	const tokens = TOKEN_NAMES.flatMap(name => readToken(env[`STATE_${name}`]));
	const handedOn = env[`STATE_${HANDED_ON}`];
	const folder = env[`STATE_${FOLDER}`];
	return {
		tokens,
		...(handedOn === 'auto' || handedOn === 'true' || handedOn === 'false' ? { handedOn } : {}),
		...(folder ? { folder } : {})
	};
}
function readToken(text) {
	if (!text)
		return [];
	try {
		const { value, kind, revocationBaseUrl, expiresAtMs } = JSON.parse(text);
		if (typeof value !== 'string' || value === '' || typeof revocationBaseUrl !== 'string')
			return [];
		return [
			{
				value: new _lib_secret_js__WEBPACK_IMPORTED_MODULE_0__/* .Secret */ .zh(value),
				kind: kind === 'long-lived' ? kind : 'access',
				revocationBaseUrl,
				...(typeof expiresAtMs === 'number' && Math.abs(expiresAtMs) < LATEST_DATE_MS ? { expiresAtMs } : {})
			}
		];
	}
	catch {
		return [];
	}
}

/***/ }),

/***/ "./lib/runner/variables.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  c: () => (/* binding */ variablesWithout),
  h: () => (/* binding */ variablesOf)
});
var _inputs_output_options_js__WEBPACK_IMPORTED_MODULE_0__ = load_("./lib/inputs/output-options.js");

/** Returns the environment variables that later steps get; one that would have no value is left as it is. */
function variablesOf(grant, asked) {
	return allVariables(grant, asked).filter(([, value]) => value !== '');
}
/** Returns the names of variables that were asked for and have no value, for the platform did not say it. */
function variablesWithout(grant, asked) {
	return allVariables(grant, asked).flatMap(([name, value]) => (value === '' ? [name] : []));
}
function allVariables({ token, apiUrl, region }, { request, handOver }) {
	const value = token.value.reveal();
	const variables = handOver.exportEnv.map(name => [name, value]);
	if (handOver.toolEnv) {
		const { token: name, otherwise } = (0,_inputs_output_options_js__WEBPACK_IMPORTED_MODULE_0__/* .toolVariables */ .k)(request.exchange);
		const values = otherwise.length === 1 ? [apiUrl] : [region, apiUrl];
		variables.push([name, value], ...otherwise.map((other, at) => [other, values[at] ?? '']));
	}
	return [...new Map(variables)];
}

/***/ }),

/***/ "./lib/step/stdout.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  F: () => (/* binding */ isMaskLost),
  i: () => (/* binding */ writeAtOnce)
});
var node_fs__WEBPACK_IMPORTED_MODULE_0__ = load_("node:fs");

/** How long a log that takes nothing is waited for, and how often it is asked again. */
const PATIENCE_MS = 2000;
const PAUSE_MS = 5;
function writeAtOnce(process) {
	Object.defineProperty(process, 'stdout', { value: { write }, configurable: true });
}
/** The line before was left half written. */
let isCut = false;
let isLost = false;
let isMaskGone = false;
/** Whether a mask did not reach the runner whole: what it was for must not be handed on. */
const isMaskLost = () => isMaskGone;
function write(text, written) {
	const line = Buffer.from(isCut ? `\n${text}` : text);
	const deadline = Date.now() + (isLost ? 0 : PATIENCE_MS);
	let rest = line;
	while (rest.length > 0) {
		try {
			rest = rest.subarray((0,node_fs__WEBPACK_IMPORTED_MODULE_0__.writeSync)(1, rest));
		}
		catch (error) {
			if (error.code !== 'EAGAIN' || Date.now() > deadline)
				break;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
		}
	}
	isLost = rest.length > 0;
	if (rest.length < line.length)
		isCut = isLost;
	isMaskGone ||= isLost && text.startsWith('::add-mask::');
	written?.();
	return true;
}

/***/ }),

/***/ "./node_modules/@actions/core/lib/utils.js":
/***/ ((module_, exports_, load_) => {

load_.d(exports_, {
  E: () => (/* binding */ toCommandValue)
});
/* unused harmony export toCommandProperties */
/* eslint-disable @typescript-eslint/no-explicit-any */
function toCommandValue(input) {
	if (input === null || input === undefined) {
		return '';
	}
	else if (typeof input === 'string' || input instanceof String) {
		return input;
	}
	return JSON.stringify(input);
}
function toCommandProperties(annotationProperties) {
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

/***/ })

});
/************************************************************************/
var __webpack_module_cache__ = {};

function load_(moduleId) {
	var cachedModule = __webpack_module_cache__[moduleId];
	if (cachedModule !== undefined) {
		return cachedModule.exports;
	}
	var module = __webpack_module_cache__[moduleId] = {
		exports: {}
	};

	var threw = true;
	try {
		__webpack_modules__[moduleId](module, module.exports, load_);
		threw = false;
	} finally {
		if(threw) delete __webpack_module_cache__[moduleId];
	}

	return module.exports;
}

load_.m = __webpack_modules__;

/************************************************************************/
/* webpack/runtime/asset-relocator-loader */
if (typeof load_ !== 'undefined') load_.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";

/* webpack/runtime/create fake namespace object */
(() => {
	var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
	var leafPrototypes;
	load_.t = function(value, mode) {
		if(mode & 1) value = this(value);
		if(mode & 8) return value;
		if(typeof value === 'object' && value) {
			if((mode & 4) && value.__esModule) return value;
			if((mode & 16) && typeof value.then === 'function') return value;
		}
		var ns = Object.create(null);
		load_.r(ns);
		var def = {};
		leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
		for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
			Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
		}
		def['default'] = () => (value);
		load_.d(ns, def);
		return ns;
	};
})();

/* webpack/runtime/define property getters */
(() => {
	load_.d = (exports, definition) => {
		for(var key in definition) {
			if(load_.o(definition, key) && !load_.o(exports, key)) {
				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
			}
		}
	};
})();

/* webpack/runtime/ensure chunk */
(() => {
	load_.f = {};
	load_.e = (chunkId) => {
		return Promise.all(Object.keys(load_.f).reduce((promises, key) => {
			load_.f[key](chunkId, promises);
			return promises;
		}, []));
	};
})();

/* webpack/runtime/get javascript chunk filename */
(() => {
	load_.u = (chunkId) => {
		return "" + chunkId + ".js";
	};
})();

/* webpack/runtime/hasOwnProperty shorthand */
(() => {
	load_.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
})();

/* webpack/runtime/make namespace object */
(() => {
	load_.r = (exports) => {
		if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
			Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
		}
		Object.defineProperty(exports, '__esModule', { value: true });
	};
})();

/* webpack/runtime/import chunk loading */
(() => {
	
	var installedChunks = {
		"main": 0
	};
	
	var installChunk = (data) => {
		var {ids, modules, runtime} = data;
		var moduleId, chunkId, i = 0;
		for(moduleId in modules) {
			if(load_.o(modules, moduleId)) {
				load_.m[moduleId] = modules[moduleId];
			}
		}
		if(runtime) runtime(load_);
		for(;i < ids.length; i++) {
			chunkId = ids[i];
			if(load_.o(installedChunks, chunkId) && installedChunks[chunkId]) {
				installedChunks[chunkId][0]();
			}
			installedChunks[ids[i]] = 0;
		}
	
	}
	
	load_.f.j = (chunkId, promises) => {
			var installedChunkData = load_.o(installedChunks, chunkId) ? installedChunks[chunkId] : undefined;
			if(installedChunkData !== 0) { // 0 means "already installed".
	
				if(installedChunkData) {
					promises.push(installedChunkData[1]);
				} else {
					if(true) { // all chunks have JS
						var promise = import("./" + load_.u(chunkId)).then(installChunk, (e) => {
							if(installedChunks[chunkId] !== 0) installedChunks[chunkId] = undefined;
							throw e;
						});
						var promise = Promise.race([promise, new Promise((resolve) => (installedChunkData = installedChunks[chunkId] = [resolve]))])
						promises.push(installedChunkData[1] = promise);
					}
				}
			}
	};
	
	
	
	
})();

/************************************************************************/
var exports_ = {};

load_.d(exports_, {
  V: () => (/* binding */ runMain),
  a: () => (/* binding */ runPost)
});

;// MODULE ./lib/lib/clock.js
const startedMs = Date.now();
const started = process.hrtime.bigint();
/** The real one; it goes on evenly when somebody sets the machine's, so that deadlines hold. */
const clock = {
	now: () => startedMs + Number((process.hrtime.bigint() - started) / 1000000n),
	sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
	random: Math.random
};

var action_error = load_("./lib/lib/action-error.js");
var lib_secret = load_("./lib/lib/secret.js");
var lib_text = load_("./lib/lib/text.js");
;// MODULE ./lib/inputs/environment.js
const REGION_VARIABLES = {
	genesys: ['GENESYS_CLOUD_REGION', 'GENESYSCLOUD_REGION'],
	cxone: ['CXONE_REALM', 'CXONE_REGION']
};
const SERVICE_ACCOUNT_VARIABLE = 'GENESYS_CLOUD_SERVICE_ACCOUNT_ID';
const CLIENT_FAMILIES = {
	genesys: [
		{ 'client-id': 'GENESYS_CLOUD_CLIENT_ID', 'client-secret': 'GENESYS_CLOUD_CLIENT_SECRET' },
		{ 'client-id': 'GENESYSCLOUD_OAUTHCLIENT_ID', 'client-secret': 'GENESYSCLOUD_OAUTHCLIENT_SECRET' }
	],
	cxone: [{ 'client-id': 'CXONE_CLIENT_ID', 'client-secret': 'CXONE_CLIENT_SECRET' }]
};
const ACCESS_KEY_FAMILIES = {
	genesys: [],
	cxone: [{ 'access-key-id': 'CXONE_ACCESS_KEY_ID', 'access-key-secret': 'CXONE_ACCESS_KEY_SECRET' }]
};
/** What is taken from the environment, and a record of what was. */
class Fallbacks {
	used = [];
	#env;
	constructor(env) {
		this.#env = env;
	}
	/** Returns the first variable that is set; an empty one counts as not set, for that is what a missing secret is. */
	first(variables) {
		const name = variables.find(variable => this.#peek(variable) !== '');
		return name === undefined ? '' : this.#use(name);
	}
	/** Returns ` (from VARIABLE)` where the variables are what a value was taken from, for the words of an error. */
	origin(variables) {
		const name = this.used.find(used => variables.includes(used));
		return name === undefined ? '' : ` (from ${name})`;
	}
	/** Returns an id and its secret from the first family that has both, else from the first that has either. */
	pair(families, id, secret) {
		const has = (family, name) => this.#peek(family[name] ?? '') !== '';
		const family = families.find(one => has(one, id) && has(one, secret)) ??
			families.find(one => has(one, id) || has(one, secret));
		return { id: this.#use(family?.[id] ?? ''), secret: this.#use(family?.[secret] ?? '') };
	}
	#peek(variable) {
		return (this.#env[variable] ?? '').trim();
	}
	#use(variable) {
		const value = this.#peek(variable);
		if (value !== '')
			this.used.push(variable);
		return value;
	}
}

;// MODULE ./lib/inputs/credentials.js

/** Inputs that hold a credential: if any of them is given, none is taken from the environment. */
const CREDENTIAL_INPUTS = ['client-id', 'client-secret', 'access-key-id', 'access-key-secret'];
/** Tells every secret among the inputs to `keep`, before anything at all is said of the inputs. */
function keepSecrets(inputs, keep) {
	for (const name of ['client-secret', 'access-key-secret', 'github-token', 'previous-token']) {
		keepUsable(inputs.text(name), keep);
	}
}
function readCredentials(inputs, provider, fallbacks, keep) {
	const fromInputs = CREDENTIAL_INPUTS.some(name => inputs.isGiven(name));
	const pair = (id, secret, families) => fromInputs
		? { id: inputs.text(id), secret: inputs.text(secret) }
		: fallbacks.pair(families[provider], id, secret);
	const client = pair('client-id', 'client-secret', CLIENT_FAMILIES);
	const accessKey = pair('access-key-id', 'access-key-secret', ACCESS_KEY_FAMILIES);
	for (const { secret } of [client, accessKey])
		keepUsable(secret, keep);
	const missing = (name) => fromInputs ? emptyInput(provider, name) : missingCredential(provider, [name]);
	const from = (name) => fallbacks.origin(variablesFor(provider, [name]));
	return {
		...holder('client', 'client-id', 'client-secret', client, missing, from),
		...(provider === 'cxone'
			? holder('accessKey', 'access-key-id', 'access-key-secret', accessKey, missing, from)
			: {})
	};
}
const WHY_EMPTY = 'Workflows from forks and from Dependabot get no secrets (Dependabot has its own store). Secrets of an ' +
	'environment need environment: on the job. Check the spelling of the secret’s name too: an unknown one is empty.';
/** Returns the error for credentials that are neither among the inputs nor in the environment. */
function missingCredential(provider, missing) {
	const variables = variablesFor(provider, missing);
	return new action_error/* ActionError */.l('missing-credential', `Input ${(0,lib_text/* listed */.KE)(missing, 'and')} ${missing.length === 1 ? 'is' : 'are'} empty, and so is ${(0,lib_text/* listed */.KE)(variables)} in the environment.`, WHY_EMPTY);
}
function variablesFor(provider, names) {
	const families = [...CLIENT_FAMILIES[provider], ...ACCESS_KEY_FAMILIES[provider]];
	return names.flatMap(name => families.flatMap(family => family[name] ?? []));
}
/** Returns the error for one half of a pair: with the other half given, the environment is not asked. */
function emptyInput(provider, name) {
	return new action_error/* ActionError */.l('missing-credential', `Input ${name} is empty; since another credential input is given, ${(0,lib_text/* listed */.KE)(variablesFor(provider, [name]))} of the environment is not asked.`, WHY_EMPTY);
}
function holder(key, idInput, secretInput, { id, secret }, missing, from) {
	if (id === '' && secret === '')
		return {};
	if (id === '')
		throw missing(idInput);
	if (secret === '')
		throw missing(secretInput);
	checkCredential(`${idInput}${from(idInput)}`, id, id.length <= 256 && !id.includes(':'), 'An id has at most 256 characters and no colon');
	checkCredential(`${secretInput}${from(secretInput)}`, secret, secret.length >= lib_secret/* SHORTEST_SECRET */.c3, `A secret has at least ${lib_secret/* SHORTEST_SECRET */.c3} characters`);
	return { [key]: { id, secret: new lib_secret/* Secret */.zh(secret) } };
}
/** A credential stands in a header, and each line of it would be masked by itself: one clean line, or nothing. */
function checkCredential(name, text, fits, rule) {
	if (fits && isOneLine(text))
		return;
	throw new action_error/* ActionError */.l('invalid-input', `The value for ${name} is not allowed; it has ${text.length} characters.`, `${rule}, and no line break, control or invisible character inside. Paste it again: a break in the middle often comes from a mail or a PDF.`);
}
function isOneLine(text) {
	return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text);
}
/** What will be refused is not kept: a short mask, or one of many lines, would damage the whole log. */
function keepUsable(secret, keep) {
	if (secret.length >= lib_secret/* SHORTEST_SECRET */.c3 && isOneLine(secret))
		keep(new lib_secret/* Secret */.zh(secret));
}

var reader = load_("./lib/inputs/reader.js");
;// MODULE ./lib/inputs/limits.js

const UNIT_SECONDS = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
const DAY_SECONDS = 86_400;
/** Returns the bounds on the network; throws `invalid-input`. */
function readLimits(inputs) {
	return {
		timeoutMs: bounded(inputs, 'timeout') * 1000,
		attemptTimeoutMs: bounded(inputs, 'attempt-timeout') * 1000,
		maxAttempts: readMaxAttempts(inputs)
	};
}
/** No token lives longer, and what is longer is no date any more. */
const LONGEST_SECONDS = 3660 * DAY_SECONDS;
/** Returns a duration such as `90s`, `45m`, `2h` or `300d` in seconds; throws `invalid-input`. */
function readSeconds(inputs, name) {
	const text = inputs.text(name);
	const [, count, unit = ''] = /^(\d{1,9})\s?([smhd]?)$/i.exec(text) ?? [];
	const seconds = Number(count) * (UNIT_SECONDS[unit.toLowerCase()] ?? Number.NaN);
	if (Number.isNaN(seconds) || seconds > LONGEST_SECONDS)
		throw (0,reader/* invalidInput */.aY)(name, text, 'Allowed: a duration such as 90s, 45m, 2h or 300d, up to 3660d; a bare number is seconds.');
	return seconds;
}
function bounded(inputs, name) {
	const seconds = readSeconds(inputs, name);
	if (seconds >= 1 && seconds <= DAY_SECONDS)
		return seconds;
	throw new action_error/* ActionError */.l('invalid-input', `Input ${name} is ${inputs.text(name)}, which is out of bounds.`, 'Allowed: 1s to 24h.');
}
function readMaxAttempts(inputs) {
	const text = inputs.text('max-attempts');
	const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
	if (count < 1 || count > 10)
		throw (0,reader/* invalidInput */.aY)('max-attempts', text, 'Allowed: a whole number from 1 to 10.');
	return count;
}

;// MODULE ./lib/inputs/guards.js

/** Returns what is asked of the token; throws `invalid-input`. */
function readGuards(inputs) {
	const allowedOrganizationIds = readAllowed(inputs);
	const minLifetime = inputs.isGiven('min-lifetime')
		? { minLifetimeSeconds: readSeconds(inputs, 'min-lifetime') }
		: {};
	return {
		verify: inputs.flag('verify') || allowedOrganizationIds.length > 0,
		allowedOrganizationIds,
		...minLifetime
	};
}
/** Returns what happens to the token when the job ends; throws `invalid-input`. */
function readRevokePolicy(inputs, request) {
	const policy = inputs.choice('revoke', ['auto', 'true', 'false']);
	if (policy === 'true' && request.exchange.startsWith('cxone')) {
		throw new action_error/* ActionError */.l('invalid-input', 'Input revoke is true, and NICE CXone has no request that revokes a token.', 'Leave revoke out: the token lives for an hour. To end it sooner, deactivate the access key.');
	}
	return policy;
}
function readAllowed(inputs) {
	const text = inputs.text('allowed-organization-ids');
	const ids = inputs.list('allowed-organization-ids').map(id => id.toLowerCase());
	if ((text !== '' && ids.length === 0) || ids.some(id => !/^[\w-]{1,64}$/.test(id))) {
		throw (0,reader/* invalidInput */.aY)('allowed-organization-ids', text, 'Allowed: ids of organisations (CXone: tenants), separated by commas or line breaks.');
	}
	return ids;
}

var output_options = load_("./lib/inputs/output-options.js");
var hosts = load_("./lib/auth/cxone/hosts.js");
var regions = load_("./lib/auth/genesys/regions.js");
;// MODULE ./lib/inputs/base-url.js

const RULE = 'One origin and nothing more: https://gateway.example.com, or http on loopback (http://127.0.0.1:8080).';
/** Returns the origin that stands in for all the platform's hosts, if one is given; throws `invalid-input`. */
function readBaseUrl(inputs) {
	const text = inputs.text('base-url');
	if (text === '')
		return undefined;
	const plain = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?\/?$/i;
	const url = plain.test(text) && URL.canParse(text) ? new URL(text) : undefined;
	if (url !== undefined && (url.protocol === 'https:' || isLoopback(url.hostname)))
		return url;
	throw /[@?#]/.test(text) ? notRepeated() : (0,reader/* invalidInput */.aY)('base-url', text, RULE);
}
function notRepeated() {
	return new action_error/* ActionError */.l('invalid-input', 'Input base-url holds more than an origin: a user, a query or a fragment.', RULE);
}
function isLoopback(host) {
	return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

;// MODULE ./lib/inputs/request.js

/** Returns the request for Genesys Cloud that the inputs describe; throws `invalid-input` or `missing-credential`. */
function genesysRequest(reading) {
	const { inputs, credentials } = reading;
	const kind = inputs.choice('token-kind', ['access', 'long-lived']);
	const endpoint = inputs.choice('token-endpoint', ['login', 'api']);
	inputs.refuse(['access-key-id', 'access-key-secret'], 'Genesys Cloud knows no access keys');
	if (kind === 'access')
		inputs.refuse(['service-account-id'], 'only a long-lived token belongs to a service account');
	if (endpoint === 'api')
		inputs.refuse(['scope'], 'the JSON request at the API host has no place for it');
	const { client } = credentials;
	if (client === undefined)
		throw missingCredential('genesys', ['client-id', 'client-secret']);
	const region = genesysRegionOf(reading);
	const common = baseUrlOf(inputs);
	const access = endpoint === 'api'
		? { exchange: 'genesys-api', region, client, ...common }
		: { exchange: 'genesys-login', region, client, ...scopeOf(inputs), ...common };
	if (kind === 'access')
		return access;
	return {
		exchange: 'genesys-long-lived',
		region,
		initial: access,
		serviceAccountId: serviceAccountOf(reading),
		...common
	};
}
/** Returns the request for NICE CXone; which exchange it is follows from the credentials that are there. */
function cxoneRequest(reading) {
	const { inputs, credentials } = reading;
	const { client, accessKey } = credentials;
	inputs.refuse(['token-kind', 'service-account-id', 'token-endpoint'], 'it is of use on Genesys Cloud alone');
	const region = inputs.text('region') || reading.fallbacks.first(REGION_VARIABLES.cxone);
	const common = baseUrlOf(inputs);
	if (client && accessKey) {
		const issuer = region === '' ? hosts/* DEFAULT_ISSUER */.uU : sure(reading, region, (0,hosts/* cxoneIssuer */.tU)(region), ISSUER_FORM);
		return { exchange: 'cxone-application', issuer, client, accessKey, ...scopeOf(inputs), ...common };
	}
	if (accessKey) {
		inputs.refuse(['scope'], 'the JSON request for an access key has no place for it');
		const area = sure(reading, region, (0,hosts/* cxoneArea */.$2)(region), AREA_FORM);
		return { exchange: 'cxone-access-key', area, accessKey, ...common };
	}
	if (client) {
		const realm = (0,hosts/* cxoneRealm */.Tb)(region || hosts/* DEFAULT_REALM */.MQ);
		if (realm === undefined)
			throw (0,reader/* invalidInput */.aY)('region', region, REALM_FORM, reading.fallbacks.origin(REGION_VARIABLES.cxone));
		return { exchange: 'cxone-client', realm, client, ...scopeOf(inputs), ...common };
	}
	throw missingCredential('cxone', ['client-id', 'client-secret', 'access-key-id', 'access-key-secret']);
}
const ISSUER_FORM = `With a client and an access key, region is an area (two letters and digits: na1) or an issuer’s domain: ${(0,lib_text/* listed */.KE)(hosts/* CXONE_ISSUERS */.z7)}. ` +
	`Without it, ${hosts/* DEFAULT_ISSUER */.uU} is asked.`;
const AREA_FORM = 'With an access key alone, region is required and is the tenant’s area: two letters and digits, such as na1 or eu1.';
const REALM_FORM = `With a client alone, region is a realm: one DNS label, such as ${hosts/* DEFAULT_REALM */.MQ}, which is the default.`;
function sure({ fallbacks, warn }, region, found, form) {
	if (found === undefined) {
		const near = region === '' ? '' : `The nearest known area is ${(0,hosts/* nearestCxoneArea */.j_)(region)}. `;
		throw (0,reader/* invalidInput */.aY)('region', region, `${near}${form}`, fallbacks.origin(REGION_VARIABLES.cxone));
	}
	if (found.doubt !== undefined)
		warn(found.doubt);
	return found.name;
}
function genesysRegionOf({ inputs, fallbacks, warn }) {
	const text = inputs.text('region') || fallbacks.first(REGION_VARIABLES.genesys);
	const forms = 'Allowed: a region code (eu-west-1), its domain (mypurecloud.ie), or any URL of that region.';
	if (text === '') {
		throw new action_error/* ActionError */.l('invalid-input', `Input region is empty, and so is ${(0,lib_text/* listed */.KE)(REGION_VARIABLES.genesys)} in the environment.`, forms);
	}
	const region = (0,regions/* genesysRegion */.di)(text);
	if (region === undefined) {
		const near = (0,regions/* nearestGenesysRegion */.HH)(text);
		throw (0,reader/* invalidInput */.aY)('region', text, `The nearest known region is ${near.code} (${near.domain}). ${forms}`, fallbacks.origin(REGION_VARIABLES.genesys));
	}
	if (region.code === undefined)
		warn(`Genesys Cloud region ${region.domain} is not in the list; its code is unknown.`);
	return region;
}
function serviceAccountOf({ inputs, fallbacks }) {
	const id = inputs.text('service-account-id') || fallbacks.first([SERVICE_ACCOUNT_VARIABLE]);
	if (!/^[\x21-\x7e]{1,256}$/.test(id)) {
		throw (0,reader/* invalidInput */.aY)('service-account-id', id, `A long-lived token needs the id of its service account, here or in ${SERVICE_ACCOUNT_VARIABLE}.`);
	}
	return id;
}
function scopeOf(inputs) {
	const scope = inputs.text('scope');
	if (scope === '')
		return {};
	if (!/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope) || scope.length > 2000) {
		throw (0,reader/* invalidInput */.aY)('scope', scope, 'A scope is a list of names separated by single spaces.');
	}
	return { scope };
}
function baseUrlOf(inputs) {
	const baseUrl = readBaseUrl(inputs);
	return baseUrl === undefined ? {} : { baseUrl };
}

;// MODULE ./lib/inputs/main-inputs.js

function readInputs(env, keep) {
	const inputs = new reader/* Inputs */.G0(env, reader/* MAIN_INPUTS */.Yb);
	const exchange = readExchange(inputs, env, keep);
	return {
		...exchange,
		handOver: (0,output_options/* readHandOver */.E)(inputs, exchange.request),
		revoke: readRevokePolicy(inputs, exchange.request)
	};
}
/** Returns the exchange that either action is asked for; as `readInputs`. */
function readExchange(inputs, env, keep) {
	const fallbacks = new Fallbacks(env);
	const doubts = [];
	keepSecrets(inputs, keep);
	const provider = readProvider(inputs);
	const credentials = readCredentials(inputs, provider, fallbacks, keep);
	const reading = { inputs, fallbacks, credentials, warn: (doubt) => doubts.push(doubt) };
	const request = provider === 'genesys' ? genesysRequest(reading) : cxoneRequest(reading);
	return {
		request,
		limits: readLimits(inputs),
		guards: readGuards(inputs),
		variables: fallbacks.used,
		doubts
	};
}
function readProvider(inputs) {
	const text = inputs.text('provider').toLowerCase();
	if (text === 'genesys' || text === 'genesys-cloud')
		return 'genesys';
	if (text === 'cxone' || text === 'nice-cxone')
		return 'cxone';
	throw (0,reader/* invalidInput */.aY)('provider', text, 'Allowed: genesys (or genesys-cloud), or cxone (or nice-cxone).');
}

var external_node_fs_ = load_("node:fs");
;// MODULE ./lib/runner/command-files.js

function requireRunner(env, files, folders = []) {
	const missing = [...files, ...folders].find(name => !isWritable(env[name] ?? '', folders.includes(name)));
	if (missing === undefined)
		return;
	throw new action_error/* ActionError */.l('internal-error', `What the runner names in ${missing} is not there or cannot be written, so nothing could be handed on. Nothing was sent.`, 'Run the action in a workflow, on a runner of version 2.327.1 or newer; on a self-hosted one check its disk.');
}
function isWritable(path, isFolder) {
	try {
		(0,external_node_fs_.accessSync)(path, external_node_fs_.constants.W_OK);
		return (0,external_node_fs_.statSync)(path).isDirectory() === isFolder;
	}
	catch {
		return false;
	}
}

var messages = load_("./lib/runner/messages.js");
;// MODULE ./lib/main.js

/** Exchanges credentials for a token and hands it on. Returns how to take that back; throws an `ActionError`. */
async function main(world) {
	const { env, console } = world;
	const asked = readInputs(env, console.mask);
	const { exportEnv, toolEnv, tokenFile } = asked.handOver;
	const files = ['GITHUB_OUTPUT', 'GITHUB_STATE', ...(toolEnv || exportEnv.length > 0 ? ['GITHUB_ENV'] : [])];
	requireRunner(env, files, tokenFile ? ['RUNNER_TEMP'] : []);
	(0,messages/* started */.A4)(asked, console);
	const { grant } = await Promise.all(/* import() */[load_.e("packages"), load_.e("beyond")]).then(load_.bind(load_, "./lib/beyond.js"));
	return grant(asked, world);
}

var external_os_ = load_("os");
var utils = load_("./node_modules/@actions/core/lib/utils.js");
;// MODULE ./node_modules/@actions/core/lib/command.js

function issueCommand(command, properties, message) {
	const cmd = new Command(command, properties, message);
	process.stdout.write(cmd.toString() + external_os_.EOL);
}
function issue(name, message = '') {
	issueCommand(name, {}, message);
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
	return (0,utils/* toCommandValue */.E)(s)
		.replace(/%/g, '%25')
		.replace(/\r/g, '%0D')
		.replace(/\n/g, '%0A');
}
function escapeProperty(s) {
	return (0,utils/* toCommandValue */.E)(s)
		.replace(/%/g, '%25')
		.replace(/\r/g, '%0D')
		.replace(/\n/g, '%0A')
		.replace(/:/g, '%3A')
		.replace(/,/g, '%2C');
}
;// MODULE ./lib/step/toolkit/log.js

/** Has the runner hide a value from now on. */
const setSecret = (value) => issueCommand('add-mask', {}, value);
const debug = (line) => issueCommand('debug', {}, line);
const warning = (line) => issueCommand('warning', {}, line);
const error = (line) => issueCommand('error', {}, line);
const info = (line) => void process.stdout.write(`${line}\n`);
/** Whether step debugging is on. */
const isDebug = () => process.env['RUNNER_DEBUG'] === '1';

;// MODULE ./lib/runner/logger.js

class Logger {
	#secrets = new lib_secret/* Redactor */.pO();
	#isClosed = false;
	/** The step is ending before its work is done: from now on nothing may be handed on. */
	close() {
		this.#isClosed = true;
	}
	get isClosed() {
		return this.#isClosed;
	}
	/** Registers a secret and its other spellings with the runner, each once. */
	mask = (secret) => {
		for (const spelling of this.#secrets.add(secret))
			setSecret(spelling.reveal());
	};
	hide = (text) => this.#secrets.hideIn(text);
	info = (line) => info(this.#fit(line));
	warn = (line) => warning(this.#fit(line));
	error = (line) => error(this.#fit(line));
	/** Says a line only to whoever has step debugging on. */
	debug = (line) => {
		if (isDebug())
			debug(this.#fit(line));
	};
	/** The runner obeys its old commands (`##[name]`) anywhere in a line, so that none must come from a platform's words. */
	#fit(line) {
		return this.hide(line).replaceAll('##[', '# #[');
	}
}

;// MODULE ./lib/runner/report-failure.js

/** The runner cuts annotations at 4,096 characters; a message is read to its end at half of that. */
const LONGEST_MESSAGE = 2000;
/** Ends a step in failure: one message with its code and hint, and the output `error-code`. Never throws. */
function fail(error, console) {
	const known = asActionError(error);
	const happened = (0,lib_text/* oneLine */.TN)(console.hide(known.message), 1100);
	const hint = (0,lib_text/* oneLine */.TN)(console.hide(known.hint), 650);
	console.error(`[${known.code}] ${happened}\n${hint}\nMore: ${sectionOf(known.code)}`.slice(0, LONGEST_MESSAGE));
	try {
		const file = process.env['GITHUB_OUTPUT'] ?? '';
		if ((0,external_node_fs_.existsSync)(file))
			(0,external_node_fs_.appendFileSync)(file, `error-code=${known.code}\n`);
	}
	catch {
		console.warn('The output error-code could not be written; the message above holds it.');
	}
}
/** Returns where the documents say more: in the action's own repository, at the version that runs. */
function sectionOf(code) {
	const section = `docs/troubleshooting.md#${code}`;
	const { GITHUB_SERVER_URL: server = '', GITHUB_ACTION_REPOSITORY: repository = '', GITHUB_ACTION_REF: ref = '' } = process.env;
	const page = `${server}/${repository}/blob/${ref}/${section}`;
	return /^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+\/blob\/[\w.-]{1,80}\/docs/.test(page) ? page : section;
}
/** An error that nobody foresaw is a defect of ours: its text may hold anything, so only its kind is told. */
function asActionError(error) {
	if (error instanceof action_error/* ActionError */.l)
		return error;
	const kind = error instanceof Error ? kindOf(error) : '';
	return new action_error/* ActionError */.l('internal-error', `The step met an error that it does not know${kind === '' ? '' : ` (${kind})`}.`, 'Nothing was published. Check that the runner can write its own files (disk full, read-only?), run again with ' +
		'step debugging on, and report it with that log: it holds no secret.', { cause: error });
}
function kindOf(error) {
	return [error.name, error.code]
		.filter(part => typeof part === 'string' && /^\w{1,60}$/.test(part))
		.join(' ');
}

;// MODULE ./lib/runner/run-action.js

/** How long the log may take to reach the runner once all is done. */
const FLUSH_MS = 2000;
async function runToEnd(step, process, { neverFails = false } = {}) {
	const console = new Logger();
	let undo = () => { };
	const takeBack = () => {
		try {
			undo();
		}
		catch (error) {
			console.error(`What was published could not be taken back (${String(error?.code)}).`);
		}
	};
	let ending = false;
	const end = async (code) => {
		await flushed(process);
		process.exit(neverFails ? 0 : code);
	};
	/** Only the first reason to end counts, whatever happens while it is told. */
	const once = (tell) => async (reason) => {
		if (ending)
			return;
		ending = true;
		console.close();
		try {
			takeBack();
			tell(reason);
		}
		finally {
			await end(1);
		}
	};
	const stop = once(error => {
		if (neverFails)
			console.warn('Clean-up met an error that it does not know; what was issued lives until it expires.');
		else
			fail(error, console);
	});
	const cancel = once(() => {
		console.info(neverFails ? 'Clean-up was cancelled.' : 'Cancelled. What can be cleaned up is, when the job ends.');
	});
	process.noDeprecation = true;
	process.on('SIGINT', cancel);
	process.on('SIGTERM', cancel);
	process.on('uncaughtException', stop);
	process.on('unhandledRejection', stop);
	try {
		undo = await step(console);
		if (!neverFails)
			await signalsHeard();
		if (ending)
			return;
		ending = true;
		await end(0);
	}
	catch (error) {
		await stop(error);
	}
}
/** Signals are heard between two turns of the event loop: a second turn starts only when all that came were. */
async function signalsHeard() {
	for (let turn = 0; turn < 2; turn++)
		await new Promise(resolve => setImmediate(resolve));
}
/** `process.exit` drops what a pipe has not taken yet; a pipe that takes nothing is not waited for. */
function flushed({ stdout }) {
	return new Promise(resolve => {
		const timer = setTimeout(resolve, FLUSH_MS);
		stdout.write('', () => {
			clearTimeout(timer);
			resolve();
		});
	});
}

var saved_state = load_("./lib/runner/saved-state.js");
var stdout = load_("./lib/step/stdout.js");
;// MODULE ./lib/entry/action/index.js

(0,stdout/* writeAtOnce */.i)(process);
const runMain = () => runToEnd(console => main({ env: process.env, console, clock: clock }), process);
async function runPost() {
	const { post } = await Promise.all(/* import() */[load_.e("packages"), load_.e("beyond")]).then(load_.bind(load_, "./lib/beyond.js"));
	await runToEnd(console => post((0,saved_state/* readSaved */.Sy)(process.env), { console, clock: clock }).then(() => () => { }), process, {
		neverFails: true
	});
}

var exports_runMain = exports_.V;
var exports_runPost = exports_.a;
export { exports_runMain as runMain, exports_runPost as runPost };
