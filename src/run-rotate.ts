import { PROVIDERS } from './auth/providers.js'
import { rotate } from './rotate.js'
import { runAction } from './runner/run-action.js'

await runAction(context => rotate(context, PROVIDERS), { process, kind: 'main' })
