import { cxone } from './cxone/provider.js'
import { genesys } from './genesys/provider.js'
import type { Provider } from './provider.js'

/** Every platform. A new one is a folder beside `genesys` and `cxone`, and a name in this list. */
export const PROVIDERS: readonly Provider[] = [genesys, cxone]
