/** Genesys Cloud and NICE CXone on this machine. GitHub's API is in `github/`. */
export {
  CXONE_ACCESS_KEY,
  CXONE_APPLICATION,
  CXONE_REALM_CLIENT,
  CXONE_TENANT,
  startCxone
} from './cxone.mjs'
export { GENESYS_CLIENT, GENESYS_SERVICE_ACCOUNT, startGenesys } from './genesys.mjs'
export { startServer } from './server.mjs'
export { createThrottle } from './throttle.mjs'
