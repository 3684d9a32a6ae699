/**
 * Stands in for undici below @actions/http-client, which imports it for `getAgentDispatcher()` alone: a proxy
 * for `fetch`, which nothing here calls. Requests, through a proxy too, go by Node's own `http`.
 */
export class ProxyAgent {
  constructor() {
    throw new Error('undici is not in this bundle: a request was about to leave by fetch')
  }
}
